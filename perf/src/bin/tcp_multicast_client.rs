//! Measures a TCP server that sends messages to all sessions.

use std::process::ExitCode;

use sockeye::Limits;
use sockeye_perf::{ClientOptions, client, parse, raw, transport};

fn main() -> ExitCode {
    let options: ClientOptions = parse("1111");
    client::multicast(&options, |service, listener| {
        transport::tcp_client(service, &options.socket, Limits::default(), raw::talk(listener))
    })
}
