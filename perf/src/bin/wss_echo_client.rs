//! Measures a server that sends back each message it gets over WebSocket and TLS.

use std::process::ExitCode;

use sockeye_perf::{EchoOptions, OverTls, TlsClientOptions, client, parse, ws};

fn main() -> ExitCode {
    let OverTls::<EchoOptions, TlsClientOptions> { options, tls } = parse("8443");
    tls.with_config(|config| {
        client::echo(&options, |service, echo| {
            ws::connect(service, &options.client, options.limits(), Some(config), echo)
        })
    })
}
