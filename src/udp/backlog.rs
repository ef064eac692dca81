//! How much of a socket's own queue is not sent yet, for other threads to see, and the threads
//! that wait for it to fall.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::service::{Inner, Watched};

pub(super) struct Backlog {
    bytes: AtomicUsize,
    datagrams: AtomicUsize,
    waiting: AtomicUsize,
    changed: Watched<()>,
}

impl Backlog {
    pub(super) fn new() -> Self {
        Self {
            bytes: AtomicUsize::new(0),
            datagrams: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            changed: Watched::new(()),
        }
    }

    /// By the socket's turn only.
    pub(super) fn set(&self, bytes: usize, datagrams: usize) {
        self.bytes.store(bytes, Ordering::Relaxed);
        self.datagrams.store(datagrams, Ordering::Relaxed);
    }

    /// Bytes and datagrams.
    pub(super) fn get(&self) -> (usize, usize) {
        (self.bytes.load(Ordering::Relaxed), self.datagrams.load(Ordering::Relaxed))
    }

    /// Has those look again who wait.
    pub(super) fn tell(&self) {
        // Who begins to wait counts himself first and looks then; this looks in the other order.
        std::sync::atomic::fence(Ordering::SeqCst);
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.changed.update(|()| ());
        }
    }

    /// Waits until `done`, or the deadline; false then. On a thread that may wait.
    pub(super) fn wait(
        &self,
        service: &Inner,
        deadline: Instant,
        mut done: impl FnMut() -> bool,
    ) -> bool {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        std::sync::atomic::fence(Ordering::SeqCst);
        let done = service.wait(&self.changed, Some(deadline), |()| done());
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        done
    }
}
