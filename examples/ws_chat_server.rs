//! A chat over WebSocket, and on the same port the page to chat with.
//!
//! ```text
//! cargo run --example ws_chat_server [port] [folder]
//! ```
//!
//! The default port is 8080, with 0 the system chooses one; the default folder of the page is
//! examples/www/chat. Open http://localhost:8080/ in two browsers, or use `ws_chat_client`.

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

#[path = "chat/server.rs"]
mod chat;

use std::env;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let usage = |_| "usage: ws_chat_server [port] [folder]";
    let port: u16 = args.next().map_or(Ok(8080), |text| text.parse()).map_err(usage)?;
    let www = args.next().unwrap_or_else(|| "examples/www/chat".to_owned());
    Ok(chat::run(port, &www, |server| server)?)
}
