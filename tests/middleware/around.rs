//! One session's middleware: the order of its calls, and what it may do with messages.

use std::borrow::Cow;

use sockeye::middleware::Verdict;
use sockeye::testing::Harness;
use sockeye::{CloseReason, Endpoint, Sent, Violation, framed, raw};

use crate::scribe::{Act, Digit, Moment, Notes};

/// A session with an outer and an inner middleware that do this.
fn session(outer: Act, inner: Act) -> (Harness, Notes) {
    let notes = Notes::default();
    let make = notes.clone();
    let protocol = framed::server(Digit, move |_| make.handler());
    let (first, second) = (notes.clone(), notes.clone());
    let protocol = protocol
        .with(move |_: &Endpoint| first.scribe("outer").act(outer))
        .with(move |_: &Endpoint| second.scribe("inner").act(inner));
    (Harness::new(protocol), notes)
}

fn idle(_: &mut framed::Session<'_>, _: Moment<'_, '_>) -> Verdict {
    Verdict::Pass
}

#[test]
fn calls_go_in_from_the_outermost_and_out_from_the_innermost() {
    let (mut peer, notes) = session(idle, idle);
    notes.expect(&["outer open", "inner open", "handler open"]);
    assert_eq!(peer.feed("2ab"), b"2ba");
    notes.expect(&[
        "outer received ab",
        "inner received ab",
        "handler received ab",
        "inner sending ba",
        "outer sending ba",
        "handler sent Queued",
    ]);
    peer.finish();
    assert!(matches!(peer.closed(), Some(CloseReason::Remote)));
    notes.expect(&[
        "handler close closed by the peer",
        "inner close closed by the peer",
        "outer close closed by the peer",
    ]);
}

#[test]
fn what_is_received_can_be_changed_and_dropped() {
    let (mut peer, notes) = session(
        |_, moment| match moment {
            Moment::Received(message) if message.starts_with(b"-") => Verdict::Drop,
            Moment::Received(message) => {
                message.to_mut().push(b'!');
                Verdict::Pass
            }
            _ => Verdict::Pass,
        },
        idle,
    );
    notes.expect(&["outer open", "inner open", "handler open"]);
    assert_eq!(peer.feed("2-a1b"), b"2!b", "what was behind a dropped message is not lost");
    notes.expect(&[
        "outer received -a",
        "outer received b",
        "inner received b!",
        "handler received b!",
        "inner sending !b",
        "outer sending !b",
        "handler sent Queued",
    ]);
}

#[test]
fn what_is_sent_can_be_changed_and_dropped_whoever_sends_it() {
    let (mut peer, notes) = session(
        |_, moment| {
            if let Moment::Sending(message) = moment {
                *message = Cow::Owned([b"<", &**message, b">"].concat());
            }
            Verdict::Pass
        },
        |_, moment| match moment {
            Moment::Sending(message) if message.starts_with(b"-") => Verdict::Drop,
            _ => Verdict::Pass,
        },
    );
    assert_eq!(peer.feed("1a2a-2bb"), b"3<a>4<bb>");
    assert_eq!(peer.handle().send("from"), Sent::Queued);
    assert_eq!(peer.handle().send_shared("-not".into()), Sent::Queued);
    assert_eq!(peer.handle().send("afar"), Sent::Queued);
    assert_eq!(peer.take(), b"6<from>6<afar>");
    peer.handle().post(|session| assert_eq!(session.send("-"), Sent::Dropped)).unwrap();
    assert_eq!(peer.take(), b"");
    assert!(peer.closed().is_none());
    let stats = peer.handle().stats();
    assert_eq!((stats.messages_received, stats.messages_sent), (3, 4));
    drop(notes);
}

#[test]
fn a_message_that_was_made_unfit_is_not_sent() {
    let (mut peer, notes) = session(
        |_, moment| {
            if let Moment::Sending(message) = moment {
                message.to_mut().resize(10, b'.');
            }
            Verdict::Pass
        },
        idle,
    );
    notes.expect(&["outer open", "inner open", "handler open"]);
    assert_eq!(peer.feed("1a"), b"");
    notes.expect(&[
        "outer received a",
        "inner received a",
        "handler received a",
        "inner sending a",
        "outer sending a",
        "handler sent Invalid",
    ]);
}

#[test]
fn what_middleware_sends_passes_no_other() {
    let (mut peer, notes) = session(idle, |session, moment| {
        if let Moment::Received(_) = moment {
            session.send("heard");
        }
        Verdict::Drop
    });
    notes.expect(&["outer open", "inner open", "handler open"]);
    assert_eq!(peer.feed("1a"), b"5heard");
    notes.expect(&["outer received a", "inner received a"]);
}

#[test]
fn who_closes_at_the_beginning_spares_those_within() {
    let (mut peer, notes) = session(
        |session, moment| {
            if let Moment::Open = moment {
                session.send("no");
                session.close_because("nobody is wanted");
            }
            Verdict::Pass
        },
        idle,
    );
    assert_eq!(peer.feed("1a"), b"2no");
    peer.finish();
    assert!(matches!(peer.closed(), Some(CloseReason::Because(why)) if why == "nobody is wanted"));
    notes.expect(&["outer open", "outer close nobody is wanted"]);
}

#[test]
fn who_closes_at_a_message_keeps_it_and_those_behind_it() {
    let (mut peer, notes) = session(
        |session, moment| {
            if let Moment::Received(message) = moment
                && &**message == b"x"
            {
                session.close();
            }
            Verdict::Pass
        },
        idle,
    );
    notes.expect(&["outer open", "inner open", "handler open"]);
    assert_eq!(peer.feed("1x1y"), b"");
    notes.expect(&["outer received x"]);
}

#[test]
fn what_the_peer_does_against_the_protocol_is_told_before_the_close() {
    let (mut peer, notes) = session(idle, idle);
    notes.expect(&["outer open", "inner open", "handler open"]);
    peer.feed("x");
    peer.finish();
    let reason = peer.closed();
    let violation = Violation::malformed("a length that is no digit");
    assert!(matches!(reason, Some(CloseReason::Protocol(was)) if was == violation));
    let from = peer.handle().peer_addr().unwrap();
    let error = format!(
        "error cannot read a message from {from}: it is not allowed \
         (a length that is no digit)"
    );
    let close = "close the peer has sent a length that is no digit";
    notes.expect(&[
        &format!("inner {error}"),
        &format!("outer {error}"),
        &format!("handler {close}"),
        &format!("inner {close}"),
        &format!("outer {close}"),
    ]);
}

#[test]
fn a_clients_middleware_stays_over_reconnects() {
    let notes = Notes::default();
    let client = framed::client(Digit, notes.handler()).with(notes.scribe("client"));
    let mut peer = Harness::new(client);
    for _ in 0..2 {
        notes.expect(&["client open", "handler open"]);
        assert_eq!(peer.feed("2ab1"), b"2ba");
        notes.expect(&[
            "client received ab",
            "handler received ab",
            "client sending ba",
            "handler sent Queued",
        ]);
        peer.reset();
        notes.expect(&["handler close reset by the peer", "client close reset by the peer"]);
        peer.reconnect();
    }
}

#[test]
fn raw_sessions_pass_what_was_read() {
    let notes = Notes::default();
    let made = notes.clone();
    let echo = |session: &mut raw::Session<'_>, data: &[u8]| {
        session.send(data);
    };
    let protocol = raw::server(move |_| echo).with(move |_: &Endpoint| made.scribe("layer"));
    let mut peer = Harness::new(protocol);
    assert_eq!(peer.feed("some bytes"), b"some bytes");
    notes.expect(&["layer open", "layer received some bytes", "layer sending some bytes"]);
}
