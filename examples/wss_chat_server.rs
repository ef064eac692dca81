//! A chat over WebSocket and TLS, and on the same port the page to chat with.
//!
//! ```text
//! cargo run --package sockeye-certificates -- --out certs
//! cargo run --example wss_chat_server [port] [chain.pem key.pem] [folder]
//! ```
//!
//! The default port is 8443, with 0 the system chooses one; the default certificate is the one that
//! the first line makes, and the default folder of the page examples/www/chat. Open
//! https://localhost:8443/ in two browsers that trust certs/ca.pem, or use `wss_chat_client`.

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

#[path = "chat/server.rs"]
mod chat;

use std::env;
use std::error::Error;

use sockeye::tls;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let usage = "usage: wss_chat_server [port] [chain.pem key.pem] [folder]";
    let port: u16 = args.next().map_or(Ok(8443), |text| text.parse()).map_err(|_| usage)?;
    let chain = args.next().unwrap_or_else(|| "certs/server.pem".to_owned());
    let key = args.next().unwrap_or_else(|| "certs/server-key.pem".to_owned());
    let www = args.next().unwrap_or_else(|| "examples/www/chat".to_owned());
    let config = tls::ServerConfig::new(tls::Identity::from_pem_files(chain, key)?)?;
    Ok(chat::run(port, &www, |server| server.tls(config))?)
}
