//! Sends back what comes over TCP.

use std::process::ExitCode;

use sockeye_perf::{ServerOptions, parse, raw, server, transport};

fn main() -> ExitCode {
    let options: ServerOptions = parse("1111");
    server::run(&options.socket, |service| {
        transport::tcp_server(service, &options.socket, raw::echo())
    })
}
