//! Who is asked whether he is there, and cut off when he is not.

use std::time::Duration;

use sockeye::testing::Side;
use sockeye::ws::{self, Heartbeat};
use sockeye::{CloseReason, Limit, Limits};

use crate::caller::Caller;
use crate::common::{LIMIT, SHORT};
use crate::scribe::{Notes, Scribe};
use crate::wire::{Frame, masked};

fn beating(heartbeat: Heartbeat) -> (Caller, Notes) {
    let (scribe, notes) = Scribe::new();
    let endpoint = scribe.echo().endpoint().heartbeat(heartbeat);
    (Caller::new(ws::server_with(endpoint)), notes)
}

const BEAT: Duration = Duration::from_millis(10);

#[test]
fn who_says_nothing_is_cut_off() {
    for missed in [1, 2, 5] {
        let (mut caller, notes) = beating(Heartbeat::every(BEAT).missed(missed));
        let mut pings = Vec::new();
        while caller.harness.closed().is_none() {
            pings.extend(caller.wait());
        }
        assert_eq!(pings, vec![Frame::ping(""); missed as usize]);
        let reason = caller.closed();
        assert!(matches!(reason, CloseReason::Timeout(Limit::Pong)), "{reason}");
        assert!(caller.harness.is_reset());
        notes.expect(&["open /", "close 1006: the peer did not answer the heartbeats"]);
    }
}

#[test]
fn who_answers_stays() {
    let (mut caller, notes) = beating(Heartbeat::every(BEAT).missed(1));
    for _ in 0..5 {
        assert_eq!(caller.wait(), [Frame::ping("")]);
        caller.send(Frame::pong(""));
    }
    assert!(caller.harness.closed().is_none());
    notes.expect(&["open /", "pong ", "pong ", "pong ", "pong ", "pong "]);
}

/// Bytes of any kind will do, a part of a frame too.
#[test]
fn any_bytes_are_an_answer() {
    let (mut caller, _notes) = beating(Heartbeat::every(BEAT).missed(1));
    let text = Frame::text("slow").masked();
    let mut heard = Vec::new();
    for byte in &text[..text.len() - 1] {
        assert_eq!(caller.wait(), [Frame::ping("")]);
        heard.extend(caller.feed([*byte]));
    }
    heard.extend(caller.feed(&text[text.len() - 1..]));
    assert!(heard.contains(&Frame::text("slow")));
}

/// A session that reads nothing cannot know of an answer.
#[test]
fn who_is_not_listened_to_is_not_cut_off() {
    let (scribe, notes) = Scribe::new();
    let scribe = scribe.on_message(|session, _| session.pause());
    let endpoint = scribe.endpoint().heartbeat(Heartbeat::every(BEAT).missed(1));
    let mut caller = Caller::new(ws::server_with(endpoint));
    caller.send(Frame::text("pause"));
    let mut pings = 0;
    while pings < 5 {
        let frames = caller.wait();
        assert!(!frames.is_empty(), "{:?}", caller.harness.closed());
        pings += frames.len();
        frames.iter().for_each(|_| drop(caller.send(Frame::pong(""))));
    }
    notes.handle().resume();
    caller.harness.run();
    assert!(caller.harness.closed().is_none());
}

/// It is no activity of the peer's that keeps it alive, however much is sent to it.
#[test]
fn who_does_not_read_is_cut_off() {
    let (scribe, notes) = Scribe::new();
    let endpoint = scribe.endpoint().heartbeat(Heartbeat::every(BEAT).missed(2));
    let limits = Limits::default().queue(2000).marks(100, 200);
    let mut caller = Caller::new(Side::new(ws::server_with(endpoint)).limits(limits).capacity(64));
    caller.harness.pause();
    notes.handle().binary([0; 1900]);
    let reason = caller.closed();
    assert!(matches!(reason, CloseReason::Timeout(Limit::Pong)), "{reason}");
}

#[test]
fn without_one_nobody_is_asked() {
    let (scribe, _notes) = Scribe::new();
    let endpoint = scribe.endpoint().heartbeat(Heartbeat::every(BEAT)).heartbeat(None);
    let mut caller = Caller::new(ws::server_with(endpoint));
    assert!(!caller.harness.run_until(SHORT, |peer| !peer.take().is_empty()));
}

/// Of a conversation that ends, nobody asks any more.
#[test]
fn a_closing_session_is_not_pinged() {
    let (mut caller, notes) = beating(Heartbeat::every(BEAT));
    notes.handle().close(1000, "");
    let mut heard = caller.take();
    let mut more = Vec::new();
    caller.harness.run_until(SHORT, |peer| {
        more.extend(peer.take());
        false
    });
    heard.extend(Frame::all(more));
    assert_eq!(heard.last(), Some(&Frame::close(1000, "")));
    caller.feed(masked(0x88, &1000u16.to_be_bytes()));
    assert!(caller.harness.run_until(LIMIT, |peer| peer.is_finished()));
}
