//! Sends messages to all sessions, over WebSocket.

use std::process::ExitCode;

use sockeye_perf::ws::{self, WsMulticastOptions};
use sockeye_perf::{parse, server, transport};

fn main() -> ExitCode {
    let options: WsMulticastOptions = parse("8080");
    server::run(&options.multicast.socket, |service| {
        ws::multicast(service, &options, |socket, protocol| {
            transport::tcp_server(service, socket, protocol)
        })
    })
}
