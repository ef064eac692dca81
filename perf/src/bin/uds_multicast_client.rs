//! Measures a server on a Unix socket that sends messages to all sessions.

use std::process::ExitCode;

use sockeye::Limits;
use sockeye_perf::{ClientOptions, client, parse_unix, raw, transport};

fn main() -> ExitCode {
    let options: ClientOptions = parse_unix();
    client::multicast(&options, |service, listener| {
        transport::uds_client(service, &options.socket, Limits::default(), raw::talk(listener))
    })
}
