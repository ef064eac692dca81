//! Sends messages to all sessions, over TLS.

use std::process::ExitCode;

use sockeye_perf::{
    MulticastServerOptions, OverTls, TlsServerOptions, parse, pump, raw, server, transport,
};

fn main() -> ExitCode {
    let OverTls::<MulticastServerOptions, TlsServerOptions> { options, tls } = parse("2222");
    server::run(&options.socket, |service| {
        let config = tls.config()?;
        let server = transport::tls_server(service, &options.socket, config, raw::discard())?;
        pump::start(service, server.everyone(), &options);
        Ok(server)
    })
}
