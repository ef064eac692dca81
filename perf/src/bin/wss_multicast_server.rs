//! Sends messages to all sessions, over WebSocket and TLS.

use std::process::ExitCode;

use sockeye_perf::ws::{self, WsMulticastOptions};
use sockeye_perf::{OverTls, TlsServerOptions, parse, server, transport};

fn main() -> ExitCode {
    let OverTls::<WsMulticastOptions, TlsServerOptions> { options, tls } = parse("8443");
    server::run(&options.multicast.socket, |service| {
        let config = tls.config()?;
        ws::multicast(service, &options, |socket, protocol| {
            transport::tls_server(service, socket, config, protocol)
        })
    })
}
