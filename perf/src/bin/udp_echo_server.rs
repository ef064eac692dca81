//! Sends back what comes over UDP.

use std::net::SocketAddr;
use std::process::ExitCode;

use sockeye::udp;
use sockeye_perf::{ServerOptions, parse, server, transport};

fn main() -> ExitCode {
    let options: ServerOptions = parse("3333");
    server::run(&options.socket, |service| {
        let echo = |socket: &mut udp::Session<'_>, from: SocketAddr, data: &[u8]| {
            socket.send_to(from, data);
        };
        transport::udp_server(service, &options.socket, echo)
    })
}
