//! Backpressure: a peer that does not read costs what its limits say and no more, whatever the
//! policy, and nobody else notices.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod groups;
mod marks;
mod policies;
mod waiting;

use std::sync::mpsc::channel;

use sockeye::{Limits, Server, Service, TcpOptions, raw};

use common::{LIMIT, Probe};

/// A server whose connections hold little in the system, so that the rest is the session's.
fn served(service: &Service, probe: Probe, limits: Limits) -> Server {
    let options = TcpOptions::default().send_buffer(8192).receive_buffer(8192);
    let builder = Server::builder(service, probe.serve()).limits(limits).tcp_options(options);
    builder.listen("127.0.0.1:0").unwrap()
}

/// Runs a job with the session, and returns what it returns.
fn ask<T: Send + 'static>(
    handle: &raw::Handle,
    job: impl FnOnce(&mut raw::Session<'_>) -> T + Send + 'static,
) -> T {
    let (told, answer) = channel();
    handle.post(move |session| drop(told.send(job(session)))).unwrap();
    answer.recv_timeout(LIMIT).unwrap()
}
