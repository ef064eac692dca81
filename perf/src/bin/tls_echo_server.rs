//! Sends back what comes over TLS.

use std::process::ExitCode;

use sockeye_perf::{OverTls, ServerOptions, TlsServerOptions, parse, raw, server, transport};

fn main() -> ExitCode {
    let OverTls::<ServerOptions, TlsServerOptions> { options, tls } = parse("2222");
    server::run(&options.socket, |service| {
        transport::tls_server(service, &options.socket, tls.config()?, raw::echo())
    })
}
