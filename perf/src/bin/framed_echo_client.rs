//! Measures a TCP server that sends back each message it gets.

use std::process::ExitCode;

use sockeye_perf::framed::{self, FramedLink};
use sockeye_perf::{EchoOptions, client, parse, transport};

fn main() -> ExitCode {
    let options: EchoOptions = parse("1112");
    client::echo(&options, |service, echo| {
        let (socket, size) = (&options.client.socket, options.client.size.get());
        let protocol = framed::talk(echo, size);
        let client = transport::tcp_client(service, socket, options.limits(), protocol)?;
        Ok(FramedLink { client, size })
    })
}
