//! Runs functions on a service's thread: `dispatch` at once where possible, `post` always queued.
//!
//! ```text
//! cargo run --example service
//! ```

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

use std::thread;
use std::time::Duration;

use sockeye::{Result, Service};

fn main() -> Result<()> {
    print!("Service starting...");
    let service = Service::builder().threads(1).start()?;
    println!("Done!");

    // This thread is none of the service's, so both of these are queued.
    println!("1 - Dispatch from the main thread with Id {}", thread_id());
    let inner = service.clone();
    service.dispatch(move || dispatched(&inner))?;

    println!("2 - Post from the main thread with Id {}", thread_id());
    let inner = service.clone();
    service.post(move || posted(&inner))?;

    // A shutdown runs what is queued, also what that queues in turn; `stop` would not.
    service.shutdown(Duration::from_secs(5))?;
    println!("Service stopped!");
    Ok(())
}

fn dispatched(service: &Service) {
    println!("1.1 - Dispatched in thread with Id {}", thread_id());

    println!("1.2 - Dispatch from thread with Id {}", thread_id());
    let done = service.dispatch(|| {
        println!("1.2.1 - Dispatched in thread with Id {}", thread_id());
    });
    done.expect("the service runs");

    println!("1.3 - Post from thread with Id {}", thread_id());
    let queued = service.post(|| {
        println!("1.3.1 - Posted in thread with Id {}", thread_id());
    });
    queued.expect("the service runs");
}

fn posted(service: &Service) {
    println!("2.1 - Posted in thread with Id {}", thread_id());

    println!("2.2 - Dispatch from thread with Id {}", thread_id());
    let done = service.dispatch(|| {
        println!("2.2.1 - Dispatched in thread with Id {}", thread_id());
    });
    done.expect("the service runs");

    println!("2.3 - Post from thread with Id {}", thread_id());
    let queued = service.post(|| {
        println!("2.3.1 - Posted in thread with Id {}", thread_id());
    });
    queued.expect("the service runs");
}

/// The number in `ThreadId(1)`.
fn thread_id() -> String {
    let id = format!("{:?}", thread::current().id());
    id.trim_matches(|letter: char| !letter.is_ascii_digit()).to_string()
}
