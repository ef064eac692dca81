//! Backpressure: a peer that does not read costs what its limits say and no more, whatever the
//! policy, and nobody else notices.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod groups;
mod marks;
mod policies;
mod waiting;

use sockeye::{Limits, Server, Service};

use common::{Probe, Served, Setting, ask, narrow};

/// A server whose connections hold little in the system, so that the rest is the session's.
fn served(setting: Setting, service: &Service, probe: Probe, limits: Limits) -> Served {
    setting.listen(narrow(Server::builder(service, probe.serve()).limits(limits)))
}
