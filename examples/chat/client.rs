//! The client of `ws_chat_client` and `wss_chat_client`: says what is typed, shows what is said, and
//! connects again by itself when the connection is lost.

use std::error::Error;
use std::io;
use std::time::Duration;

use sockeye::ws::client::{Builder, Refusal};
use sockeye::ws::{self, Opening};
use sockeye::{Backoff, CloseReason, Service, client};

/// The session with the server; the same value serves each connection.
struct Chat;

impl ws::Handler for Chat {
    fn on_open(&mut self, session: &mut ws::Session<'_>, _: &Opening) {
        println!("Connected, session {}", session.id());
    }

    fn on_text(&mut self, _session: &mut ws::Session<'_>, text: &str) {
        println!("Incoming: {text}");
    }

    fn on_close(&mut self, _session: &mut ws::Session<'_>, reason: &CloseReason) {
        println!("Disconnected: {reason}");
    }

    fn on_refused(&mut self, refusal: &Refusal) {
        println!("Refused with {}: {}", refusal.status(), refusal.text().trim_end());
    }

    fn on_reconnecting(&mut self, attempt: u32, delay: Duration) {
        println!("Connecting again in {:.1} s, attempt {attempt}", delay.as_secs_f64());
    }
}

/// The way to a connection.
struct Watch;

impl client::Events for Watch {
    fn on_error(&self, error: &sockeye::Error) {
        println!("Client error: {error}");
    }
}

/// Chats with this server until a line on standard input is empty; `tune` says what is special about
/// the client.
pub(crate) fn run(url: &str, tune: impl FnOnce(Builder) -> Builder) -> Result<(), Box<dyn Error>> {
    let service = Service::builder().threads(1).start()?;
    let backoff = Backoff::default().first(Duration::from_secs(1)).max(Duration::from_secs(10));
    let client = tune(ws::client(url, Chat).events(Watch).reconnect(backoff)).connect(&service)?;
    println!("Client connecting to {url}");
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
                if !client.handle().text(text).is_queued() {
                    println!("Not sent, for want of a connection");
                }
            }
        }
    }

    println!("Client stopping...");
    client.close(1000, "");
    client.wait_disconnected(Duration::from_secs(10))?;
    service.stop()?;
    println!("Done!");
    Ok(())
}
