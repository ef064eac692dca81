//! Measures a UDP server that sends messages to a multicast group. `--address` names the interface.

use std::process::ExitCode;

use sockeye_perf::{ClientOptions, client, parse};

fn main() -> ExitCode {
    let options: ClientOptions = parse("3334");
    client::datagram_multicast(&options, |service, listener| {
        listener.join(service, &options.socket)
    })
}
