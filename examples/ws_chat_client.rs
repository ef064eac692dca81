//! A chat client over WebSocket, which connects again by itself when the connection is lost.
//!
//! ```text
//! cargo run --example ws_chat_client [URL]
//! ```
//!
//! The default is ws://localhost:8080/chat, where `ws_chat_server` listens; `?name=Ada` behind it says
//! what one is called.

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

#[path = "chat/client.rs"]
mod chat;

use std::env;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).unwrap_or_else(|| "ws://localhost:8080/chat".to_owned());
    chat::run(&url, |client| client)
}
