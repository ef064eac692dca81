//! What `sockeye::testing` offers, and what it shows: sessions whose network does its worst.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod backpressure;
mod faults;
mod harness;
mod names;
mod pairs;
mod sequences;

use std::ops::Range;

use sockeye::testing::Faults;
use sockeye::{CloseReason, raw};

use common::{Event, Events, Probe};

/// What a session's handler was told, as a whole.
#[derive(Default)]
struct Ending {
    data: Vec<u8>,
    reasons: Vec<CloseReason>,
}

impl Ending {
    /// What has been told so far.
    fn of(events: &Events) -> Self {
        let mut ending = Self::default();
        events.rest().into_iter().for_each(|event| ending.add(event));
        ending
    }

    /// What is told up to the close, and whatever is wrongly told behind it.
    fn awaited(events: &Events) -> Self {
        let mut ending = Self::default();
        while ending.reasons.is_empty() {
            ending.add(events.next());
        }
        let rest = Self::of(events);
        ending.data.extend(rest.data);
        ending.reasons.extend(rest.reasons);
        ending
    }

    fn add(&mut self, event: Event) {
        match event {
            Event::Data(data) => {
                assert!(self.reasons.is_empty(), "data behind the close");
                self.data.extend(data);
            }
            Event::Close(reason) => self.reasons.push(reason),
            Event::Open(_) | Event::Sent { .. } | Event::Drain | Event::End => {}
        }
    }
}

/// An echo that tells the test what happens to it.
fn echo() -> (Probe, Events) {
    let (probe, events) = Probe::new();
    (probe.echo(), events)
}

/// Answers the first bytes it gets, and then does something final.
fn once(
    answer: Vec<u8>,
    end: impl Fn(&mut raw::Session<'_>) + Clone + Send + Sync + 'static,
) -> raw::ServerProtocol {
    raw::server(move |_| {
        let (mut answer, end) = (answer.clone(), end.clone());
        move |session: &mut raw::Session<'_>, _: &[u8]| {
            session.send(std::mem::take(&mut answer));
            end(session);
        }
    })
}

/// Answers each line with the line reversed.
fn reversing() -> raw::ServerProtocol {
    raw::server(|_| {
        let mut line = Vec::new();
        move |session: &mut raw::Session<'_>, data: &[u8]| {
            for &byte in data {
                if byte == b'\n' {
                    line.reverse();
                    line.push(byte);
                    session.send(std::mem::take(&mut line));
                } else {
                    line.push(byte);
                }
            }
        }
    })
}

/// Everything that may go wrong without an end, more of it or less.
fn faults(seed: u64) -> Faults {
    let mut random = Random(seed ^ 0x5eed);
    let percent = random.draw(0..101) as u8;
    let faults = Faults::seeded(seed).would_block(percent);
    let faults = faults.short_reads(random.draw(1..40)).short_writes(random.draw(1..40));
    match seed % 4 {
        0 => Faults::seeded(seed).short_reads(random.draw(1..9)),
        1 => Faults::seeded(seed).short_writes(random.draw(1..9)).would_block(percent),
        _ => faults,
    }
}

/// A small generator (an LCG's upper bits; Knuth's MMIX constants): the same numbers everywhere.
struct Random(u64);

impl Random {
    fn draw(&mut self, range: Range<usize>) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        range.start + (self.0 >> 33) as usize % range.len()
    }

    fn bytes(&mut self, len: Range<usize>) -> Vec<u8> {
        let len = self.draw(len);
        (0..len).map(|_| self.draw(0..256) as u8).collect()
    }

    /// Cuts into pieces of 1 byte to a quarter of the whole and more.
    fn cut<'a>(&mut self, mut data: &'a [u8]) -> Vec<&'a [u8]> {
        let most = 2 + data.len() / 4;
        let mut pieces = Vec::new();
        while !data.is_empty() {
            let (piece, rest) = data.split_at(self.draw(1..most).min(data.len()));
            pieces.push(piece);
            data = rest;
        }
        pieces
    }
}
