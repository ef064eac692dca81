//! Timers: when they expire, who is told of what, and how they end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod callbacks;
mod ending;
mod expiry;
mod waiting;

use std::fmt;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};

use sockeye::{Expiry, Service, Timer};

use common::LIMIT;

const MANY: usize = 100_000;

/// A timer, and what its callback is told.
fn observed(service: &Service) -> (Timer, Receiver<Expiry>) {
    let (sender, receiver) = channel();
    let callback = move |expiry| {
        // The test may have seen enough.
        let _ = sender.send(expiry);
    };
    (service.timer(callback), receiver)
}

fn next<T>(receiver: &Receiver<T>) -> T {
    receiver.recv_timeout(LIMIT).expect("a message within the limit")
}

/// The callback has been dropped, and has told nothing more.
fn ended<T: fmt::Debug + PartialEq>(receiver: &Receiver<T>) {
    assert_eq!(receiver.recv_timeout(LIMIT), Err(RecvTimeoutError::Disconnected));
}
