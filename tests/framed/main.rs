//! Framed sessions: messages arrive whole however they were cut, and what is no message ends the
//! session with a reason in words.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod cutting;
mod diary;
mod reconnecting;
mod refusals;
