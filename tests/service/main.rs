//! The service: its threads and hooks, jobs and strands, start and stop, and the loop run by hand.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod by_hand;
mod hooks;
mod jobs;
mod lifecycle;
mod races;
mod stopping;
mod strands;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use sockeye::service;

use common::{Design, LIMIT};

/// The design with a single thread, where what is queued runs in the order queued.
fn single(design: Design) -> service::Builder {
    match design {
        Design::LoopPerThread => design.builder().loop_per_thread(1),
        Design::ThreadPool => design.builder().thread_pool(1),
    }
}

/// The next message.
fn next<T>(receiver: &Receiver<T>) -> T {
    receiver.recv_timeout(LIMIT).expect("a message within the limit")
}

/// So many messages.
fn take<T>(receiver: &Receiver<T>, count: usize) -> Vec<T> {
    (0..count).map(|_| next(receiver)).collect()
}

/// Calls `function` on a thread of its own, so that a test ends even when the call does not.
fn bounded<T: Send + 'static>(what: &str, function: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = channel();
    let thread = thread::spawn(move || {
        let _ = sender.send(function());
    });
    match receiver.recv_timeout(LIMIT) {
        Ok(result) => result,
        Err(_) if thread.is_finished() => panic!("{what}: panicked"),
        Err(_) => panic!("{what}: not within the limit"),
    }
}

/// Holds up a job, from when it has begun until this is opened or dropped.
struct Gate {
    begun: Receiver<()>,
    _hold: Sender<()>,
}

impl Gate {
    /// A gate and the job that waits at it.
    fn new() -> (Self, impl FnOnce() + Send + 'static) {
        let (begin, begun) = channel();
        let (hold, held) = channel::<()>();
        let job = move || {
            let _ = begin.send(());
            let _ = held.recv_timeout(LIMIT);
        };
        (Self { begun, _hold: hold }, job)
    }

    fn wait_begun(&self) {
        next(&self.begun);
    }

    fn open(self) {}
}
