//! A chat client on a Unix socket, which connects again by itself when the connection is lost.
//!
//! ```text
//! cargo run --example uds_chat_client [path]
//! ```
//!
//! The default is `sockeye-chat.sock` in the folder for temporary files, where `uds_chat_server`
//! listens.

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

use std::env;
use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use sockeye::{Backoff, Client, CloseReason, Service, client, raw};

/// The session with the server; the same value serves each connection.
struct Chat;

impl raw::Handler for Chat {
    fn on_open(&mut self, session: &mut raw::Session<'_>) {
        println!("Connected, session {}", session.id());
    }

    fn on_data(&mut self, _session: &mut raw::Session<'_>, data: &[u8]) {
        println!("Incoming: {}", String::from_utf8_lossy(data).trim_end());
    }

    fn on_close(&mut self, _session: &mut raw::Session<'_>, reason: &CloseReason) {
        println!("Disconnected: {reason}");
    }
}

/// The way to a connection.
struct Watch;

impl client::Events for Watch {
    fn on_reconnecting(&self, attempt: u32, delay: Duration) {
        println!("Connecting again in {:.1} s, attempt {attempt}", delay.as_secs_f64());
    }

    fn on_error(&self, error: &sockeye::Error) {
        println!("Client error: {error}");
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let default = || env::temp_dir().join("sockeye-chat.sock");
    let path = env::args_os().nth(1).map_or_else(default, PathBuf::from);

    let service = Service::builder().threads(1).start()?;
    let backoff = Backoff::default().first(Duration::from_secs(1)).max(Duration::from_secs(10));
    let client = Client::builder(&service, raw::client(Chat))
        .events(Watch)
        .reconnect(backoff)
        .connect(&path)?;
    println!("Client connecting to {}", path.display());
    println!("Press Enter to stop the client or '!' to reconnect the client...");

    for line in io::stdin().lines() {
        match line?.as_str() {
            "" => break,
            "!" => {
                if let Err(error) = client.reconnect(Duration::from_secs(5)) {
                    println!("Not connected yet: {error}");
                }
            }
            text => {
                if !client.handle().send(text).is_queued() {
                    println!("Not sent, for want of a connection");
                }
            }
        }
    }

    println!("Client stopping...");
    client.disconnect();
    client.wait_disconnected(Duration::from_secs(10))?;
    service.stop()?;
    println!("Done!");
    Ok(())
}
