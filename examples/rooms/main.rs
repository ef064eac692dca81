//! A chat server with rooms, which speaks in lines of text.
//!
//! ```text
//! cargo run --example rooms -- [--address ADDRESS] [--rate LINES] [--connections MAX] [--pool] [--log]
//! ```
//!
//! Talk to it with `nc localhost 5555` or `telnet localhost 5555`; `/help` says how. The default
//! address is :5555; with port 0 the system chooses one. From each IP address 10 lines are taken in a
//! second, or as many as `--rate` says; with 0, all. With `--pool` two threads share all sessions,
//! else each of two loops has its own. `--log` writes what happens to sessions to standard error.
//!
//! Its standard input is the administrator's console, which has a `/help` of its own.

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

mod commands;
mod console;
mod guest;
mod names;
#[path = "../options/mod.rs"]
mod options;

use std::error::Error;
use std::io;
use std::time::Duration;

use console::Console;
use guest::{Guest, MAX_NAME, tell};
use names::Names;
use options::Options;
use sockeye::framed::{self, Lines};
use sockeye::middleware::{Excess, Logging, Rate, RateLimit};
use sockeye::{Limits, Overflow, Server, Service, server};

const USAGE: &str = "usage: rooms [--address ADDRESS] [--rate LINES] [--connections MAX] [--pool] \
                     [--log]";

const THREADS: usize = 2;

/// Bytes of a line, either way: what a guest says, and before it his name and the room's.
const MAX_LINE: usize = 2048;

/// What the command line says.
pub(crate) struct Settings {
    address: String,
    pub(crate) rate: u32,
    pub(crate) connections: usize,
    pub(crate) pool: bool,
    log: bool,
}

/// What concerns the server as a whole.
struct Watch;

impl server::Events for Watch {
    fn on_error(&self, error: &sockeye::Error) {
        println!("Server error: {error}");
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let settings = settings()?;
    if settings.log {
        env_logger::builder().filter_level(log::LevelFilter::Info).init();
    }
    let service = Service::builder();
    let service = if settings.pool {
        service.thread_pool(THREADS).start()?
    } else {
        service.loop_per_thread(THREADS).start()?
    };
    let names = Names::default();
    let limit = RateLimit::per_address(Rate::per_second(settings.rate))
        .excess(Excess::Drop)
        .on_excess(|session| tell(session, "You talk too fast, and are not heard"));
    let server = serve(&service, &settings, &names, &limit)?;
    println!("Server listening on {}", server.local_addr());
    println!("Say /help to see what there is to say");

    Console::new(server.clone(), names, limit, settings).run(io::stdin().lines())?;

    println!("Server stopping...");
    server.multicast("* The server is closing");
    // Sessions get what is queued for them; who does not end in time is cut off.
    if let Err(error) = server.shutdown(Duration::from_secs(2)) {
        println!("{error}");
    }
    service.stop()?;
    println!("Done!");
    Ok(())
}

fn settings() -> Result<Settings, &'static str> {
    let mut options = Options::new(USAGE);
    let settings = Settings {
        address: options.value("--address", ":5555".into())?,
        rate: options.value("--rate", 10)?,
        connections: options.value("--connections", 1000)?,
        pool: options.flag("--pool"),
        log: options.flag("--log"),
    };
    options.end()?;
    Ok(settings)
}

fn serve(
    service: &Service,
    settings: &Settings,
    names: &Names,
    limit: &RateLimit,
) -> sockeye::Result<Server> {
    let names = names.clone();
    let guest = move |_: &_| Guest::new(names.clone());
    let protocol = framed::server(Lines::new().max(MAX_LINE), guest);
    let protocol = if settings.rate > 0 { protocol.with(limit.clone()) } else { protocol };
    let protocol = if settings.log { protocol.with(Logging::new()) } else { protocol };
    // Who does not keep up misses lines, and delays nobody.
    let limits = Limits::default().queue(256 * 1024).overflow(Overflow::Drop).groups(8);
    Server::builder(service, protocol)
        .events(Watch)
        .limits(limits)
        .max_connections(settings.connections)
        .max_rooms(1000)
        .max_room_name(MAX_NAME * 4) // bytes, which a letter has at most four of
        .listen(&*settings.address)
}
