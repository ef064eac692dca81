//! Sends back what comes over a Unix socket.

use std::process::ExitCode;

use sockeye_perf::{ServerOptions, parse_unix, raw, server, transport};

fn main() -> ExitCode {
    let options: ServerOptions = parse_unix();
    server::run(&options.socket, |service| {
        transport::uds_server(service, &options.socket, raw::echo())
    })
}
