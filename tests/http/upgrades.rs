//! Connections that speak something else behind a request.

use std::sync::mpsc::channel;

use sockeye::http::{self, Method, Request, Response};
use sockeye::testing::Harness;
use sockeye::{CloseReason, raw};

use crate::answer::{Answer, get};
use crate::common::{Events, LIMIT, Peer, Probe, Setting};
use crate::on_all_streams;

on_all_streams!(what_comes_behind_the_request_is_the_other_protocols);

fn echo(_: &mut Request<'_>) -> Response {
    Response::upgrade("echo", |session: &mut raw::Session<'_>, data: &[u8]| {
        session.send(data);
    })
}

const UPGRADE: &str = "Connection: upgrade\r\nUpgrade: echo\r\n";

fn what_comes_behind_the_request_is_the_other_protocols(setting: Setting) {
    let service = setting.service();
    let server = setting.serve(&service, http::server(echo));
    let mut peer = Peer::new(&server);
    peer.send(get("/", UPGRADE) + "first");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.extend(peer.receive(1));
    }
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{answer}");
    assert!(answer.contains("Upgrade: echo\r\nConnection: upgrade\r\n"), "{answer}");
    assert!(!answer.contains("Content-Length"), "{answer}");
    peer.expect("first");
    peer.exchange("GET / HTTP/1.1\r\n\r\n");
    peer.finish();
    peer.expect_end();
}

#[test]
fn the_handler_is_told_of_its_session() {
    let (given, events) = channel();
    let protocol = http::server(move |_: &mut Request<'_>| {
        let given = given.clone();
        let (probe, events) = Probe::new();
        given.send(events).unwrap();
        Response::upgrade("probe", probe)
    });
    let mut peer = Harness::new(protocol);
    peer.feed(get("/", "Connection: upgrade\r\nUpgrade: probe\r\n"));
    let events: Events = events.recv_timeout(LIMIT).unwrap();
    peer.feed("data");
    peer.finish();
    assert!(matches!(peer.closed(), Some(CloseReason::Remote)));
    events.open();
    assert_eq!(events.data(4), b"data");
    assert!(matches!(events.close(), CloseReason::Remote));
}

#[test]
fn who_has_not_asked_for_it_is_told_to() {
    let mut peer = Harness::new(http::server(echo));
    let answer = Answer::only(peer.feed(get("/", "")));
    assert_eq!((answer.status, answer.field("upgrade")), (426, Some("echo")));
    assert!(peer.closed().is_none());
}

#[test]
fn a_tunnel_is_answered_with_200() {
    let mut peer = Harness::new(http::server(|request: &mut Request<'_>| {
        assert_eq!((request.method(), request.target()), (Method::Connect, "there:443"));
        echo(request)
    }));
    let answer = peer.feed("CONNECT there:443 HTTP/1.1\r\nHost: there:443\r\n\r\nhello");
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nhello") && !answer.contains("Upgrade"), "{answer}");
}

/// An answer that comes later can be one, too.
#[test]
fn it_may_come_later() {
    let (given, taken) = channel();
    let mut peer = Harness::new(http::server(move |_: &mut Request<'_>| {
        let (response, later) = Response::later();
        given.send(later).unwrap();
        response
    }));
    assert_eq!(peer.feed(get("/", UPGRADE) + "hello"), b"");
    taken.recv().unwrap().answer(Response::upgrade(
        "echo",
        |session: &mut raw::Session<'_>, data: &[u8]| {
            session.send(data);
        },
    ));
    let answer = String::from_utf8(peer.take()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 101 ") && answer.ends_with("\r\n\r\nhello"), "{answer}");
}
