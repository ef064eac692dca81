//! WebSocket with libraries of other makes, where they are installed: Python's `websockets` and
//! JavaScript's `ws`. They ask the library's server, also through nginx, and answer its client.

#![cfg(feature = "ws")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod before_us;
mod behind_us;
mod diary;
mod make;
mod proxy;
mod site;
