//! Who is too slow.

use std::sync::Mutex;
use std::time::Duration;

use sockeye::http::{self, Limits, Request, Response};
use sockeye::testing::{Harness, Side};
use sockeye::{CloseReason, Limit, raw};

use crate::answer::{Answer, get};
use crate::common::{LIMIT, SHORT};

fn server(limits: Limits) -> raw::ServerProtocol {
    let kept = Mutex::new(Vec::new());
    http::server_with(limits, move |request: &mut Request<'_>| match request.raw_path() {
        "/never" => {
            let (response, later) = Response::later();
            kept.lock().unwrap().push(later);
            response
        }
        "/endless" => Response::content(
            "text/plain",
            http::Body::pieces(std::iter::repeat_with(|| Ok(vec![b'x'; 10_000].into()))),
        ),
        _ => Response::text("here"),
    })
}

/// Feeds this; the connection is then closed for that limit, and this was answered.
#[track_caller]
fn is_too_slow(limits: Limits, data: &str, limit: Limit) -> Vec<u8> {
    let mut peer = Harness::new(server(limits));
    let mut answer = peer.feed(data);
    assert!(peer.run_until(LIMIT, |peer| peer.is_finished() || peer.is_reset()));
    answer.extend(peer.finish());
    let reason = peer.closed().unwrap();
    assert!(matches!(reason, CloseReason::Timeout(which) if which == limit), "{reason:?}");
    answer
}

#[test]
fn a_head_that_does_not_end() {
    let limits = || Limits::default().head_time(SHORT);
    let answer = Answer::only(is_too_slow(limits(), "GET / HTTP/1.1\r\nHos", Limit::Head));
    assert_eq!((answer.status, answer.field("connection")), (408, Some("close")));
    // Also behind a request that was answered.
    let answers = Answer::all(is_too_slow(limits(), &(get("/", "") + "G"), Limit::Head));
    assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [200, 408]);
}

#[test]
fn a_head_that_does_not_begin() {
    let answer = is_too_slow(Limits::default().head_time(SHORT), "", Limit::Head);
    assert!(answer.is_empty(), "who has said nothing is told nothing");
}

/// A byte now and then does not help.
#[test]
fn a_head_that_comes_byte_by_byte() {
    let mut peer = Harness::new(server(Limits::default().head_time(2 * SHORT)));
    let mut bytes = b"GET / HTTP/1.1\r\nHost: ".iter().chain(std::iter::repeat(&b'x'));
    let mut answer = Vec::new();
    while !peer.is_finished() {
        answer.extend(peer.feed([*bytes.next().unwrap()]));
        peer.run_until(SHORT / 10, |peer| peer.is_finished());
    }
    answer.extend(peer.take());
    assert_eq!(Answer::only(answer).status, 408);
}

#[test]
fn a_body_that_does_not_end() {
    let limits = Limits::default().body_time(SHORT);
    let post = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello";
    assert_eq!(Answer::only(is_too_slow(limits, post, Limit::Body)).status, 408);
    // With all of the time for one request.
    let limits = Limits::default().request_time(SHORT);
    assert_eq!(Answer::only(is_too_slow(limits, post, Limit::Request)).status, 408);
}

#[test]
fn an_answer_that_does_not_come() {
    let limits = Limits::default().request_time(SHORT);
    let answer = Answer::only(is_too_slow(limits, &get("/never", ""), Limit::Request));
    assert_eq!(answer.status, 503);
}

#[test]
fn a_connection_that_is_not_used() {
    let limits = || Limits::default().keep_alive(SHORT);
    let answer = is_too_slow(limits(), &get("/", ""), Limit::KeepAlive);
    assert_eq!(Answer::only(answer).status, 200);
    // What is used goes on.
    let mut peer = Harness::new(server(limits().keep_alive(20 * SHORT)));
    for _ in 0..30 {
        assert_eq!(Answer::only(peer.feed(get("/", ""))).status, 200);
        peer.run_until(SHORT, |_| false);
    }
    assert!(peer.closed().is_none());
}

#[test]
fn a_client_that_takes_nothing() {
    let limits = Limits::default().send_time(SHORT);
    for data in [get("/", "").repeat(10_000), get("/endless", "")] {
        let mut peer = Harness::new(Side::new(server(limits.clone())).capacity(1000));
        peer.pause();
        peer.feed(&data);
        assert!(peer.run_until(LIMIT, |peer| peer.closed().is_some()));
        let reason = peer.closed().unwrap();
        assert!(matches!(reason, CloseReason::Timeout(Limit::Send)), "{reason:?}");
    }
}

#[test]
fn a_client_that_is_slow_but_takes_something() {
    let limits = Limits::default().send_time(4 * SHORT).keep_alive(Duration::from_secs(3600));
    let mut peer = Harness::new(Side::new(server(limits)).capacity(100));
    peer.pause();
    peer.feed(get("/", "").repeat(10));
    let mut answer = Vec::new();
    while answer.len() < 10 * 120 {
        answer.extend(peer.resume());
        peer.pause();
        peer.run_until(SHORT / 10, |_| false);
    }
    answer.extend(peer.resume());
    assert!(Answer::all(answer).iter().all(|answer| answer.status == 200));
    assert!(peer.closed().is_none());
}

/// The session's own limits hold as well, also where they are narrower.
#[test]
fn a_session_that_is_idle() {
    let idle = sockeye::Limits::default().idle(SHORT);
    let mut peer = Harness::new(Side::new(server(Limits::default())).limits(idle));
    peer.feed(get("/", ""));
    assert!(peer.run_until(LIMIT, |peer| peer.is_finished()));
    peer.finish();
    let reason = peer.closed().unwrap();
    assert!(matches!(reason, CloseReason::Timeout(Limit::Idle)), "{reason:?}");
}
