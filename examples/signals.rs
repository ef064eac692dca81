//! An echo server that shuts down gracefully on SIGINT (Ctrl+C) and SIGTERM.
//!
//! ```text
//! cargo run --example signals [port]
//! ```
//!
//! Signals belong to the program, not to a library in it. The crate `ctrlc` turns them into a call
//! on a thread of its own.

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

use std::error::Error;
use std::process;
use std::sync::mpsc;
use std::time::Duration;

use sockeye::{ErrorKind, Server, Service, raw};

/// The time that connections have to take what is queued for them.
const GRACE: Duration = Duration::from_secs(5);

struct Echo;

impl raw::Handler for Echo {
    fn on_data(&mut self, session: &mut raw::Session<'_>, data: &[u8]) {
        session.send(data);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let usage = |_| "usage: signals [port]";
    let port: u16 = std::env::args().nth(1).map_or(Ok(1111), |text| text.parse()).map_err(usage)?;

    // First of all, so that no signal comes too early.
    let (sender, signals) = mpsc::channel();
    ctrlc::set_handler(move || {
        let _ = sender.send(());
    })?;

    let service = Service::builder().start()?;
    let server = Server::builder(&service, raw::server(|_peer| Echo)).listen(port)?;
    println!("Echo server listening on {}", server.local_addr());
    println!("Press Ctrl+C, or run: kill {}", process::id());

    signals.recv()?;
    println!("Shutting down; open connections: {}", server.connections());
    match service.shutdown(GRACE) {
        Err(error) if error.kind() == ErrorKind::TimedOut => println!("Somebody did not read"),
        outcome => outcome?,
    }
    let metrics = server.metrics();
    println!("Served {} connections, {} bytes", metrics.begun, metrics.stats.bytes_received);
    Ok(())
}
