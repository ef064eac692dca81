//! Everything in the table, through a server.

use sockeye::http::{self, Limits, Method, Request, Response};
use sockeye::testing::Harness;
use sockeye::{CloseReason, raw};

use crate::answer::{Answer, get};
use crate::table::{BODY_LIMIT, Case, requests};

fn server() -> raw::ServerProtocol {
    http::server_with(Limits::default().body(BODY_LIMIT as usize), |request: &mut Request<'_>| {
        Response::text(format!("{} bytes", request.body().len()))
    })
}

/// The status that ends the exchange, and whether there may be another one.
fn outcome(case: &Case, mut answer: &[u8], peer: &Harness) -> (u16, bool) {
    let method = if case.bytes.starts_with(b"HEAD") { Method::Head } else { Method::Get };
    let mut status = 0;
    while let Some(next) = Answer::try_take(&mut answer, method) {
        status = next.status;
        let last = next.fields.contains_token("connection", "close");
        assert_eq!(last, peer.is_finished() && answer.is_empty(), "{}: {next:?}", case.name);
    }
    assert!(answer.is_empty(), "{}: {}", case.name, String::from_utf8_lossy(answer));
    (status, !peer.is_finished())
}

#[test]
fn each_request_has_its_answer() {
    let cases = requests();
    assert!(cases.len() > 400, "{} cases", cases.len());
    for case in &cases {
        let mut peer = Harness::new(server());
        let answer = peer.feed(&case.bytes);
        let outcome = outcome(case, &answer, &peer);
        assert_eq!(outcome, (case.status, case.stays_open), "{}", case.name);
        if case.stays_open {
            assert_eq!(Answer::only(peer.feed(get("/", ""))).status, 200, "{}", case.name);
        } else {
            peer.finish();
            assert!(peer.closed().is_some(), "{}", case.name);
        }
    }
}

#[test]
fn each_request_has_it_byte_by_byte() {
    for case in requests().iter().filter(|case| case.bytes.len() < 2000) {
        let mut peer = Harness::new(server());
        let mut answer = Vec::new();
        for byte in case.bytes.chunks(1) {
            answer.extend(peer.feed(byte));
        }
        if answer.is_empty() {
            // A head that does not end is looked at again when it has doubled.
            answer.extend(peer.feed(vec![b'x'; case.bytes.len()]));
        }
        let outcome = outcome(case, &answer, &peer);
        assert_eq!(outcome, (case.status, case.stays_open), "{}", case.name);
    }
}

#[test]
fn who_breaks_a_rule_is_told_which() {
    let mut peer = Harness::new(server());
    let answer = Answer::only(peer.feed("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"));
    assert_eq!((answer.status, answer.text()), (400, "more than one Host\n"));
    peer.finish();
    let reason = peer.closed().unwrap();
    assert!(matches!(reason, CloseReason::Protocol(_)), "{reason:?}");
    assert_eq!(reason.to_string(), "the peer has sent more than one Host");
}
