//! Messages that this side sends in parts.

use sockeye::testing::Side;
use sockeye::ws::{Kind, Session};
use sockeye::{Limits, Overflow, Sent};

use crate::caller::Caller;
use crate::scribe::{Notes, Scribe};
use crate::wire::{BINARY, CONTINUATION, FIN, Frame, TEXT};

fn caller() -> (Caller, Notes) {
    let (scribe, notes) = Scribe::new();
    (Caller::new(scribe.server()), notes)
}

/// Does this in a job of the session.
fn within(caller: &mut Caller, notes: &Notes, job: fn(&mut Session<'_>)) -> Vec<Frame> {
    notes.handle().post(job).unwrap();
    caller.take()
}

#[test]
fn parts_are_frames_of_one_message() {
    let (mut caller, notes) = caller();
    let frames = within(&mut caller, &notes, |session| {
        assert!(session.begin(Kind::Text, "one ").is_queued());
        assert!(session.go_on("two ").is_queued());
        assert!(session.go_on("").is_queued());
        assert!(session.complete("three").is_queued());
        assert!(session.begin(Kind::Binary, vec![1; 1000]).is_queued());
        assert!(session.complete("").is_queued());
    });
    assert_eq!(
        frames,
        [
            Frame::new(TEXT, "one "),
            Frame::new(CONTINUATION, "two "),
            Frame::new(CONTINUATION, ""),
            Frame::new(FIN | CONTINUATION, "three"),
            Frame::new(BINARY, [1; 1000]),
            Frame::new(FIN | CONTINUATION, ""),
        ]
    );
}

#[test]
fn parts_without_order_are_refused() {
    let (mut caller, notes) = caller();
    let frames = within(&mut caller, &notes, |session| {
        assert_eq!(session.go_on("none was begun"), Sent::Invalid);
        assert_eq!(session.complete("none was begun"), Sent::Invalid);
        assert!(session.begin(Kind::Text, "first").is_queued());
        assert_eq!(session.begin(Kind::Text, "second"), Sent::Invalid);
        assert!(session.complete(" and last").is_queued());
        assert_eq!(session.complete("again"), Sent::Invalid);
    });
    assert_eq!(frames, [Frame::new(TEXT, "first"), Frame::new(FIN | CONTINUATION, " and last")]);
}

#[test]
fn others_wait_for_the_end_and_controls_do_not() {
    let (mut caller, notes) = caller();
    let handle = notes.handle();
    handle.begin(Kind::Text, "be");
    handle.text("waits");
    handle.ping("passes");
    let job = handle.post(|session| {
        assert!(session.binary("waits, too").is_queued());
        assert!(session.binary_shared(vec![7; 600].into()).is_queued());
        assert!(session.pong("passes, too").is_queued());
    });
    job.unwrap();
    let frames = [Frame::new(TEXT, "be"), Frame::ping("passes"), Frame::pong("passes, too")];
    assert_eq!(caller.take(), frames);
    assert_eq!(caller.send(Frame::ping("?")), [Frame::pong("?")]);
    assert!(handle.pending() > 600, "what waits is counted: {}", handle.pending());
    handle.go_on("twe");
    assert_eq!(caller.take(), [Frame::new(CONTINUATION, "twe")]);
    handle.complete("en");
    handle.text("behind");
    assert_eq!(
        caller.take(),
        [
            Frame::new(FIN | CONTINUATION, "en"),
            Frame::text("waits"),
            Frame::binary("waits, too"),
            Frame::binary([7; 600]),
            Frame::text("behind"),
        ]
    );
    assert_eq!(handle.pending(), 0);
}

/// What waits has its place in the queue, and its bounds.
#[test]
fn what_waits_is_bounded() {
    let (scribe, notes) = Scribe::new();
    let limits = Limits::default().queue(1000).overflow(Overflow::Drop);
    let mut caller = Caller::new(Side::new(scribe.server()).limits(limits));
    let handle = notes.handle();
    handle.begin(Kind::Text, "be");
    caller.take();
    let mut queued = 0;
    while handle.binary([0; 98]).is_queued() {
        caller.harness.run();
        queued += 1;
        assert!(queued < 20);
    }
    assert_eq!(queued, 10);
    assert_eq!(handle.binary([0; 98]), Sent::Dropped);
    handle.post(|session| assert_eq!(session.binary([0; 98]), Sent::Dropped)).unwrap();
    caller.take();
    // Its end has room in no case that matters: it is what makes room.
    handle.complete("");
    let frames = caller.take();
    assert_eq!(frames.len(), 11, "{frames:?}");
    assert!(frames[0] == Frame::new(FIN | CONTINUATION, ""));
}

#[test]
fn a_close_does_not_wait() {
    let (mut caller, notes) = caller();
    let handle = notes.handle();
    handle.begin(Kind::Text, "never comp");
    handle.text("waits in vain");
    handle.close(1000, "");
    assert_eq!(caller.take(), [Frame::new(TEXT, "never comp"), Frame::close(1000, "")]);
    caller.send(Frame::close(1000, ""));
    assert!(caller.harness.is_finished());
    caller.finish();
    notes.expect(&["open /", "close 1000: closed by this side with 1000"]);
}

/// A message that is received meanwhile has nothing to do with it.
#[test]
fn both_sides_may_be_in_the_middle() {
    let (scribe, notes) = Scribe::new();
    let mut caller = Caller::new(scribe.echo().server());
    let handle = notes.handle();
    handle.begin(Kind::Binary, "ours ");
    assert_eq!(caller.feed(crate::wire::masked(TEXT, b"theirs ")), [Frame::new(BINARY, "ours ")]);
    handle.complete("ends");
    assert_eq!(caller.take(), [Frame::new(FIN | CONTINUATION, "ends")]);
    let end = crate::wire::masked(FIN | CONTINUATION, b"ends");
    assert_eq!(caller.feed(end), [Frame::text("theirs ends")]);
}
