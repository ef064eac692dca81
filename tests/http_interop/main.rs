//! HTTP with programs of other makes, where they are installed: curl, Python, OpenSSL's command line
//! and nginx. They ask the library's server, stand before it, and answer its client.

#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod before_us;
mod behind_us;
mod curl;
mod memory;
mod openssl;
mod python;
mod python_server;
mod site;
