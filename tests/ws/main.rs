//! WebSocket servers, driven by clients of the tests' own: through sessions without a socket and
//! through every stream.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![cfg(feature = "ws")]

#[allow(dead_code, reason = "each suite uses a part of it")]
#[path = "../http/answer.rs"]
mod answer;
#[path = "../common/mod.rs"]
mod common;

mod caller;
mod closing;
mod conversation;
mod deflate;
mod frames;
mod groups;
mod handshake;
mod heartbeat;
mod parts;
mod request;
mod scribe;
mod wire;
