//! Measures an HTTP server over TLS that answers each TRACE request with itself.

use std::process::ExitCode;

use sockeye_perf::http::{self, HttpLink};
use sockeye_perf::{EchoOptions, OverTls, TlsClientOptions, client, parse, transport};

fn main() -> ExitCode {
    let OverTls::<EchoOptions, TlsClientOptions> { options, tls } = parse("8443");
    tls.with_config(|config| {
        client::echo(&options, |service, echo| {
            let (socket, limits) = (&options.client.socket, options.limits());
            let (size, config) = (options.client.size.get(), config.clone());
            let protocol = http::talk(echo, size);
            let client = transport::tls_client(service, socket, limits, config, protocol)?;
            Ok(HttpLink { client, size })
        })
    })
}
