//! Measures an HTTP server that answers each TRACE request with itself.

use std::process::ExitCode;

use sockeye_perf::http::{self, HttpLink};
use sockeye_perf::{EchoOptions, client, parse, transport};

fn main() -> ExitCode {
    let options: EchoOptions = parse("8080");
    client::echo(&options, |service, echo| {
        let (socket, size) = (&options.client.socket, options.client.size.get());
        let protocol = http::talk(echo, size);
        let client = transport::tcp_client(service, socket, options.limits(), protocol)?;
        Ok(HttpLink { client, size })
    })
}
