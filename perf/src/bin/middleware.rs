//! Measures what middleware costs per message.

use std::process::ExitCode;

use clap::Parser as _;
use sockeye_perf::{MiddlewareOptions, middleware};

fn main() -> ExitCode {
    middleware::run(&MiddlewareOptions::parse())
}
