//! Rooms: who is in them, who gets what is sent to them, what bounds them, and that they are gone
//! when nobody is in them any more, however he left.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod bounds;
mod cost;
mod ending;
mod joining;
mod sending;
mod storm;

use sockeye::{Service, raw};

use common::{Events, Peer, Probe, Served, Setting, ask};

/// A server whose sessions do nothing, so many peers, and their handles in the same order.
struct House {
    server: Served,
    peers: Vec<Peer>,
    handles: Vec<raw::Handle>,
    events: Events,
}

impl House {
    fn new(setting: Setting, service: &Service, count: usize) -> Self {
        let (protocol, events) = Probe::server();
        Self::of(setting.serve(service, protocol), events, count)
    }

    fn of(server: Served, events: Events, count: usize) -> Self {
        let (peers, handles) = (0..count).map(|_| (Peer::new(&server), events.open())).unzip();
        Self { server, peers, handles, events }
    }

    /// Has a session join these rooms, none of which it is in.
    #[track_caller]
    fn join(&self, index: usize, names: &[&str]) {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        ask(&self.handles[index], move |session| {
            names.iter().for_each(|name| assert!(session.join_room(name).unwrap()));
        });
    }

    fn leave(&self, index: usize, name: &'static str) -> bool {
        ask(&self.handles[index], move |session| session.leave_room(name))
    }
}
