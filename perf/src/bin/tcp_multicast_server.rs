//! Sends messages to all sessions, over TCP.

use std::process::ExitCode;

use sockeye_perf::{MulticastServerOptions, parse, pump, raw, server, transport};

fn main() -> ExitCode {
    let options: MulticastServerOptions = parse("1111");
    server::run(&options.socket, |service| {
        let server = transport::tcp_server(service, &options.socket, raw::discard())?;
        pump::start(service, server.everyone(), &options);
        Ok(server)
    })
}
