//! Measures a TCP server that sends back what it gets.

use std::process::ExitCode;

use sockeye_perf::{EchoOptions, client, parse, raw, transport};

fn main() -> ExitCode {
    let options: EchoOptions = parse("1111");
    client::echo(&options, |service, echo| {
        let (socket, limits) = (&options.client.socket, options.limits());
        transport::tcp_client(service, socket, limits, raw::talk(echo))
    })
}
