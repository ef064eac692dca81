//! Calls instead of callbacks: what waits, and for how long.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod endless;
mod reply;
