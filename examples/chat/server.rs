//! The chat of `ws_chat_server` and `wss_chat_server`: what one says, all get.
//!
//! Who connects to `/chat?name=Ada` is called Ada, or nearly so if somebody is already. All is text, so
//! that a person can read it as well as the page can:
//!
//! ```text
//! * You are Ada         the name that one has got
//! * Here: Ada, Bob      who is there; again whenever that changes
//! * Bob has come        what is worth knowing
//! Bob: hello            what somebody has said
//! ```

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sockeye::http::{self, Files, Router};
use sockeye::ws::{self, Heartbeat, Opening};
use sockeye::{CloseReason, Server, Service, server};

/// Letters of a name.
const MAX_NAME: usize = 20;

/// Bytes of what is said at once; browsers send no more, others are disconnected.
const MAX_TEXT: usize = 4096;

/// What concerns all who are there.
#[derive(Clone)]
struct Room {
    all: ws::Group,
    /// Who is there, by what their names are in lower case.
    here: Arc<Mutex<BTreeMap<String, String>>>,
}

impl Room {
    fn new(service: &Service) -> Self {
        Self { all: ws::Group::new(service), here: Arc::default() }
    }

    /// Adds somebody, by this name or a similar one that is free.
    fn enter(&self, wanted: &str) -> String {
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        let names = (1..).map(|count| match count {
            1 => wanted.to_string(),
            count => format!("{wanted}-{count}"),
        });
        let mut free = names.filter(|name| !here.contains_key(&name.to_lowercase()));
        let name = free.next().expect("there are more numbers than names");
        here.insert(name.to_lowercase(), name.clone());
        self.tell(&here, &format!("{name} has come"));
        name
    }

    fn leave(&self, name: &str, reason: &CloseReason) {
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        here.remove(&name.to_lowercase());
        self.tell(&here, &format!("{name} has gone: {reason}"));
    }

    /// Tells all who is there now; under the lock, so that who is told last is told the truth.
    fn tell(&self, here: &BTreeMap<String, String>, news: &str) {
        let names = here.values().map(String::as_str).collect::<Vec<_>>();
        self.all.text(format!("* {news}"));
        self.all.text(format!("* Here: {}", names.join(", ")));
    }
}

/// One session.
struct Chat {
    room: Room,
    name: String,
}

impl ws::Handler for Chat {
    fn on_open(&mut self, session: &mut ws::Session<'_>, opening: &Opening) {
        session.join(&self.room.all);
        let wanted = opening.query("name");
        let wanted = wanted.as_deref().filter(|name| is_name(name)).unwrap_or("Guest");
        self.name = self.room.enter(wanted);
        println!("Session {} connected: {}", session.id(), self.name);
        session.text(format!("* You are {}", self.name));
        session.text("* Hello from WebSocket chat! Send a message, or '!' to be disconnected");
    }

    fn on_text(&mut self, session: &mut ws::Session<'_>, text: &str) {
        // Others' terminals obey control characters.
        let text = text.replace(char::is_control, " ");
        println!("Incoming: {}: {text}", self.name);
        if text.trim() == "!" {
            return session.close(1000, "as you wanted");
        }
        self.room.all.text(format!("{}: {text}", self.name));
    }

    fn on_close(&mut self, session: &mut ws::Session<'_>, reason: &CloseReason) {
        println!("Session {} disconnected: {reason}", session.id());
        self.room.leave(&self.name, reason);
    }
}

fn is_name(text: &str) -> bool {
    let fits = (1..=MAX_NAME).contains(&text.chars().count());
    fits && text.chars().all(|letter| letter.is_alphanumeric() || "-_".contains(letter))
}

/// What concerns the server as a whole.
struct Watch;

impl server::Events for Watch {
    fn on_error(&self, error: &sockeye::Error) {
        println!("Server error: {error}");
    }
}

/// Serves the chat at `/chat`, and in this folder the page for it, until a line on standard input is
/// empty; `tune` says what is special about the server.
pub(crate) fn run(
    port: u16,
    www: &str,
    tune: impl FnOnce(server::Builder) -> server::Builder,
) -> sockeye::Result<()> {
    let service = Service::builder().start()?;
    let room = Room::new(&service);
    let all = room.all.clone();
    let chat = ws::endpoint(move |_| Chat { room: room.clone(), name: String::new() })
        .max_message(MAX_TEXT)
        .heartbeat(Heartbeat::every(Duration::from_secs(20)));
    let site = Router::new().websocket_with("/chat", chat).files("/", Files::new(Path::new(www)));
    let server = tune(Server::builder(&service, http::server(site)).events(Watch)).listen(port)?;
    println!("Server listening on {}", server.local_addr());
    println!("Press Enter to stop the server or '!' to restart the server...");

    console(&server, &all)?;

    println!("Server stopping...");
    // Sessions get what is queued for them; who does not end in time is cut off.
    if let Err(error) = server.shutdown(Duration::from_secs(2)) {
        println!("{error}");
    }
    service.stop()?;
    println!("Done!");
    Ok(())
}

fn console(server: &Server, all: &ws::Group) -> sockeye::Result<()> {
    for line in io::stdin().lines().map_while(Result::ok) {
        match line.as_str() {
            "" => break,
            "!" => {
                println!("Server restarting...");
                server.restart()?;
                println!("Server listening on {}", server.local_addr());
            }
            text => {
                all.text(format!("(admin): {text}"));
            }
        }
    }
    Ok(())
}
