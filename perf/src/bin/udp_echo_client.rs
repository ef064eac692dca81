//! Measures a UDP server that sends back what it gets.

use std::process::ExitCode;

use sockeye_perf::{EchoOptions, client, parse, transport};

fn main() -> ExitCode {
    let options: EchoOptions = parse("3333");
    client::datagram_echo(&options, |service, messages| {
        transport::udp_client(service, &options.client.socket, messages)
    })
}
