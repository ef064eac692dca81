//! Measures a TLS server that sends back what it gets.

use std::process::ExitCode;

use sockeye_perf::{EchoOptions, OverTls, TlsClientOptions, client, parse, raw, transport};

fn main() -> ExitCode {
    let OverTls::<EchoOptions, TlsClientOptions> { options, tls } = parse("2222");
    tls.with_config(|config| {
        client::echo(&options, |service, echo| {
            let (socket, limits) = (&options.client.socket, options.limits());
            transport::tls_client(service, socket, limits, config.clone(), raw::talk(echo))
        })
    })
}
