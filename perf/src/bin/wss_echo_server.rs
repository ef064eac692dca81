//! Sends back each message that comes over WebSocket and TLS.

use std::process::ExitCode;

use sockeye_perf::{OverTls, ServerOptions, TlsServerOptions, parse, server, transport, ws};

fn main() -> ExitCode {
    let OverTls::<ServerOptions, TlsServerOptions> { options, tls } = parse("8443");
    server::run(&options.socket, |service| {
        transport::tls_server(service, &options.socket, tls.config()?, ws::echo())
    })
}
