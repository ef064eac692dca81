//! Answers each TRACE request with itself, and each other with a greeting.

use std::process::ExitCode;

use sockeye_perf::{ServerOptions, http, parse, server, transport};

fn main() -> ExitCode {
    let options: ServerOptions = parse("8080");
    server::run(&options.socket, |service| {
        transport::tcp_server(service, &options.socket, http::trace())
    })
}
