//! Sends messages to all sessions, over a Unix socket.

use std::process::ExitCode;

use sockeye_perf::{MulticastServerOptions, parse_unix, pump, raw, server, transport};

fn main() -> ExitCode {
    let options: MulticastServerOptions = parse_unix();
    server::run(&options.socket, |service| {
        let server = transport::uds_server(service, &options.socket, raw::discard())?;
        pump::start(service, server.everyone(), &options);
        Ok(server)
    })
}
