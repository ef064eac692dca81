//! A chat client over WebSocket and TLS, which connects again by itself when the connection is lost.
//!
//! ```text
//! cargo run --example wss_chat_client [ca.pem] [URL]
//! ```
//!
//! The default is certs/ca.pem, whom the server's certificate is from, and wss://localhost:8443/chat,
//! where `wss_chat_server` listens; `?name=Ada` behind it says what one is called.

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

#[path = "chat/client.rs"]
mod chat;

use std::env;
use std::error::Error;

use sockeye::tls;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let ca = args.next().unwrap_or_else(|| "certs/ca.pem".to_owned());
    let url = args.next().unwrap_or_else(|| "wss://localhost:8443/chat".to_owned());
    let config = tls::ClientConfig::builder().roots(tls::Roots::from_pem_file(ca)?).build()?;
    chat::run(&url, |client| client.tls(config))
}
