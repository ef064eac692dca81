//! Measures a WebSocket server that sends messages to all sessions.

use std::process::ExitCode;

use sockeye::Limits;
use sockeye_perf::{ClientOptions, client, parse, ws};

fn main() -> ExitCode {
    let options: ClientOptions = parse("8080");
    client::multicast(&options, |service, listener| {
        ws::connect(service, &options, Limits::default(), None, listener)
    })
}
