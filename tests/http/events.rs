//! Server-sent events, and when nobody listens to them any more.

use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Duration;

use sockeye::http::{self, Event, EventSender, Request, Response};
use sockeye::testing::Harness;
use sockeye::{ErrorKind, Sent, Service};

use crate::answer::get;
use crate::common::{LIMIT, Peer, serve};

/// A client that listens, what it has been sent first, and who sends it events.
fn listen() -> (Harness, String, EventSender) {
    let (told, events) = channel();
    let told = Mutex::new(told);
    let mut peer = Harness::new(http::server(move |_: &mut Request<'_>| {
        let (response, sender) = Response::events();
        told.lock().unwrap().send(sender).unwrap();
        response
    }));
    let head = String::from_utf8(peer.feed(get("/", ""))).unwrap();
    (peer, head, events.recv().unwrap())
}

/// What has come since then.
fn next(peer: &mut Harness) -> Vec<u8> {
    peer.run();
    peer.take()
}

#[test]
fn each_event_is_sent_at_once() {
    let (mut peer, head, events) = listen();
    assert!(head.contains("\r\nContent-Type: text/event-stream\r\n"), "{head}");
    assert!(head.contains("\r\nCache-Control: no-store\r\n"), "{head}");
    assert!(head.ends_with("\r\n\r\n"), "{head}");
    assert_eq!(events.send(&Event::new("one")), Sent::Queued);
    assert_eq!(next(&mut peer), b"b\r\ndata: one\n\n\r\n");
    events.send_within(&Event::comment("there"), Duration::from_secs(1)).unwrap();
    assert_eq!(next(&mut peer), b"9\r\n: there\n\n\r\n");
    events.finish();
    assert_eq!(next(&mut peer), b"0\r\n\r\n");
    assert!(peer.closed().is_none());
}

/// It could still read, but nobody does so; no event need come to find out.
#[test]
fn a_client_that_sends_no_more_is_gone() {
    let (mut peer, _, events) = listen();
    assert!(!events.is_closed());
    assert_eq!(peer.finish(), b"");
    assert!(peer.closed().is_some() && events.is_closed());
    assert_eq!(events.send(&Event::new("lost")), Sent::Closed);
    let error = events.send_within(&Event::new("lost"), Duration::from_secs(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
}

#[test]
fn a_client_that_is_cut_off_is_gone() {
    let (mut peer, _, events) = listen();
    peer.reset();
    assert!(events.is_closed());
}

/// What has an end of its own is waited for.
#[test]
fn a_stream_goes_on_to_its_end() {
    let (told, bodies) = channel();
    let told = Mutex::new(told);
    let mut peer = Harness::new(http::server(move |_: &mut Request<'_>| {
        let (response, body) = Response::stream("text/plain");
        told.lock().unwrap().send(body).unwrap();
        response
    }));
    peer.feed(get("/", ""));
    let body = bodies.recv().unwrap();
    assert_eq!(peer.finish(), b"");
    assert!(!body.is_closed());
    assert_eq!(body.send("more"), Sent::Queued);
    body.finish();
    assert_eq!(next(&mut peer), b"4\r\nmore\r\n0\r\n\r\n");
    assert!(peer.closed().is_some());
}

#[test]
fn a_shutdown_does_not_wait_for_the_end_of_events() {
    let (told, events) = channel();
    let service = Service::builder().threads(1).start().unwrap();
    let handler = move |_: &mut Request<'_>| {
        let (response, sender) = Response::events();
        sender.send(&Event::new("first"));
        told.send(sender).unwrap();
        response
    };
    let server = serve(&service, http::server(handler));
    let mut peer = Peer::new(&server);
    peer.send(get("/", ""));
    let events = events.recv_timeout(LIMIT).unwrap();
    // The peer has to say goodbye too, so that it is told of the end by a thread of its own.
    let reading = std::thread::spawn(move || peer.receive_to_end());
    server.shutdown(LIMIT).unwrap();
    let answer = String::from_utf8(reading.join().unwrap()).unwrap();
    assert!(answer.ends_with("data: first\n\n\r\n0\r\n\r\n"), "{answer}");
    assert!(events.is_closed());
}
