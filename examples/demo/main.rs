//! How fast it is here: a server and a hundred clients in one process, over real sockets.
//!
//! ```text
//! cargo run --release --example demo [seconds] [clients] [--port PORT] [--stay]
//! ```
//!
//! Each client sends 32 bytes, waits until the server has sent them back, notes how long that took,
//! and sends the next. That goes on for three seconds in each of the two scaling designs.
//!
//! A page shows it while it runs; its address is printed. With `--stay` it stays until Ctrl+C.

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

mod dashboard;
mod histogram;
mod measure;
mod memory;
#[path = "../options/mod.rs"]
mod options;
mod table;

use std::error::Error;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use sockeye::Service;

use dashboard::{Dashboard, News};
use measure::{LIMIT, MESSAGE, measure};
use options::Options;
use table::{HEADER, grouped, print_table};

const USAGE: &str = "usage: demo [seconds] [clients] [--port PORT] [--stay]";

fn main() -> Result<(), Box<dyn Error>> {
    let mut options = Options::new(USAGE);
    let (port, stay) = (options.value("--port", 0_u16)?, options.flag("--stay"));
    let seconds: u32 = options.word(3)?;
    let clients: usize = options.word(100)?;
    options.end()?;
    let threads = thread::available_parallelism()?.get();

    println!("{clients} clients and a server on {threads} threads, over TCP on this machine:");
    println!("{} bytes there and back, one message at a time per client.", MESSAGE.len());
    if cfg!(debug_assertions) {
        println!("This is a debug build. Numbers worth reading need `cargo run --release`.");
    }
    let dashboard = Dashboard::start(port)?;
    println!("See it live at {}", dashboard.url());

    let begun = Instant::now();
    let designs = [
        ("I/O loop per thread", Service::builder().loop_per_thread(threads)),
        ("thread pool", Service::builder().thread_pool(threads)),
    ];
    let mut table = vec![HEADER.map(String::from)];
    for (design, builder) in designs {
        println!("\n{design}");
        dashboard.tell(&News::Run { design, clients, threads });
        let mut messages = 0;
        let report = measure(builder, seconds, clients, |tick, reading| {
            dashboard.tell(&News::Reading { at: begun.elapsed().as_secs_f64(), reading });
            messages += reading.messages;
            if tick % 2 == 0 {
                println!("  second {:>2}  {:>11} messages", tick / 2, grouped(messages));
                messages = 0;
            }
        })?;
        dashboard.tell(&News::Result { design, reading: &report });
        table.push(report.row(design));
    }
    dashboard.tell(&News::Done);
    println!();
    print_table(&table);
    if stay {
        println!("\nThe page stays at {} until Ctrl+C", dashboard.url());
        wait_for_interrupt()?;
    }
    dashboard.stop(LIMIT)?;
    Ok(())
}

fn wait_for_interrupt() -> Result<(), Box<dyn Error>> {
    let (sender, interrupted) = mpsc::channel();
    ctrlc::set_handler(move || {
        let _ = sender.send(());
    })?;
    Ok(interrupted.recv()?)
}
