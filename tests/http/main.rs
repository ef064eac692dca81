//! HTTP servers, through sessions without a socket and through every stream.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![cfg(feature = "http")]

#[path = "../common/mod.rs"]
mod common;

mod answer;
mod answers;
mod asking;
mod bodies;
mod conformance;
mod events;
mod files;
mod layers;
mod metrics;
mod router;
#[allow(dead_code, reason = "the answers are the client's")]
mod table;
mod times;
mod upgrades;
