//! UDP sockets through the public interface, on both designs, and both with many datagrams in a
//! system call and with one.

#![allow(unreachable_pub, reason = "modules of one suite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod bounds;
mod echo;
mod errors;
mod inbox;
mod lifecycle;
mod multicast;
mod options;
mod panics;
mod probe;
mod threads;
