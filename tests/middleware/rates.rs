//! Message rate limits: what passes, what becomes of the rest, and who counts together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sockeye::framed::Lines;
use sockeye::middleware::{Excess, Rate, RateLimit};
use sockeye::testing::Harness;
use sockeye::{CloseReason, Server, framed};

use crate::common::{LIMIT, Peer, Setting};
use crate::on_sockets;

on_sockets!(
    an_address_has_one_limit_for_all_its_sessions,
    a_session_has_a_limit_of_its_own,
    too_much_ends_the_session,
);

/// Nothing comes back within a test.
fn hourly(burst: u64) -> Rate {
    Rate::new(1, Duration::from_secs(3600)).burst(burst)
}

fn echo(session: &mut framed::Session<'_>, line: &str) {
    session.send(line);
}

fn limited(limit: &RateLimit) -> framed::ServerProtocol {
    framed::server(Lines::default(), |_| echo).with(limit.clone())
}

#[test]
fn what_is_too_much_is_dropped_and_counted() {
    let limit = RateLimit::per_session(hourly(3)).excess(Excess::Drop);
    let mut peer = Harness::new(limited(&limit));
    assert_eq!(peer.feed("1\n2\n3\n4\n5\n"), b"1\n2\n3\n");
    assert_eq!(peer.feed("6\n"), b"");
    assert_eq!(limit.exceeded(), 3);
    assert!(peer.closed().is_none());
    assert_eq!(Harness::new(limited(&limit)).feed("1\n2\n"), b"1\n2\n", "each has its own");
}

#[test]
fn what_is_too_much_passes_later() {
    let limit = RateLimit::per_session(Rate::per_second(1000).burst(1)).excess(Excess::Drop);
    let mut peer = Harness::new(limited(&limit));
    assert_eq!(peer.feed("1\n"), b"1\n");
    let passes = peer.run_until(LIMIT, |peer| peer.feed("again\n") == b"again\n");
    assert!(passes);
}

#[test]
fn bytes_are_limited_too_and_refused_messages_use_up_nothing() {
    let limit = RateLimit::per_session(hourly(3)).bytes(hourly(10)).excess(Excess::Drop);
    let mut peer = Harness::new(limited(&limit));
    assert_eq!(peer.feed("more than ten\n"), b"");
    assert_eq!(peer.feed("one\n"), b"one\n");
    assert_eq!(peer.feed("too much\n"), b"");
    assert_eq!(peer.feed("fitting\n"), b"fitting\n", "ten are ten");
    assert_eq!(peer.feed("x\n"), b"");
    assert_eq!(peer.feed("\n"), b"\n", "the third message, of no bytes");
    assert_eq!(peer.feed("\n"), b"");
    assert_eq!(limit.exceeded(), 4);
}

#[test]
fn each_run_of_excess_is_told_once() {
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let limit = RateLimit::per_session(hourly(100))
        .bytes(hourly(10))
        .excess(Excess::Drop)
        .on_excess(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
        });
    let mut peer = Harness::new(limited(&limit));
    for (line, calls) in [
        ("too much for it\n", 1),
        ("too much again\n", 1),
        ("well\n", 1),
        ("too much\n", 2),
        ("\n", 2),
        ("and again\n", 3),
        ("and again\n", 3),
    ] {
        peer.feed(line);
        assert_eq!(told.load(Ordering::Relaxed), calls, "{line:?}");
    }
}

#[test]
fn who_sends_too_much_is_told_before_he_is_disconnected() {
    let limit = RateLimit::per_session(hourly(1)).on_excess(|session| {
        session.send("that was too much");
    });
    let mut peer = Harness::new(limited(&limit));
    assert_eq!(peer.feed("1\n2\n3\n"), b"1\nthat was too much\n");
    peer.finish();
    assert!(matches!(peer.closed(), Some(CloseReason::RateLimited)));
    assert_eq!(limit.exceeded(), 1, "what came behind it was not looked at");
}

#[test]
fn who_has_no_address_is_limited_by_session() {
    let limit = RateLimit::per_address(hourly(1)).excess(Excess::Drop);
    for _ in 0..2 {
        assert_eq!(Harness::new(limited(&limit)).feed("1\n2\n"), b"1\n");
    }
}

fn an_address_has_one_limit_for_all_its_sessions(setting: Setting) {
    let service = setting.service();
    let limit = RateLimit::per_address(hourly(4));
    let server = setting.listen(Server::builder(&service, limited(&limit)));
    let mut first = Peer::new(&server);
    let with_addresses = server.local_addr().ip().is_some();
    first.exchange("1\n");
    let mut second = Peer::new(&server);
    second.exchange("2\n");
    drop(first);
    // A new connection is no new beginning.
    let mut third = Peer::new(&server);
    third.exchange("3\n");
    third.exchange("4\n");
    if !with_addresses {
        return third.exchange("a limit by session\n");
    }
    third.send("5\n");
    assert!(third.receive_to_end().is_empty());
    second.send("6\n");
    assert!(second.receive_to_end().is_empty());
    assert_eq!(limit.exceeded(), 2);
}

fn a_session_has_a_limit_of_its_own(setting: Setting) {
    let service = setting.service();
    let limit = RateLimit::per_session(hourly(2)).excess(Excess::Drop);
    let server = setting.listen(Server::builder(&service, limited(&limit)));
    for _ in 0..3 {
        let mut peer = Peer::new(&server);
        peer.exchange("1\n");
        peer.send("2\n3\n");
        peer.expect("2\n");
        peer.finish();
        assert!(peer.receive_to_end().is_empty());
    }
    assert_eq!(limit.exceeded(), 3);
}

fn too_much_ends_the_session(setting: Setting) {
    let service = setting.service();
    let limit = RateLimit::per_session(hourly(2));
    let (told, reasons) = std::sync::mpsc::channel();
    let protocol = framed::server(Lines::default(), move |_| Ending(told.clone()));
    let server = setting.listen(Server::builder(&service, protocol.with(limit)));
    let mut peer = Peer::new(&server);
    peer.send("1\n2\n3\n4\n");
    peer.expect("1\n2\n");
    assert!(peer.receive_to_end().is_empty());
    drop(peer);
    let reason = reasons.recv_timeout(LIMIT).unwrap();
    assert_eq!(reason, "the peer has sent too much in the time");
}

/// Echoes, and tells why it ended.
struct Ending(std::sync::mpsc::Sender<String>);

impl framed::Handler<str> for Ending {
    fn on_message(&mut self, session: &mut framed::Session<'_>, line: &str) {
        session.send(line);
    }

    fn on_close(&mut self, _: &mut framed::Session<'_>, reason: &CloseReason) {
        let _ = self.0.send(reason.to_string());
    }
}
