//! Measures a WebSocket server that sends back each message it gets.

use std::process::ExitCode;

use sockeye_perf::{EchoOptions, client, parse, ws};

fn main() -> ExitCode {
    let options: EchoOptions = parse("8080");
    client::echo(&options, |service, echo| {
        ws::connect(service, &options.client, options.limits(), None, echo)
    })
}
