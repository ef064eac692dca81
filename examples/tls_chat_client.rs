//! A chat client over TLS, which connects again by itself when the connection is lost.
//!
//! ```text
//! cargo run --example tls_chat_client [address] [port] [ca.pem]
//! ```
//!
//! The default is localhost and 2222, where `tls_chat_server` listens, and certs/ca.pem, whom its
//! certificate is from.

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

use std::error::Error;
use std::io;
use std::time::Duration;

use sockeye::{Backoff, Client, CloseReason, Service, client, raw, tls};

/// The session with the server; the same value serves each connection.
struct Chat;

impl raw::Handler for Chat {
    fn on_handshake(&mut self, session: &mut raw::Session<'_>) {
        if let Some(tls) = session.tls() {
            let (version, cipher) = (tls.version(), tls.cipher_suite());
            let name = tls.server_name().unwrap_or("no name");
            let how = if tls.resumed() { "resumed" } else { "verified" };
            println!("Speaking {version}, {cipher}, with {name}, {how}");
        }
    }

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
    let mut args = std::env::args().skip(1);
    let address = args.next().unwrap_or_else(|| "localhost".to_string());
    let usage = |_| "usage: tls_chat_client [address] [port] [ca.pem]";
    let port: u16 = args.next().map_or(Ok(2222), |text| text.parse()).map_err(usage)?;
    let ca = args.next().unwrap_or_else(|| "certs/ca.pem".to_string());
    let config = tls::ClientConfig::builder().roots(tls::Roots::from_pem_file(ca)?).build()?;

    let service = Service::builder().threads(1).start()?;
    let backoff = Backoff::default().first(Duration::from_secs(1)).max(Duration::from_secs(10));
    let client = Client::builder(&service, raw::client(Chat))
        .events(Watch)
        .tls(config)
        .reconnect(backoff)
        .connect((address.as_str(), port))?;
    println!("Client connecting to {address}, port {port}");
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
