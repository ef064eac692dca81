//! Calls instead of callbacks: what waits, and for how long.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod codec;
mod endless;
mod inbox;
mod matching;
mod reply;
mod requests;
mod scene;
mod storm;
