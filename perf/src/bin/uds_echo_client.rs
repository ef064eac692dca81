//! Measures a server on a Unix socket that sends back what it gets.

use std::process::ExitCode;

use sockeye_perf::{EchoOptions, client, parse_unix, raw, transport};

fn main() -> ExitCode {
    let options: EchoOptions = parse_unix();
    client::echo(&options, |service, echo| {
        let (socket, limits) = (&options.client.socket, options.limits());
        transport::uds_client(service, socket, limits, raw::talk(echo))
    })
}
