//! The PROXY protocol in sessions: who is believed, what is seen of it, and what it may not be.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod clients;
mod early;
mod ends;
mod headers;
mod interop;
mod malformed;
mod storm;
mod trust;
mod world;
