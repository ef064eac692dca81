//! A chat server with rooms, which speaks JSON over WebSocket.
//!
//! ```text
//! cargo run --example ws_rooms -- [--address ADDRESS] [--rate MESSAGES] [--connections MAX] [--pool] [--log]
//! ```
//!
//! Guests connect to `ws://localhost:8080/`, with any path, and send one of
//!
//! ```text
//! {"type": "setName", "name": "Ada"}
//! {"type": "chat", "message": "hello"}            to the lobby; with "room" to another room
//! {"type": "whisper", "to": "Bob", "message": "hello"}    "to" may be an id, too
//! {"type": "join", "room": "kitchen"}
//! {"type": "leave", "room": "kitchen"}
//! {"type": "list"}                                who is there
//! {"type": "rooms"}                               which rooms there are
//! {"type": "myInfo"}                              what is known of oneself
//! ```
//!
//! What is no JSON is said in the lobby as it is. Answers and news have a type as well: see `Said`. All
//! get a `heartbeat` each second, and who answers no pings is cut off.
//!
//! The default address is :8080; with port 0 the system chooses one. From each IP address 10 messages
//! are taken in a second, or as many as `--rate` says; with 0, all. With `--pool` two threads share all
//! sessions, else each of two loops has its own. `--log` writes what happens to sessions to standard
//! error.
//!
//! Its standard input is the administrator's console, which has a `/help` of its own.

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

mod commands;
mod guest;
#[path = "../lobby/mod.rs"]
mod lobby;
mod said;
mod voice;

use std::error::Error;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use guest::Guest;
use lobby::{Console, Names, Settings};
use said::Said;
use sockeye::middleware::{Excess, Logging, Rate, RateLimit};
use sockeye::ws::{self, Heartbeat};
use sockeye::{Server, Service, Timer};
use voice::Json;

const USAGE: &str = "usage: ws_rooms [--address ADDRESS] [--rate MESSAGES] [--connections MAX] \
                     [--pool] [--log]";

/// Bytes of a message of a guest's.
const MAX_MESSAGE: usize = 4096;

fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::read(USAGE, ":8080")?;
    let service = settings.start()?;
    let names = Names::default();
    let all = ws::Group::new(&service);
    let limit = RateLimit::per_address(Rate::per_second(settings.rate))
        .excess(Excess::Drop)
        .on_excess(|session| {
            let talker = ws::Handle::from(session.handle());
            talker.text(Said::error("You talk too fast, and are not heard"));
        });
    let server = serve(&service, &settings, &names, &all, &limit)?;
    println!("Server listening on {}", server.local_addr());
    println!("Say /help to see what there is to say");
    let beat = beat(&service, all.clone());

    let json = Json(all.clone());
    Console::new(json, server.clone(), names, limit, settings).run(io::stdin().lines())?;

    println!("Server stopping...");
    beat.cancel();
    all.text(Said::news("The server is closing"));
    // Sessions get what is queued for them, and a goodbye; who does not end in time is cut off.
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
    all: &ws::Group,
    limit: &RateLimit,
) -> sockeye::Result<Server> {
    let (names, all) = (names.clone(), all.clone());
    let endpoint = ws::endpoint(move |_| Guest::new(names.clone(), all.clone()))
        .max_message(MAX_MESSAGE)
        .origins(["*"]) // there are no cookies that a page of another's could use
        .heartbeat(Heartbeat::every(Duration::from_secs(20)));
    let protocol = ws::server_with(endpoint);
    let protocol = if settings.rate > 0 { protocol.with(limit.clone()) } else { protocol };
    let protocol = if settings.log { protocol.with(Logging::new()) } else { protocol };
    settings.listen(Server::builder(service, protocol))
}

/// Tells all each second that the server is alive, and what time it is there.
fn beat(service: &Service, all: ws::Group) -> Timer {
    let mut tick = 0;
    service.every(Duration::from_secs(1), move || {
        tick += 1;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let timestamp = now.as_millis() as u64;
        let said = Said::Heartbeat { tick, timestamp, online: all.len() };
        all.text(said.to_string());
    })
}
