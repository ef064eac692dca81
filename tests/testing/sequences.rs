//! Whatever a program and a peer do, in whatever order: every byte arrives once, and so does the
//! end.

use proptest::collection::vec;
use proptest::prelude::*;
use sockeye::testing::{Harness, Side};
use sockeye::{CloseReason, Limits, raw};

use crate::common::Events;
use crate::{Ending, echo, faults};

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_byte_and_the_end_come_once(
        operations in vec(operation(), 0..40),
        last in last(),
        seed in 0..1000u64,
        capacity in 1..200usize,
        high in 1..400usize,
    ) {
        let mut run = Run::new(seed, capacity, high);
        for operation in &operations {
            run.perform(operation);
        }
        run.end(last);
    }
}

#[derive(Clone, Debug)]
enum Operation {
    /// The peer sends so many bytes, which are to be echoed.
    Feed(usize),
    /// The program sends so many bytes of its own.
    Send(usize),
    /// The same, from within a callback.
    Post(usize),
    PausePeer,
    ResumePeer,
    PauseSession,
    ResumeSession,
}

/// How it ends.
#[derive(Clone, Copy, Debug)]
enum Last {
    Finish,
    HalfClose,
    Close,
    Reset,
    Abort,
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        6 => (1..300usize).prop_map(Operation::Feed),
        3 => (1..200usize).prop_map(Operation::Send),
        2 => (1..200usize).prop_map(Operation::Post),
        1 => Just(Operation::PausePeer),
        1 => Just(Operation::ResumePeer),
        1 => Just(Operation::PauseSession),
        1 => Just(Operation::ResumeSession),
    ]
}

fn last() -> impl Strategy<Value = Last> {
    use Last::{Abort, Close, Finish, HalfClose, Reset};
    prop_oneof![Just(Finish), Just(HalfClose), Just(Close), Just(Reset), Just(Abort)]
}

/// Bytes below 128 come from the peer, the others from the program; each are counted upwards.
struct Run {
    peer: Harness,
    events: Events,
    fed: usize,
    sent: usize,
    answer: Vec<u8>,
}

impl Run {
    fn new(seed: u64, capacity: usize, high: usize) -> Self {
        let (probe, events) = echo();
        let limits = Limits::default().marks(high / 2, high);
        let side = Side::new(raw::client(probe)).faults(faults(seed)).limits(limits);
        let peer = Harness::new(side.capacity(capacity));
        Self { peer, events, fed: 0, sent: 0, answer: Vec::new() }
    }

    fn perform(&mut self, operation: &Operation) {
        let handle = self.peer.handle();
        match *operation {
            Operation::Feed(count) => {
                let data = numbers(self.fed..self.fed + count, 0);
                self.fed += count;
                self.answer.extend(self.peer.feed(data));
            }
            Operation::Send(count) => assert!(handle.send(self.next(count)).is_queued()),
            Operation::Post(count) => {
                let data = self.next(count);
                handle.post(move |session| assert!(session.send(data).is_queued())).unwrap();
            }
            Operation::PausePeer => self.peer.pause(),
            Operation::ResumePeer => self.answer.extend(self.peer.resume()),
            Operation::PauseSession => handle.pause(),
            Operation::ResumeSession => handle.resume(),
        }
        self.answer.extend(self.peer.take());
    }

    fn end(mut self, last: Last) {
        let handle = self.peer.handle();
        match last {
            Last::Finish => {
                self.resume();
                self.answer.extend(self.peer.finish());
            }
            Last::HalfClose => {
                self.resume();
                handle.post(|session| session.finish()).unwrap();
                self.answer.extend(self.peer.take());
                assert!(self.peer.is_finished() && self.peer.closed().is_none());
                self.peer.finish();
            }
            Last::Close => {
                handle.close();
                self.resume();
                assert!(self.peer.is_finished() && self.peer.closed().is_none());
                self.peer.finish();
            }
            Last::Reset => {
                handle.resume();
                self.answer.extend(self.peer.reset());
            }
            Last::Abort => {
                handle.abort();
                self.answer.extend(self.peer.resume());
            }
        }
        self.check(last);
    }

    fn check(self, last: Last) {
        let ending = Ending::of(&self.events);
        let as_expected = |reason: &CloseReason| match last {
            Last::Finish | Last::HalfClose => matches!(reason, CloseReason::Remote),
            Last::Close => matches!(reason, CloseReason::Local),
            Last::Reset => matches!(reason, CloseReason::Reset),
            Last::Abort => matches!(reason, CloseReason::Aborted),
        };
        let [reason] = &ending.reasons[..] else { panic!("{:?}", ending.reasons) };
        assert!(as_expected(reason), "{reason:?}");
        assert_eq!(ending.data, numbers(0..ending.data.len(), 0), "what the handler got");
        let (sent, echoed): (Vec<u8>, Vec<u8>) = self.answer.iter().partition(|byte| **byte > 127);
        assert_eq!(sent, numbers(0..sent.len(), 128), "what the program sent");
        assert_eq!(echoed, ending.data[..echoed.len()], "what was echoed");
        if matches!(last, Last::Reset | Last::Abort) {
            return;
        }
        assert_eq!(sent.len(), self.sent, "all that the program sent");
        assert_eq!(echoed.len(), ending.data.len(), "all that was answered");
        if !matches!(last, Last::Close) {
            assert_eq!(echoed.len(), self.fed, "all that the peer sent");
        }
    }

    fn resume(&mut self) {
        self.peer.handle().resume();
        self.answer.extend(self.peer.resume());
    }

    fn next(&mut self, count: usize) -> Vec<u8> {
        self.sent += count;
        numbers(self.sent - count..self.sent, 128)
    }
}

fn numbers(range: std::ops::Range<usize>, first: u8) -> Vec<u8> {
    range.map(|number| first + (number % 127) as u8).collect()
}
