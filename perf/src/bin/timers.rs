//! Measures what timers cost while very many are pending.

use std::process::ExitCode;

use clap::Parser as _;
use sockeye_perf::{TimersOptions, timers};

fn main() -> ExitCode {
    timers::run(&TimersOptions::parse())
}
