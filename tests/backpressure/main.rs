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

use sockeye::{Limits, Server, Service, raw};

use common::{LIMIT, Probe, Served, Setting, narrow};

/// A server whose connections hold little in the system, so that the rest is the session's.
fn served(setting: Setting, service: &Service, probe: Probe, limits: Limits) -> Served {
    setting.listen(narrow(Server::builder(service, probe.serve()).limits(limits)))
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
