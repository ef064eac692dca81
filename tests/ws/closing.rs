//! How conversations end: who says goodbye, with what words, and who does not.

use std::time::Duration;

use sockeye::http::Method;
use sockeye::middleware::{Rate, RateLimit};
use sockeye::testing::{Harness, Side};
use sockeye::ws::{self, Message, Session};
use sockeye::{Limits, Server};

use crate::answer::Answer;
use crate::caller::{Caller, Line};
use crate::common::{LIMIT, Peer, SHORT, Setting, narrow};
use crate::request::Ask;
use crate::scribe::{Notes, Scribe, echo};
use crate::wire::{CONTINUATION, FIN, Frame, TEXT, all_masked, masked};
use crate::{on_all_streams, on_streams_with_resets};

on_all_streams!(
    this_side_closes_and_ends_the_stream_first,
    the_peer_closes_and_is_answered,
    what_is_queued_goes_before_the_close,
    a_shutdown_says_goodbye_to_all,
    an_end_without_a_close_is_told_apart,
);
on_streams_with_resets!(a_reset_is_told_apart);

fn this_side_closes_and_ends_the_stream_first(setting: Setting) {
    let service = setting.service();
    let (scribe, notes) = Scribe::new();
    let server = setting.serve(&service, scribe.server());
    let mut line = Line::new(&server);
    notes.handle().close(4000, "enough");
    line.expect(&Frame::close(4000, "enough"));
    line.send(&Frame::close(4000, ""));
    line.0.expect_end();
    drop(line);
    assert_eq!(notes.close(), "4000: closed by this side with 4000: enough");
}

fn the_peer_closes_and_is_answered(setting: Setting) {
    let service = setting.service();
    let (protocol, notes) = echo();
    let server = setting.serve(&service, protocol);
    let mut line = Line::new(&server);
    line.0.send(all_masked(&[Frame::text("last words"), Frame::close(1001, "leaving")]));
    line.expect(&Frame::text("last words"));
    line.expect(&Frame::close(1001, ""));
    line.0.expect_end();
    drop(line);
    assert_eq!(notes.close(), "1001: closed by the peer with 1001: leaving");
}

fn what_is_queued_goes_before_the_close(setting: Setting) {
    let service = setting.service();
    let (scribe, notes) = Scribe::new();
    let data = vec![b'x'; 1 << 20];
    let queued = data.clone();
    let scribe = scribe.on_message(move |session, _| {
        assert!(session.binary(&queued).is_queued());
        session.close(1000, "done");
        assert!(!session.text("more").is_queued());
        assert!(!session.ping("").is_queued());
    });
    let builder = Server::builder(&service, scribe.server());
    let server = setting.listen(narrow(builder));
    let mut line = Line::of(Peer::narrow(&server), &Ask::new("/"));
    line.send(&Frame::text("go"));
    assert!(line.frame() == Frame::binary(&data), "all of it");
    line.expect(&Frame::close(1000, "done"));
    line.send(&Frame::close(1000, ""));
    line.0.expect_end();
    drop(line);
    assert_eq!(notes.close(), "1000: closed by this side with 1000: done");
}

fn a_shutdown_says_goodbye_to_all(setting: Setting) {
    let service = setting.service();
    let (scribe, notes) = Scribe::new();
    let server = setting.serve(&service, scribe.server());
    let mut lines = [(); 3].map(|()| Line::new(&server));
    let shutting = {
        let server = Server::clone(&server);
        std::thread::spawn(move || server.shutdown(LIMIT))
    };
    for line in &mut lines {
        line.expect(&Frame::close(1001, ""));
        line.send(&Frame::close(1001, ""));
        line.0.expect_end();
    }
    drop(lines);
    shutting.join().unwrap().unwrap();
    for _ in 0..3 {
        assert_eq!(notes.close(), "1001: shut down");
    }
}

fn an_end_without_a_close_is_told_apart(setting: Setting) {
    let service = setting.service();
    let (protocol, notes) = echo();
    let server = setting.serve(&service, protocol);
    let mut line = Line::new(&server);
    line.0.send([Frame::text("whole").masked(), masked(TEXT, b"half")].concat());
    line.expect(&Frame::text("whole"));
    line.0.finish();
    line.0.expect_end();
    drop(line);
    assert_eq!(notes.close(), "1006: cut off without a goodbye");
}

fn a_reset_is_told_apart(setting: Setting) {
    let service = setting.service();
    let (protocol, notes) = echo();
    let server = setting.serve(&service, protocol);
    let mut line = Line::new(&server);
    line.send(&Frame::text("here"));
    line.expect(&Frame::text("here"));
    line.0.reset();
    assert_eq!(notes.close(), "1006: reset by the peer");
}

/// A caller, its session, and what happens to that.
fn opened(protocol: impl Into<Side>, notes: &Notes) -> (Caller, ws::Handle) {
    let caller = Caller::new(protocol);
    let handle = notes.handle();
    notes.expect(&["open /"]);
    (caller, handle)
}

fn silent() -> (ws::ServerProtocol, Notes) {
    let (scribe, notes) = Scribe::new();
    (scribe.server(), notes)
}

#[test]
fn the_peers_code_is_given_back() {
    for code in [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000,
        4999,
    ] {
        let (protocol, notes) = silent();
        let (mut caller, _) = opened(protocol, &notes);
        assert_eq!(caller.send(Frame::close(code, "why")), [Frame::close(code, "")]);
        assert!(caller.harness.is_finished());
        caller.finish();
        notes.expect(&[&format!("close {code}: closed by the peer with {code}: why")]);
    }
    let (protocol, notes) = silent();
    let (mut caller, _) = opened(protocol, &notes);
    assert_eq!(caller.send(Frame::bare_close()), [Frame::bare_close()]);
    caller.finish();
    notes.expect(&["close 1005: closed by the peer with 1005"]);
}

#[test]
fn nothing_is_heard_behind_a_close() {
    let (protocol, notes) = echo();
    let (mut caller, handle) = opened(protocol, &notes);
    let late = [Frame::text("late"), Frame::ping("late"), Frame::close(4001, "second")];
    let bytes = [Frame::close(1000, "").masked(), all_masked(&late), vec![0xFF; 100]].concat();
    assert_eq!(caller.feed(bytes), [Frame::close(1000, "")]);
    assert!(!handle.text("late").is_queued());
    assert_eq!(caller.send(Frame::text("later")), []);
    caller.finish();
    notes.expect(&["close 1000: closed by the peer with 1000"]);
    assert_eq!(notes.rest(), [""; 0]);
}

#[test]
fn what_does_not_fit_into_a_close_is_cut_off() {
    let table = [
        ("x".repeat(123), 123),
        ("x".repeat(124), 123),
        ("ä".repeat(100), 122),
        ("x".to_owned() + &"€".repeat(100), 121),
        ("🐟".repeat(1000), 120),
        ("xxx".to_owned() + &"🐟".repeat(1000), 123),
    ];
    for (words, kept) in table {
        let (protocol, notes) = silent();
        let (mut caller, handle) = opened(protocol, &notes);
        handle.close(1000, &*words);
        assert_eq!(caller.take(), [Frame::close(1000, &words[..kept])]);
        caller.send(Frame::close(1000, ""));
        caller.finish();
        assert_eq!(notes.close(), format!("1000: closed by this side with 1000: {words}"));
    }
}

#[test]
fn a_code_that_may_not_be_sent_is_not() {
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
        let (protocol, notes) = silent();
        let (mut caller, handle) = opened(protocol, &notes);
        handle.close(code, "so");
        assert_eq!(caller.take(), [Frame::close(1011, "so")], "{code}");
    }
}

/// Both sides close at the same time: neither is answered.
#[test]
fn closes_that_cross_end_it() {
    let (protocol, notes) = silent();
    let (mut caller, handle) = opened(protocol, &notes);
    caller.harness.pause();
    handle.close(1000, "ours");
    caller.send(Frame::close(4001, "theirs"));
    assert_eq!(caller.resume(), [Frame::close(1000, "ours")]);
    assert!(caller.harness.is_finished());
    caller.finish();
    assert_eq!(notes.close(), "1000: closed by this side with 1000: ours");
}

/// The peer's close is there already when the handler closes, in the same read or held back.
#[test]
fn a_close_that_has_been_read_is_no_less_heard() {
    let closing = |session: &mut Session<'_>, _: Message<'_>| session.close(1000, "ours");
    let more = [Frame::text("go"), Frame::text("unheard"), Frame::close(1000, "theirs")];
    let bytes = all_masked(&more);
    for cut in 0..=bytes.len() {
        let (scribe, notes) = Scribe::new();
        let (mut caller, _) = opened(scribe.on_message(closing).server(), &notes);
        let mut frames = caller.feed(&bytes[..cut]);
        frames.extend(caller.feed(&bytes[cut..]));
        assert_eq!(frames, [Frame::close(1000, "ours")], "cut at {cut}");
        assert!(caller.harness.is_finished(), "cut at {cut}: it waits for what has come");
        caller.finish();
        notes.expect(&["text go", "close 1000: closed by this side with 1000: ours"]);
    }
    let (scribe, notes) = Scribe::new();
    let pausing = |session: &mut Session<'_>, _: Message<'_>| session.pause();
    let (mut caller, handle) = opened(scribe.on_message(pausing).server(), &notes);
    assert_eq!(caller.feed(&bytes), []);
    handle.close(1000, "ours");
    assert_eq!(caller.take(), [Frame::close(1000, "ours")]);
    assert!(caller.harness.is_finished());
}

/// What comes while the answer is awaited is not for the handler, and its close is found anywhere.
#[test]
fn an_answer_may_come_behind_other_frames() {
    let (protocol, notes) = echo();
    let (mut caller, handle) = opened(protocol, &notes);
    caller.feed(masked(TEXT, b"be"));
    handle.close(1000, "");
    assert_eq!(caller.take(), [Frame::close(1000, "")]);
    let frames = [masked(FIN | CONTINUATION, b"gun"), Frame::ping("?").masked()].concat();
    assert_eq!(caller.feed(frames), []);
    assert!(!caller.harness.is_finished());
    for byte in Frame::close(1000, "").masked() {
        caller.feed([byte]);
    }
    assert!(caller.harness.is_finished());
    caller.finish();
    notes.expect(&["close 1000: closed by this side with 1000"]);
}

#[test]
fn who_answers_a_close_with_nonsense_is_not_waited_for() {
    let (protocol, notes) = silent();
    let (mut caller, handle) = opened(protocol, &notes);
    handle.close(1000, "");
    caller.take();
    assert_eq!(caller.feed([0xFF; 10]), []);
    assert!(caller.harness.is_finished());
    caller.finish();
    notes.expect(&["close 1000: closed by this side with 1000"]);
}

#[test]
fn who_does_not_answer_is_waited_for_so_long() {
    let (protocol, notes) = silent();
    let limits = Limits::default().close(SHORT);
    let (mut caller, handle) = opened(Side::new(protocol).limits(limits), &notes);
    handle.close(1000, "");
    assert_eq!(caller.take(), [Frame::close(1000, "")]);
    caller.closed();
    assert!(caller.harness.is_reset() || caller.take().is_empty());
    notes.expect(&["close 1006: the peer did not answer the goodbye in time"]);
}

#[test]
fn who_does_not_read_is_waited_for_so_long() {
    let (protocol, notes) = silent();
    let limits = Limits::default().close(SHORT);
    let side = Side::new(protocol).limits(limits).capacity(64);
    let (mut caller, handle) = opened(side, &notes);
    caller.harness.pause();
    handle.binary([0; 1000]);
    handle.close(1000, "");
    caller.closed();
    notes.expect(&["close 1006: the peer did not take the rest in time"]);
}

/// How this side may end it, what the peer is told, and what the handler.
type Way = (fn(&ws::Handle), u16, &'static str, &'static str);

const WAYS: &[Way] = &[
    (|handle| (**handle).close(), 1000, "", "1000: closed by this side"),
    (
        |handle| drop(handle.post(|session| (**session).close())),
        1000,
        "",
        "1000: closed by this side",
    ),
    (
        |handle| drop(handle.post(|session| session.close_because("no reason"))),
        1000,
        "no reason",
        "1000: no reason",
    ),
    (
        |handle| drop(handle.post(|session| session.close(3001, "in a job"))),
        3001,
        "in a job",
        "3001: closed by this side with 3001: in a job",
    ),
    (
        |handle| {
            handle.close(4000, "first");
            handle.close(4001, "second");
        },
        4000,
        "first",
        "4000: closed by this side with 4000: first",
    ),
];

#[test]
fn each_way_to_close_has_its_code() {
    for (close, code, words, reason) in WAYS {
        let (protocol, notes) = silent();
        let (mut caller, handle) = opened(protocol, &notes);
        close(&handle);
        assert_eq!(caller.take(), [Frame::close(*code, words)], "{reason}");
        assert!(!caller.harness.is_finished(), "the answer is awaited");
        caller.send(Frame::close(*code, ""));
        assert!(caller.harness.is_finished());
        caller.finish();
        assert_eq!(notes.close(), *reason);
    }
}

#[test]
fn an_idle_peer_is_told() {
    let (protocol, notes) = silent();
    let limits = Limits::default().idle(SHORT);
    let (mut caller, _) = opened(Side::new(protocol).limits(limits), &notes);
    assert_eq!(caller.wait(), [Frame::close(1001, "idle for too long")]);
    caller.send(Frame::close(1001, ""));
    caller.finish();
    notes.expect(&["close 1001: idle for too long"]);
}

#[test]
fn who_sends_too_much_is_told() {
    let (scribe, notes) = Scribe::new();
    let rate = Rate::new(1, Duration::from_secs(3600)).burst(2);
    let protocol = scribe.echo().server().with(RateLimit::per_session(rate));
    let (mut caller, _) = opened(protocol, &notes);
    let frames = ["one", "two", "three", "four"].map(Frame::text);
    let heard = caller.feed(all_masked(&frames));
    let told = Frame::close(1008, "the peer has sent too much in the time");
    assert_eq!(heard, [Frame::text("one"), Frame::text("two"), told]);
    caller.send(Frame::close(1008, ""));
    caller.finish();
    notes.expect(&["text one", "text two"]);
    assert_eq!(notes.close(), "1008: the peer has sent too much in the time");
}

/// A job of the program's own is no goodbye.
#[test]
fn an_abort_says_nothing() {
    let (protocol, notes) = silent();
    let (mut caller, handle) = opened(protocol, &notes);
    handle.abort();
    assert_eq!(caller.take(), []);
    assert!(caller.harness.is_reset());
    notes.expect(&["close 1006: aborted by this side"]);
}

#[test]
fn a_close_that_came_with_the_request_is_heard() {
    let (scribe, _notes) = Scribe::new();
    let scribe = scribe.on_open(|session, _| session.close(4000, "no"));
    let mut peer = Harness::new(scribe.server());
    let heard = peer.feed([Ask::new("/").bytes(), Frame::close(1000, "").masked()].concat());
    let mut rest = &*heard;
    assert_eq!(Answer::take(&mut rest, Method::Get).status, 101);
    assert_eq!(Frame::all(rest), [Frame::close(4000, "no")]);
    assert!(peer.is_finished(), "there is nothing to wait for");
}

#[test]
fn closing_in_on_open_is_obeyed() {
    let (scribe, notes) = Scribe::new();
    let scribe = scribe.on_open(|session, _| {
        session.text("sorry");
        session.close(1013, "later");
    });
    let bytes = [Ask::new("/").bytes(), Frame::text("unheard").masked()].concat();
    let mut harness = Harness::new(scribe.server());
    let heard = harness.feed(bytes);
    let at = heard.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(Frame::all(&heard[at..]), [Frame::text("sorry"), Frame::close(1013, "later")]);
    harness.feed(Frame::close(1013, "").masked());
    assert!(harness.is_finished());
    harness.finish();
    notes.expect(&["open /", "close 1013: closed by this side with 1013: later"]);
}

#[test]
fn a_panic_ends_its_session() {
    let (scribe, notes) = Scribe::new();
    let scribe = scribe.on_message(|_, _| panic!("as told"));
    let (mut caller, _) = opened(scribe.server(), &notes);
    caller.send(Frame::text("go"));
    assert!(caller.harness.is_reset());
    notes.expect(&["text go"]);
    let reason = notes.close();
    assert!(reason.starts_with("1006: ") && reason.contains("as told"), "{reason}");
}

/// Also if it is the first callback: who is told of the beginning is told of the end.
#[test]
fn a_panic_in_on_open_does_so_too() {
    let (scribe, notes) = Scribe::new();
    let scribe = scribe.on_open(|_, _| panic!("as told"));
    let mut harness = Harness::new(scribe.server());
    harness.feed(Ask::new("/").bytes());
    assert!(harness.closed().is_some());
    assert_eq!(notes.rest().len(), 2, "open and close");
}
