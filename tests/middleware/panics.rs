//! A panic in one layer ends its session, and is told to the others.

use sockeye::middleware::Verdict;
use sockeye::testing::Harness;
use sockeye::{CloseReason, Endpoint, framed};

use crate::scribe::{Act, Digit, Moment, Notes};

/// An inner middleware that does this, and what the outer one and the handler are told after.
fn ends_with_a_panic(inner: Act, input: &str, rest: &[&str]) {
    let notes = Notes::default();
    let make = notes.clone();
    let protocol = framed::server(Digit, move |_| make.handler());
    let (first, second) = (notes.clone(), notes.clone());
    let protocol = protocol
        .with(move |_: &Endpoint| first.scribe("outer"))
        .with(move |_: &Endpoint| second.scribe("inner").act(inner));
    let mut peer = Harness::new(protocol);
    peer.feed(input);
    assert!(matches!(peer.closed(), Some(CloseReason::Panic(_))), "{:?}", peer.closed());
    notes.expect(rest);
}

const ERROR: &str = "error cannot run a session's callback: a callback panicked (as told)";
const CLOSE: &str = "close cannot run a session's callback: a callback panicked (as told)";

#[test]
fn at_the_beginning() {
    ends_with_a_panic(
        |_, moment| match moment {
            Moment::Open => panic!("as told"),
            _ => Verdict::Pass,
        },
        "1a",
        &[
            "outer open",
            "inner open",
            &format!("inner {ERROR}"),
            &format!("outer {ERROR}"),
            &format!("inner {CLOSE}"),
            &format!("outer {CLOSE}"),
        ],
    );
}

#[test]
fn at_a_message() {
    let after = |before: &[&'static str]| -> Vec<String> {
        let begin = ["outer open", "inner open", "handler open", "outer received a"];
        let told = [
            format!("inner {ERROR}"),
            format!("outer {ERROR}"),
            format!("handler {CLOSE}"),
            format!("inner {CLOSE}"),
            format!("outer {CLOSE}"),
        ];
        let before = begin.iter().chain(before).map(|note| note.to_string());
        before.chain(told).collect()
    };
    for (act, before) in [
        (
            (|_, moment| match moment {
                Moment::Received(_) => panic!("as told"),
                _ => Verdict::Pass,
            }) as Act,
            &["inner received a"][..],
        ),
        (
            |_, moment| match moment {
                Moment::Sending(_) => panic!("as told"),
                _ => Verdict::Pass,
            },
            &["inner received a", "handler received a", "inner sending a"],
        ),
    ] {
        let notes = after(before);
        ends_with_a_panic(act, "1a", &notes.iter().map(|note| &**note).collect::<Vec<_>>());
    }
}

#[test]
fn of_the_handler() {
    ends_with_a_panic(
        |_, _| Verdict::Pass,
        "1p",
        &[
            "outer open",
            "inner open",
            "handler open",
            "outer received p",
            "inner received p",
            "handler received p",
            &format!("inner {ERROR}"),
            &format!("outer {ERROR}"),
            &format!("handler {CLOSE}"),
            &format!("inner {CLOSE}"),
            &format!("outer {CLOSE}"),
        ],
    );
}

/// The handler and its other layers have been told of the end already; the server still is.
#[test]
fn at_the_end() {
    let notes = Notes::default();
    let scribe = |name| {
        notes.scribe(name).act(|_, moment| match moment {
            Moment::Close => panic!("as told"),
            _ => Verdict::Pass,
        })
    };
    let client = framed::client(Digit, notes.handler()).with(scribe("outer")).with(scribe("inner"));
    let mut peer = Harness::new(client);
    peer.reset();
    notes.expect(&[
        "outer open",
        "inner open",
        "handler open",
        "handler close reset by the peer",
        "inner close reset by the peer",
    ]);
    assert!(matches!(peer.closed(), Some(CloseReason::Reset)));
    // Nothing of it is lost.
    peer.reconnect();
    notes.expect(&["outer open", "inner open", "handler open"]);
}
