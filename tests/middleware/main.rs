//! Middleware: what is around handlers sees all that passes, in its order, and decides on it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod admission;
mod around;
mod groups;
mod panics;
mod rates;
mod scribe;
