//! Timers: waited for, calling back, canceled, and periodic.
//!
//! ```text
//! cargo run --example timer
//! ```

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use sockeye::{Expiry, Service};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    print!("Service starting...");
    let service = Service::builder().threads(1).start()?;
    println!("Done!");

    // A timer can be armed again and again, and calls back each time, whatever ended its wait.
    let timer = service.timer(|expiry| match expiry {
        Expiry::Expired => println!("Timer expired"),
        Expiry::Canceled => println!("Timer canceled"),
    });

    println!("Waiting until the clock shows a second more");
    timer.at(SystemTime::now() + Duration::from_secs(1));
    timer.wait(LIMIT)?;

    println!("Canceling a timer of one hour");
    timer.after(Duration::from_secs(3600));
    timer.cancel();
    timer.wait(LIMIT)?;

    // Where once is enough, and nobody wants to know of a cancellation, there are shorter ways.
    println!("Doing something else for half a second");
    let (sender, receiver) = mpsc::channel();
    let done = sender.clone();
    let once = service.after(Duration::from_millis(500), move || {
        println!("Half a second has passed");
        let _ = done.send(());
    });
    receiver.recv_timeout(LIMIT)?;
    println!("It is{} pending", if once.is_pending() { "" } else { " not" });

    println!("Ticking five times a second");
    let mut count = 0;
    let tick = service.every(Duration::from_millis(200), move || {
        count += 1;
        println!("Tick {count}");
        let _ = sender.send(());
    });
    for _ in 0..5 {
        receiver.recv_timeout(LIMIT)?;
    }
    // A timer lives as long as its value. To leave it alone, there is `detach`.
    drop(tick);

    print!("Service stopping...");
    service.stop()?;
    println!("Done!");
    Ok(())
}

/// How long to wait for what takes a second.
const LIMIT: Duration = Duration::from_secs(10);
