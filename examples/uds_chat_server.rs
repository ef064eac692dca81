//! A chat server on a Unix socket: what one session sends, all get.
//!
//! ```text
//! cargo run --example uds_chat_server [path]
//! ```
//!
//! The default is `sockeye-chat.sock` in the folder for temporary files. Connect with
//! `uds_chat_client`, or with `nc -U` and the path. Only this user can. There are no Unix sockets on
//! Windows.

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

use std::env;
use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use sockeye::{CloseReason, Server, Service, UnixOptions, raw, server};

/// One session. It has no state of its own here; fields of this struct would be that.
struct Chat;

impl raw::Handler for Chat {
    fn on_open(&mut self, session: &mut raw::Session<'_>) {
        println!("Session {} connected", session.id());
        session.send("Hello from UDS chat! Please send a message or '!' to disconnect the client!");
    }

    fn on_data(&mut self, session: &mut raw::Session<'_>, data: &[u8]) {
        println!("Incoming: {}", String::from_utf8_lossy(data).trim_end());
        session.everyone().send(data);
        if data.trim_ascii() == b"!" {
            session.close();
        }
    }

    fn on_close(&mut self, session: &mut raw::Session<'_>, reason: &CloseReason) {
        println!("Session {} disconnected: {reason}", session.id());
    }
}

/// What concerns the server as a whole.
struct Watch;

impl server::Events for Watch {
    fn on_error(&self, error: &sockeye::Error) {
        println!("Server error: {error}");
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let default = || env::temp_dir().join("sockeye-chat.sock");
    let path = env::args_os().nth(1).map_or_else(default, PathBuf::from);

    let service = Service::builder().start()?;
    let server = Server::builder(&service, raw::server(|_peer| Chat))
        .unix_options(UnixOptions::default().mode(0o600))
        .events(Watch)
        .listen(path)?;
    println!("Server listening on {}", server.local_addr());
    println!("Press Enter to stop the server or '!' to restart the server...");

    for line in io::stdin().lines() {
        match line?.as_str() {
            "" => break,
            "!" => {
                println!("Server restarting...");
                server.restart()?;
                println!("Server listening on {}", server.local_addr());
            }
            text => {
                server.multicast(format!("(admin) {text}"));
            }
        }
    }

    println!("Server stopping...");
    // Sessions get what is queued for them; who does not end in time is cut off.
    if let Err(error) = server.shutdown(Duration::from_secs(2)) {
        println!("{error}");
    }
    service.stop()?;
    println!("Done!");
    Ok(())
}
