//! Sends back each message that comes over WebSocket.

use std::process::ExitCode;

use sockeye_perf::{ServerOptions, parse, server, transport, ws};

fn main() -> ExitCode {
    let options: ServerOptions = parse("8080");
    server::run(&options.socket, |service| {
        transport::tcp_server(service, &options.socket, ws::echo())
    })
}
