//! Sends back each message that comes over TCP.

use std::process::ExitCode;

use sockeye_perf::{ServerOptions, framed, parse, server, transport};

fn main() -> ExitCode {
    let options: ServerOptions = parse("1112");
    server::run(&options.socket, |service| {
        transport::tcp_server(service, &options.socket, framed::echo())
    })
}
