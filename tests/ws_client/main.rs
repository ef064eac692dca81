//! WebSocket clients, against the library's own server, and byte by byte against peers that do what
//! servers should not.

#![cfg(feature = "ws")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod answers;
mod calls;
mod closing;
mod connecting;
mod frames;
mod reconnecting;
mod refusals;
mod requests;
mod scene;
