//! Sends messages to a multicast group, over UDP. `--address` names the interface.

use std::process::ExitCode;

use sockeye_perf::{MulticastServerOptions, datagram_multicast, parse, server};

fn main() -> ExitCode {
    let options: MulticastServerOptions = parse("3334");
    server::run(&options.socket, |service| datagram_multicast::serve(service, &options))
}
