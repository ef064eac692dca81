//! What can be seen of services, servers, clients and sockets: counts and times.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod clients;
mod grammar;
mod loops;
mod reasons;
mod registry;
mod servers;
mod storm;
