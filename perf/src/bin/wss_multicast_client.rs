//! Measures a server that sends messages to all sessions over WebSocket and TLS.

use std::process::ExitCode;

use sockeye::Limits;
use sockeye_perf::{ClientOptions, OverTls, TlsClientOptions, client, parse, ws};

fn main() -> ExitCode {
    let OverTls::<ClientOptions, TlsClientOptions> { options, tls } = parse("8443");
    tls.with_config(|config| {
        client::multicast(&options, |service, listener| {
            ws::connect(service, &options, Limits::default(), Some(config), listener)
        })
    })
}
