//! The table of what peers may send, through the codec alone.

use std::collections::HashSet;

use super::connection;
use super::reader::{Seen, Side};
use super::table::responses::{Answer, Outcome, answers};
use super::table::{Case, requests};
use crate::codec::http::Method;

#[test]
fn every_request_is_answered_as_the_table_says() {
    let cases = requests();
    assert!(cases.len() > 300, "{}", cases.len());
    let wrong = cases.iter().filter_map(|case| {
        let seen = connection(Side::Server).read([&*case.bytes]);
        let (status, stays_open) = answer(&seen);
        let right = (status, stays_open) == (case.status, case.stays_open);
        (!right).then(|| format!("{}: {status}, stays open: {stays_open}", case.name))
    });
    let wrong = wrong.collect::<Vec<_>>();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_response_is_read_as_the_table_says() {
    let cases = answers();
    assert!(cases.len() > 100, "{}", cases.len());
    let wrong = cases.iter().filter_map(|case| {
        let right = is(case, &connection(side(case)).read([&*case.bytes]));
        (!right).then_some(&*case.name)
    });
    let wrong = wrong.collect::<Vec<_>>();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn it_does_not_matter_how_bytes_are_cut() {
    for Case { name, bytes, .. } in requests() {
        check_cuts(Side::Server, &name, &bytes);
    }
    for case in answers() {
        check_cuts(side(&case), &case.name, &case.bytes);
    }
}

#[test]
fn no_two_cases_have_the_same_name() {
    let mut names = HashSet::new();
    for Case { name, .. } in requests() {
        assert!(names.insert(name.clone()), "{name}");
    }
    names.clear();
    for Answer { name, .. } in answers() {
        assert!(names.insert(name.clone()), "{name}");
    }
}

/// The status of the only answer, and whether the connection stays.
fn answer(seen: &Seen) -> (u16, bool) {
    if let Some(rejection) = seen.rejection {
        return (rejection.status.code(), false);
    }
    match &*seen.messages {
        [message] if message.complete && seen.left == 0 => (200, message.keeps_alive),
        _ => (0, false),
    }
}

fn is(case: &Answer, seen: &Seen) -> bool {
    match (case.outcome, &*seen.messages) {
        (Outcome::Refused, _) => seen.rejection.is_some(),
        (Outcome::Cut, []) => seen.rejection.is_none(),
        (Outcome::Cut, [message]) => seen.rejection.is_none() && !message.complete,
        (Outcome::Whole { status, body, stays_open }, [message]) => {
            let code = message.line.split(' ').nth(1) == Some(&status.to_string());
            let line = seen.rejection.is_none() && code && message.complete && seen.left == 0;
            line && message.body == body.as_bytes() && message.keeps_alive == stays_open
        }
        _ => false,
    }
}

fn side(case: &Answer) -> Side {
    Side::Client(case.request.parse::<Method>().unwrap())
}

fn check_cuts(side: Side, name: &str, bytes: &[u8]) {
    let whole = connection(side).read([bytes]);
    for step in [1, 2, 3, 7, 61, 4096] {
        // What is long is long of the same.
        if bytes.len() / step < 4_000 {
            let seen = connection(side).read(bytes.chunks(step));
            assert!(seen == whole, "{name}, {step} bytes at once");
        }
    }
    let cuts = if bytes.len() < 1_000 { bytes.len() } else { 20 };
    for at in 0..cuts {
        let seen = connection(side).read([&bytes[..at], &bytes[at..]]);
        assert!(seen == whole, "{name}, cut at {at}");
    }
}
