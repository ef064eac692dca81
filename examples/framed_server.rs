//! A server that echoes messages, and tells why its sessions end.
//!
//! ```text
//! cargo run --example framed_server -- [--codec length|lines] [--address ADDRESS]
//! ```
//!
//! A message stands behind its length, in four bytes of which the highest comes first, or is a line
//! of text. The default address is :4444; with port 0 the system chooses one. Connect with
//! `framed_client`, or, where messages are lines, with `nc localhost 4444`.

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

mod options;

use std::error::Error;
use std::io;
use std::time::Duration;

use options::Options;
use sockeye::framed::{self, LengthPrefix, Lines};
use sockeye::{CloseReason, Endpoint, Server, Service};

const USAGE: &str = "usage: framed_server [--codec length|lines] [--address ADDRESS]";

/// Who sends a longer one is disconnected, before it has come.
const MAX_MESSAGE: usize = 64 * 1024;

/// One session, whatever its messages are.
struct Echo;

impl<M: AsRef<[u8]> + ?Sized> framed::Handler<M> for Echo {
    fn on_open(&mut self, session: &mut framed::Session<'_>) {
        println!("Session {} connected", session.id());
    }

    fn on_message(&mut self, session: &mut framed::Session<'_>, message: &M) {
        println!("Incoming: {}", String::from_utf8_lossy(message.as_ref()));
        session.send(message);
    }

    fn on_close(&mut self, session: &mut framed::Session<'_>, reason: &CloseReason) {
        println!("Session {} disconnected: {reason}", session.id());
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut options = Options::new(USAGE);
    let codec: String = options.value("--codec", "length".into())?;
    let address: String = options.value("--address", ":4444".into())?;
    options.end()?;
    let protocol = protocol(&codec).ok_or(USAGE)?;

    let service = Service::builder().start()?;
    let server = Server::builder(&service, protocol).listen(address)?;
    println!("Server listening on {}", server.local_addr());
    println!("Press Enter to stop the server...");
    io::stdin().read_line(&mut String::new())?;

    println!("Server stopping...");
    // Sessions get what is queued for them; who does not end in time is cut off.
    if let Err(error) = server.shutdown(Duration::from_secs(2)) {
        println!("{error}");
    }
    service.stop()?;
    println!("Done!");
    Ok(())
}

/// What the server speaks: the same handler, behind one codec or another.
fn protocol(codec: &str) -> Option<framed::ServerProtocol> {
    let echo = |_: &Endpoint| Echo;
    match codec {
        "length" => Some(framed::server(LengthPrefix::u32().max(MAX_MESSAGE), echo)),
        "lines" => Some(framed::server(Lines::new().max(MAX_MESSAGE), echo)),
        _ => None,
    }
}
