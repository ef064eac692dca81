//! Sessions: what callbacks are told and in which order, how sessions send, wait and end, and that
//! nothing that a callback does holds up or ends more than its own session.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod blocking;
mod callbacks;
mod closing;
mod groups;
mod halves;
mod handles;
mod keys;
mod panics;
mod resets;
mod sending;
