//! Measures how fast the masks of WebSocket are taken off.

use std::process::ExitCode;

use clap::Parser as _;
use sockeye_perf::{UnmaskOptions, unmask};

fn main() -> ExitCode {
    unmask::run(&UnmaskOptions::parse())
}
