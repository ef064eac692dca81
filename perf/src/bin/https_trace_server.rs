//! Answers each TRACE request over TLS with itself, and each other with a greeting.

use std::process::ExitCode;

use sockeye_perf::{OverTls, ServerOptions, TlsServerOptions, http, parse, server, transport};

fn main() -> ExitCode {
    let OverTls::<ServerOptions, TlsServerOptions> { options, tls } = parse("8443");
    server::run(&options.socket, |service| {
        transport::tls_server(service, &options.socket, tls.config()?, http::trace())
    })
}
