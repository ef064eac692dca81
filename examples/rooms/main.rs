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
mod guest;
#[path = "../lobby/mod.rs"]
mod lobby;

use std::error::Error;
use std::io;
use std::time::Duration;

use guest::{Guest, tell};
use lobby::{Console, Names, Settings, Voice};
use sockeye::framed::{self, Handle, Lines};
use sockeye::middleware::{Excess, Logging, Rate, RateLimit};
use sockeye::{Sent, Server, Service};

const USAGE: &str = "usage: rooms [--address ADDRESS] [--rate LINES] [--connections MAX] [--pool] \
                     [--log]";

/// Bytes of a line, either way: what a guest says, and before it his name and the room's.
const MAX_LINE: usize = 2048;

fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::read(USAGE, ":5555")?;
    let service = settings.start()?;
    let names = Names::default();
    let limit = RateLimit::per_address(Rate::per_second(settings.rate))
        .excess(Excess::Drop)
        .on_excess(|session| tell(session, "You talk too fast, and are not heard"));
    let server = serve(&service, &settings, &names, &limit)?;
    println!("Server listening on {}", server.local_addr());
    println!("Say /help to see what there is to say");

    Console::new(Text, server.clone(), names, limit, settings).run(io::stdin().lines())?;

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
    settings.listen(Server::builder(service, protocol))
}

/// The administrator speaks in lines.
struct Text;

impl Voice for Text {
    fn tell_all(&self, server: &Server, text: &str) -> Sent {
        server.multicast(format!("* (admin) {text}"))
    }

    fn tell_room(&self, server: &Server, room: &str, text: &str) -> Sent {
        server.rooms().send(room, format!("[{room}] (admin) {text}"))
    }

    fn kick(&self, guest: &Handle, why: String) -> sockeye::Result<()> {
        guest.post(move |session| {
            session.send(format!("* You have to go: {why}"));
            session.close_because(format!("kicked, {why}"));
        })
    }
}
