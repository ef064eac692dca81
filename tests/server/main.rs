//! Servers: where they listen, whom they accept, what they tell, and how they end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod events;
mod extremes;
mod filters;
mod lifecycle;
mod listen;
mod overload;
mod sessions;
