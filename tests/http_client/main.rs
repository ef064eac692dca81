//! HTTP clients, against the library's own server, byte by byte against peers that do what servers
//! should not, and against a server of somebody else.

#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod answers;
mod bodies;
mod calls;
mod conformance;
mod cookies;
mod failures;
mod kept;
mod proxies;
mod python;
mod redirects;
mod requests;
mod scene;
mod streams;

#[allow(dead_code, reason = "the requests are a server's")]
#[path = "../http/table/mod.rs"]
mod table;
