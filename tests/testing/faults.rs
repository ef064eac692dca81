//! One session and its faults: whatever they are, bytes neither get lost nor invented nor out of
//! order, and the session ends once, with the reason.

use std::sync::{Arc, Mutex};

use sockeye::testing::{Faults, Harness, Side};
use sockeye::{CloseReason, raw};

use crate::common::{Echo, Event};
use crate::{Ending, Random, echo, faults, once, reversing};

#[test]
fn an_echo_gives_back_what_it_gets() {
    for seed in 0..400 {
        let mut random = Random(seed);
        let data = random.bytes(1..3000);
        let side = Side::new(raw::server(|_| Echo)).faults(faults(seed));
        let mut peer = Harness::new(side.capacity(random.draw(1..2000)));
        let mut answer = Vec::new();
        for piece in random.cut(&data) {
            answer.extend(peer.feed(piece));
        }
        assert!(answer == data, "seed {seed}: {} of {}", answer.len(), data.len());
        peer.finish();
        assert!(matches!(peer.closed(), Some(CloseReason::Remote)), "seed {seed}");
        let stats = peer.handle().stats();
        let bytes = data.len() as u64;
        assert_eq!((stats.bytes_received, stats.bytes_sent), (bytes, bytes), "seed {seed}");
    }
}

/// A handler with a buffer of its own, which sees other pieces in each run.
#[test]
fn no_fault_changes_what_a_handler_makes_of_the_bytes() {
    for seed in 0..300 {
        let mut random = Random(seed);
        let mut script = random.bytes(1..400);
        script.iter_mut().for_each(|byte| *byte = b"abcdef\n"[usize::from(*byte) % 7]);
        let expected = Harness::new(reversing()).feed(&script);
        let mut peer = Harness::new(Side::new(reversing()).faults(faults(seed)));
        let pieces = random.cut(&script);
        let answer: Vec<u8> = pieces.into_iter().flat_map(|piece| peer.feed(piece)).collect();
        assert!(answer == expected, "seed {seed}: {}", String::from_utf8_lossy(&answer));
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let run = |seed| {
        let pieces = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&pieces);
        let server = raw::server(move |_| {
            let seen = Arc::clone(&seen);
            move |session: &mut raw::Session<'_>, data: &[u8]| {
                seen.lock().unwrap().push((data.to_vec(), session.pending()));
                session.send(data);
            }
        });
        let mut peer = Harness::new(Side::new(server).faults(faults(seed)).capacity(50));
        peer.feed(Random(seed).bytes(500..501));
        drop(peer);
        Arc::into_inner(pieces).unwrap().into_inner().unwrap()
    };
    for seed in 0..20 {
        assert_eq!(run(seed), run(seed), "seed {seed}");
    }
    assert_ne!(run(1), run(2));
}

#[test]
fn an_end_may_come_behind_any_byte() {
    for seed in 0..300 {
        let data = Random(seed).bytes(0..60);
        let (probe, events) = echo();
        let mut peer = Harness::new(Side::new(raw::client(probe)).faults(faults(seed)));
        // Both at once: the session finds the end right behind the data.
        peer.handle().pause();
        peer.feed(&data);
        peer.finish();
        peer.handle().resume();
        let answer = peer.take();
        assert_eq!(answer, data, "seed {seed}");
        assert!(peer.is_finished() && !peer.is_reset(), "seed {seed}");
        let ending = Ending::of(&events);
        assert_eq!(ending.data, data, "seed {seed}");
        assert!(matches!(ending.reasons[..], [CloseReason::Remote]), "seed {seed}");
    }
}

#[test]
fn a_reset_at_any_byte_read_ends_once() {
    for bytes in 0..80 {
        for seed in 0..4 {
            let faults = faults(seed).reset_after_read(bytes);
            let ending = reset_run(faults, &format!("{bytes} bytes, seed {seed}"));
            assert_eq!(ending.data.len() as u64, bytes, "all that was read is handed out");
        }
    }
}

#[test]
fn a_reset_at_any_byte_written_ends_once() {
    for bytes in 0..80 {
        for seed in 0..4 {
            let faults = faults(seed).reset_after_write(bytes);
            let ending = reset_run(faults, &format!("{bytes} bytes, seed {seed}"));
            assert!(ending.data.len() as u64 >= bytes, "only an answer is written");
        }
    }
}

#[test]
fn a_peer_may_reset_behind_any_byte() {
    for bytes in 0..60 {
        let data = Random(bytes).bytes(60..61);
        let (probe, events) = echo();
        let side = Side::new(raw::client(probe)).faults(faults(bytes)).capacity(7);
        let mut peer = Harness::new(side);
        let fed = &data[..bytes as usize];
        assert_eq!(peer.feed(fed), fed);
        peer.reset();
        let ending = Ending::of(&events);
        assert_eq!(ending.data, fed);
        assert!(matches!(ending.reasons[..], [CloseReason::Reset]), "{:?}", ending.reasons);
    }
}

#[test]
fn a_close_sends_all_that_is_queued() {
    for seed in 0..300 {
        let mut random = Random(seed);
        let data = random.bytes(0..2000);
        let closing = once(data.clone(), |session| session.close());
        let side = Side::new(closing).faults(faults(seed)).capacity(random.draw(1..500));
        let mut peer = Harness::new(side);
        peer.pause();
        assert_eq!(peer.feed("go, and some that nobody reads"), b"");
        assert_eq!(peer.resume(), data, "seed {seed}");
        assert!(peer.is_finished() && peer.closed().is_none(), "seed {seed}");
        peer.finish();
        assert!(matches!(peer.closed(), Some(CloseReason::Local)), "seed {seed}");
    }
}

#[test]
fn a_half_close_sends_all_that_is_queued_and_reads_on() {
    for seed in 0..200 {
        let mut random = Random(seed);
        let data = random.bytes(1..500);
        let (probe, events) = echo();
        let mut peer = Harness::new(Side::new(raw::client(probe)).faults(faults(seed)));
        let handle = peer.handle();
        handle.send(&data);
        handle.post(|session| session.finish()).unwrap();
        assert_eq!(peer.take(), data, "seed {seed}");
        assert!(peer.is_finished() && peer.closed().is_none(), "seed {seed}");
        assert_eq!(peer.feed(&data), b"", "seed {seed}: an answer behind the end");
        peer.finish();
        let ending = Ending::of(&events);
        assert!(ending.data == data && ending.reasons.len() == 1, "seed {seed}");
    }
}

#[test]
fn an_abort_invents_nothing() {
    for seed in 0..100 {
        let data = Random(seed).bytes(1..500);
        let aborting = once(data.clone(), |session| session.abort());
        let mut peer = Harness::new(Side::new(aborting).faults(faults(seed)).capacity(40));
        let answer = peer.feed("go");
        assert!(data.starts_with(&answer), "seed {seed}");
        assert!(peer.is_reset(), "seed {seed}");
        assert!(matches!(peer.closed(), Some(CloseReason::Aborted)), "seed {seed}");
    }
}

#[test]
fn what_is_told_of_sending_adds_up() {
    for seed in 0..100 {
        let mut random = Random(seed);
        let data = random.bytes(1..500);
        let (probe, events) = echo();
        let side = Side::new(raw::client(probe)).faults(faults(seed));
        let mut peer = Harness::new(side.capacity(random.draw(1..100)));
        random.cut(&data).into_iter().for_each(|piece| drop(peer.feed(piece)));
        let told: Vec<_> = events
            .rest()
            .into_iter()
            .filter_map(|event| match event {
                Event::Sent { sent, pending } => Some((sent, pending)),
                _ => None,
            })
            .collect();
        assert_eq!(told.iter().map(|(sent, _)| sent).sum::<usize>(), data.len(), "seed {seed}");
        assert_eq!(told.last().map(|(_, pending)| *pending), Some(0), "seed {seed}");
        assert!(told.iter().all(|(sent, _)| *sent > 0), "seed {seed}: {told:?}");
    }
}

/// Feeds an echo whose connection is reset somewhere on the way.
fn reset_run(faults: Faults, run: &str) -> Ending {
    let data = Random(7).bytes(100..101);
    let (probe, events) = echo();
    let mut peer = Harness::new(Side::new(raw::client(probe)).faults(faults).capacity(30));
    let answer: Vec<u8> = data.chunks(9).flat_map(|piece| peer.feed(piece)).collect();
    let ending = Ending::of(&events);
    assert!(data.starts_with(&ending.data), "{run}");
    assert!(ending.data.starts_with(&answer), "{run}");
    assert!(matches!(ending.reasons[..], [CloseReason::Reset]), "{run}: {:?}", ending.reasons);
    assert!(peer.is_reset() && matches!(peer.closed(), Some(CloseReason::Reset)), "{run}");
    ending
}
