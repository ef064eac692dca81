//! Measures a TLS server that sends messages to all sessions.

use std::process::ExitCode;

use sockeye::Limits;
use sockeye_perf::{ClientOptions, OverTls, TlsClientOptions, client, parse, raw, transport};

fn main() -> ExitCode {
    let OverTls::<ClientOptions, TlsClientOptions> { options, tls } = parse("2222");
    tls.with_config(|config| {
        client::multicast(&options, |service, listener| {
            let (socket, limits) = (&options.socket, Limits::default());
            transport::tls_client(service, socket, limits, config.clone(), raw::talk(listener))
        })
    })
}
