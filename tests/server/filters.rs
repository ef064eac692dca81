//! Filters: who is let in, what he is let in with, and when that is given back.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use sockeye::server::{Filter, Permit, Refusal};
use sockeye::{Endpoint, Error, Key, Server, raw, server};

use crate::common::{Echo, LIMIT, Peer, Permits, Probe, Setting, eventually};
use crate::{on_all_streams, on_streams_with_resets};

on_all_streams!(
    filters_are_asked_in_order_and_before_everything_else,
    a_refusal_gives_back_what_others_have_given,
    a_permit_is_held_until_the_connection_is_gone,
    a_permit_is_given_back_when_no_handler_can_be_made,
    a_filter_that_panics_refuses_and_is_reported,
    a_permit_that_panics_is_reported_and_stops_nothing,
    closures_are_filters,
    nobody_is_asked_when_there_is_no_place,
);

on_streams_with_resets!(permits_are_given_back_once_in_a_storm);

type Told = Sender<String>;

/// Says its name, and lets in with a permit that says it too; `verdict` may refuse.
struct Named {
    name: &'static str,
    told: Told,
    refusal: Arc<Mutex<Option<Refusal>>>,
}

struct Tell(Told, String);

impl Drop for Tell {
    fn drop(&mut self) {
        let _ = self.0.send(std::mem::take(&mut self.1));
    }
}

impl Filter for Named {
    fn admit(&self, _: &Endpoint, _: Instant) -> Result<Permit, Refusal> {
        let _ = self.told.send(format!("asked {}", self.name));
        match self.refusal.lock().unwrap().clone() {
            Some(refusal) => Err(refusal),
            None => Ok(Permit::new(Tell(self.told.clone(), format!("given back {}", self.name)))),
        }
    }
}

/// Tells what a server tells, to the same list.
struct Events(Told);

impl server::Events for Events {
    fn on_accept(&self, _: &Endpoint) -> bool {
        let _ = self.0.send("accept".into());
        true
    }
    fn on_refused(&self, _: &Endpoint, refusal: &Refusal) {
        let _ = self.0.send(format!("refused: {refusal}"));
    }
    fn on_close(&self, _: &raw::Handle, _: &sockeye::CloseReason) {
        let _ = self.0.send("close".into());
    }
    fn on_error(&self, error: &Error) {
        let _ = self.0.send(format!("{:?}: {error}", error.kind()));
    }
}

/// What has been told.
struct List(Receiver<String>);

impl List {
    #[track_caller]
    fn expect(&self, wanted: &[&str]) {
        for wanted in wanted {
            assert_eq!(self.0.recv_timeout(LIMIT).as_deref(), Ok(*wanted));
        }
    }
}

fn list() -> (Told, List) {
    let (told, receiver) = channel();
    (told, List(receiver))
}

fn named(name: &'static str, told: &Told) -> Named {
    Named { name, told: told.clone(), refusal: Arc::default() }
}

fn filters_are_asked_in_order_and_before_everything_else(setting: Setting) {
    let service = setting.service();
    let (told, list) = list();
    let making = told.clone();
    let protocol = raw::server(move |_| {
        let _ = making.send("make".into());
        Echo
    });
    let builder = Server::builder(&service, protocol)
        .filter(named("a", &told))
        .filter(named("b", &told))
        .events(Events(told));
    let server = setting.listen(builder);
    let mut peer = Peer::new(&server);
    list.expect(&["asked a", "asked b", "accept", "make"]);
    peer.exchange("hello");
    drop(peer);
    list.expect(&["given back a", "given back b", "close"]);
}

fn a_refusal_gives_back_what_others_have_given(setting: Setting) {
    let service = setting.service();
    let (told, list) = list();
    let last = named("c", &told);
    let refusal = Arc::clone(&last.refusal);
    *refusal.lock().unwrap() = Some(Refusal::because("not today"));
    let builder = Server::builder(&service, raw::server(|_| Echo))
        .filter(named("a", &told))
        .filter(named("b", &told))
        .filter(last)
        .filter(named("d", &told))
        .events(Events(told));
    let server = setting.listen(builder);
    for count in 1..=2 {
        let mut peer = Peer::new(&server);
        assert!(peer.receive_to_reset().is_empty());
        list.expect(&["asked a", "asked b", "asked c", "given back a", "given back b"]);
        list.expect(&["refused: not today"]);
        assert_eq!((server.metrics().refused, server.metrics().begun), (count, 0));
    }
    eventually("no place is taken", || server.connections() == 0);
    *refusal.lock().unwrap() = None;
    Peer::new(&server).exchange("hello");
    list.expect(&["asked a", "asked b", "asked c", "asked d", "accept"]);
}

static KEPT: Key<&str> = Key::new("kept");

fn a_permit_is_held_until_the_connection_is_gone(setting: Setting) {
    let service = setting.service();
    let (told, list) = list();
    let closing = told.clone();
    let (probe, events) = Probe::new();
    let probe = probe.echo().on_close(move |_| {
        let _ = closing.send("on_close".into());
    });
    let builder = Server::builder(&service, probe.serve()).filter(named("a", &told));
    let server = setting.listen(builder);
    let mut peer = Peer::new(&server);
    list.expect(&["asked a"]);
    // What a session keeps besides does not disturb it.
    let handle = events.open();
    handle.set(&KEPT, "a value");
    handle.join(&raw::Group::new(&service));
    peer.exchange("hello");
    assert!(list.0.try_recv().is_err(), "it is held");
    drop(peer);
    list.expect(&["on_close", "given back a"]);
    eventually("the place is free", || server.connections() == 0);
    assert!(list.0.try_recv().is_err(), "once is enough");
}

fn a_permit_is_given_back_when_no_handler_can_be_made(setting: Setting) {
    let service = setting.service();
    let (told, list) = list();
    let protocol = raw::server(|peer| -> Echo { panic!("no handler for {peer}") });
    let builder = Server::builder(&service, protocol).filter(named("a", &told));
    let server = setting.listen(builder);
    let mut peer = Peer::new(&server);
    assert!(peer.receive_to_reset().is_empty());
    list.expect(&["asked a", "given back a"]);
    eventually("no place is taken", || server.connections() == 0);
}

fn a_filter_that_panics_refuses_and_is_reported(setting: Setting) {
    let service = setting.service();
    let (told, list) = list();
    let builder = Server::builder(&service, raw::server(|_| Echo))
        .filter(named("a", &told))
        .filter(|_: &Endpoint| -> bool { panic!("the filter broke") })
        .events(Events(told));
    let server = setting.listen(builder);
    let mut peer = Peer::new(&server);
    assert!(peer.receive_to_reset().is_empty());
    list.expect(&[
        "asked a",
        "Panicked: cannot run a filter: a callback panicked (the filter broke)",
        "given back a",
        "refused: a filter failed",
    ]);
    assert_eq!(server.metrics().refused, 1);
}

/// Its permits panic when they are dropped.
struct Brittle;

impl Filter for Brittle {
    fn admit(&self, _: &Endpoint, _: Instant) -> Result<Permit, Refusal> {
        Ok(Permit::new(Breaks))
    }
}

struct Breaks;

impl Drop for Breaks {
    fn drop(&mut self) {
        panic!("the permit broke");
    }
}

fn a_permit_that_panics_is_reported_and_stops_nothing(setting: Setting) {
    let service = setting.service();
    let (told, list) = list();
    let builder = Server::builder(&service, raw::server(|_| Echo))
        .filter(Brittle)
        .filter(Brittle)
        .filter(named("a", &told))
        .events(Events(told));
    let server = setting.listen(builder);
    for _ in 0..2 {
        let mut peer = Peer::new(&server);
        peer.exchange("hello");
        list.expect(&["asked a", "accept"]);
        drop(peer);
        let broken = "Panicked: cannot give back a permit: a callback panicked (the permit broke)";
        list.expect(&[broken, broken, "given back a", "close"]);
    }
    eventually("the places are free", || server.connections() == 0);
}

fn closures_are_filters(setting: Setting) {
    let service = setting.service();
    let (told, list) = list();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let builder = Server::builder(&service, raw::server(|_| Echo))
        .filter(move |_: &Endpoint| count.fetch_add(1, Ordering::SeqCst) == 0)
        .events(Events(told));
    let server = setting.listen(builder);
    let mut first = Peer::new(&server);
    first.exchange("first");
    list.expect(&["accept"]);
    assert!(Peer::new(&server).receive_to_reset().is_empty());
    list.expect(&["refused: the address is not allowed"]);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

fn nobody_is_asked_when_there_is_no_place(setting: Setting) {
    let service = setting.service();
    let (told, list) = list();
    let builder = Server::builder(&service, raw::server(|_| Echo))
        .filter(named("a", &told))
        .max_connections(0)
        .events(Events(told));
    let server = setting.listen(builder);
    assert!(Peer::new(&server).receive_to_reset().is_empty());
    list.expect(&["refused: the server may have no connection at a time"]);
}

/// Peers come and go in every way on several threads; some are refused behind the first filter.
fn permits_are_given_back_once_in_a_storm(setting: Setting) {
    let service = setting.service();
    let permits = Permits::default();
    let turn = AtomicUsize::new(0);
    let close = |session: &mut raw::Session<'_>, _: &[u8]| session.close();
    let builder = Server::builder(&service, raw::server(move |_| close))
        .filter(permits.clone())
        .filter(move |_: &Endpoint| !turn.fetch_add(1, Ordering::SeqCst).is_multiple_of(3))
        .max_connections(40);
    let server = setting.listen(builder);
    let storm = |thread: usize| {
        let server = server.clone();
        std::thread::spawn(move || {
            for round in 0..30 {
                let mut peer = Peer::waiting(&server);
                match (thread + round) % 3 {
                    0 => peer.reset(),
                    1 => drop(peer),
                    // It leaves with something unread, if it was let in.
                    _ => drop(peer.send_at_once(b"hello")),
                }
            }
        })
    };
    let threads = (0..4).map(storm).collect::<Vec<_>>();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    // Who comes last is accepted last.
    for _ in 0..3 {
        let mut peer = Peer::waiting(&server);
        let _ = peer.send_at_once(b"hello");
        peer.receive_what_comes();
    }
    eventually("all are gone", || server.connections() == 0);
    eventually("all is given back", || permits.given() == permits.given_back());
    let metrics = server.metrics();
    assert!(metrics.refused > 0 && metrics.begun > 0, "{metrics:?}");
    assert!((metrics.begun as usize..=123).contains(&permits.given()));
}
