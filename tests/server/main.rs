//! Servers: where they listen, whom they accept, what they tell, and how they end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod events;
// They limit the file descriptors of a process.
#[cfg(unix)]
mod extremes;
mod filters;
mod lifecycle;
mod listen;
mod overload;
mod sessions;
