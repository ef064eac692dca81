//! Peers that do not read: the bounds hold, whatever the stream does besides.

use std::sync::{Arc, Mutex};

use sockeye::testing::{Harness, Side};
use sockeye::{CloseReason, Limits, Overflow, Sent, raw};

use crate::{Ending, Random, echo, faults};

/// Under `Wait` the session reads no more than it can keep, and loses nothing of it.
#[test]
fn backpressure_bounds_an_echo_that_looks_at_nothing() {
    const CAPACITY: usize = 300;
    const HIGH: usize = 1000;
    for seed in 0..100 {
        let mut random = Random(seed);
        let data = random.bytes(5000..10_000);
        let most = Arc::new(Mutex::new(0));
        let seen = Arc::clone(&most);
        let echo = raw::server(move |_| {
            let seen = Arc::clone(&seen);
            move |session: &mut raw::Session<'_>, data: &[u8]| {
                session.send(data);
                let mut most = seen.lock().unwrap();
                *most = session.pending().max(*most);
            }
        });
        let limits = Limits::default().marks(random.draw(0..HIGH), HIGH);
        let side = Side::new(echo).limits(limits).faults(faults(seed)).capacity(CAPACITY);
        let mut peer = Harness::new(side);
        let mut answer = Vec::new();
        for piece in random.cut(&data) {
            peer.pause();
            answer.extend(peer.feed(piece));
            if random.draw(0..2) == 0 {
                answer.extend(peer.resume());
            }
        }
        answer.extend(peer.resume());
        assert!(answer == data, "seed {seed}: {} of {}", answer.len(), data.len());
        let most = *most.lock().unwrap();
        assert!(most <= HIGH + CAPACITY, "seed {seed}: {most} bytes queued");
    }
}

/// Under `Wait` nothing is read that an echo would have no room for.
#[test]
fn an_echo_never_overflows_however_small_its_queue() {
    for seed in 0..100 {
        let mut random = Random(seed);
        let data = random.bytes(1000..3000);
        let (probe, events) = echo();
        let queue = random.draw(1..500);
        let limits = Limits::default().queue(queue).marks(random.draw(0..500), random.draw(0..500));
        let side = Side::new(raw::client(probe)).limits(limits).faults(faults(seed));
        let mut peer = Harness::new(side.capacity(random.draw(1..2000)));
        let mut answer = Vec::new();
        for piece in random.cut(&data) {
            peer.pause();
            peer.feed(piece);
            assert!(peer.handle().pending() <= queue, "seed {seed}");
            answer.extend(peer.resume());
        }
        answer.extend(peer.finish());
        assert!(answer == data, "seed {seed}: {} of {}", answer.len(), data.len());
        let reasons = Ending::of(&events).reasons;
        assert!(matches!(reasons[..], [CloseReason::Remote]), "seed {seed}: {reasons:?}");
    }
}

/// A handler that sends until it is told not to, and goes on in `on_drain`.
#[test]
fn a_sender_that_heeds_the_marks_comes_to_its_end() {
    for seed in 0..100 {
        let mut random = Random(seed);
        let data = random.bytes(2000..5000);
        let (low, high) = (random.draw(0..200), random.draw(200..500));
        let limits = Limits::default().queue(high + Sender::PIECE).marks(low, high);
        let sender = Sender { data: data.clone(), next: 0 };
        let side = Side::new(raw::client(sender)).limits(limits).faults(faults(seed));
        let mut peer = Harness::new(side.capacity(random.draw(1..300)));
        let mut answer = Vec::new();
        peer.pause();
        answer.extend(peer.feed("what is read meanwhile changes nothing"));
        answer.extend(peer.resume());
        assert!(answer == data, "seed {seed}: {} of {}", answer.len(), data.len());
        assert!(peer.closed().is_none(), "seed {seed}: {:?}", peer.closed());
    }
}

#[test]
fn messages_are_dropped_whole_and_counted() {
    const RECORD: usize = 8;
    for seed in 0..100 {
        let mut random = Random(seed);
        let queue = random.draw(RECORD..500);
        let limits = Limits::default().queue(queue).overflow(Overflow::Drop);
        let side = Side::new(raw::client(raw::Discard)).limits(limits).faults(faults(seed));
        let mut peer = Harness::new(side.capacity(random.draw(1..100)));
        let handle = peer.handle();
        let (mut queued, mut dropped, mut answer) = (Vec::new(), 0, Vec::new());
        peer.pause();
        for number in 0..300u64 {
            let record = number.to_be_bytes();
            match handle.send(record) {
                Sent::Dropped => dropped += 1,
                sent => {
                    assert!(sent.is_queued(), "seed {seed}: {sent:?}");
                    queued.extend(record);
                }
            }
            assert!(handle.pending() <= queue, "seed {seed}: {} queued", handle.pending());
            match random.draw(0..20) {
                _ if number < 100 => {}
                0 => peer.pause(),
                1 => answer.extend(peer.resume()),
                2 => answer.extend(peer.take()),
                _ => {}
            }
        }
        answer.extend(peer.resume());
        assert!(answer == queued, "seed {seed}: {} of {}", answer.len(), queued.len());
        assert!(dropped > 0, "seed {seed}: the bound was never met");
        assert_eq!(handle.stats().dropped, dropped, "seed {seed}");
    }
}

#[test]
fn an_overflow_disconnects_once_and_sends_nothing_more() {
    for seed in 0..100 {
        let mut random = Random(seed);
        let queue = random.draw(1..1000);
        let data = random.bytes(2000..4000);
        let (probe, events) = echo();
        let limits = Limits::default().queue(queue).overflow(Overflow::Disconnect);
        let side = Side::new(raw::client(probe)).limits(limits).faults(faults(seed));
        let mut peer = Harness::new(side.capacity(random.draw(1..100)));
        peer.pause();
        let pieces = random.cut(&data);
        pieces.into_iter().for_each(|piece| drop(peer.feed(piece)));
        let answer = peer.resume();
        assert!(data.starts_with(&answer), "seed {seed}");
        let ending = Ending::of(&events);
        assert!(data.starts_with(&ending.data), "seed {seed}");
        let reasons = &ending.reasons;
        assert!(matches!(reasons[..], [CloseReason::Overflow]), "seed {seed}: {reasons:?}");
        assert!(peer.is_reset(), "seed {seed}");
    }
}

#[test]
fn an_overflow_by_a_handle_disconnects_too() {
    for seed in 0..50 {
        let (probe, events) = echo();
        let limits = Limits::default().queue(100).overflow(Overflow::Disconnect);
        let side = Side::new(raw::client(probe)).limits(limits).faults(faults(seed)).capacity(20);
        let mut peer = Harness::new(side);
        peer.pause();
        peer.feed("kept in the socket");
        let handle = peer.handle();
        let sent: Vec<_> = (0..20).map(|_| handle.send([7; 10])).collect();
        let taken = sent.iter().take_while(|sent| sent.is_queued()).count();
        assert!((8..=10).contains(&taken), "seed {seed}: {taken} taken");
        assert!(sent[taken..].iter().all(|sent| !sent.is_queued()), "seed {seed}: {sent:?}");
        assert_eq!(sent[taken], Sent::Overflow, "seed {seed}");
        peer.run();
        assert_eq!(handle.send("too late"), Sent::Closed, "seed {seed}");
        assert_eq!(peer.resume(), b"", "seed {seed}");
        let reasons = Ending::of(&events).reasons;
        assert!(matches!(reasons[..], [CloseReason::Overflow]), "seed {seed}: {reasons:?}");
        assert!(peer.is_reset(), "seed {seed}");
    }
}

/// Sends its data in small pieces, each time as far as the marks allow.
struct Sender {
    data: Vec<u8>,
    next: usize,
}

impl Sender {
    const PIECE: usize = 30;

    fn go_on(&mut self, session: &mut raw::Session<'_>) {
        while self.next < self.data.len() {
            let end = (self.next + Self::PIECE).min(self.data.len());
            let sent = session.send(&self.data[self.next..end]);
            assert!(sent.is_queued(), "{sent:?} with {} bytes queued", session.pending());
            self.next = end;
            if sent == Sent::Congested {
                return;
            }
        }
    }
}

impl raw::Handler for Sender {
    fn on_open(&mut self, session: &mut raw::Session<'_>) {
        self.go_on(session);
    }

    fn on_data(&mut self, _session: &mut raw::Session<'_>, _data: &[u8]) {}

    fn on_drain(&mut self, session: &mut raw::Session<'_>) {
        self.go_on(session);
    }
}
