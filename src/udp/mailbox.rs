//! What other threads want of a socket.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::queue::{Payload, Queue};
use crate::CloseReason;
use crate::error::Error;
use crate::service::{Ending, lock};

/// Errors that wait to be told; the others are only counted.
const ERRORS: usize = 16;

pub(super) struct Mailbox {
    bytes: AtomicUsize,
    datagrams: AtomicUsize,
    mails: Mutex<Mails>,
}

/// All that has been asked for since the last turn.
#[derive(Default)]
pub(super) struct Mails {
    pub(super) queue: Queue,
    pub(super) errors: Vec<Error>,
    pub(super) end: Option<(CloseReason, Ending)>,
    open: bool,
}

impl Mailbox {
    pub(super) fn new() -> Self {
        let (bytes, datagrams) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { bytes, datagrams, mails: Mutex::default() }
    }

    /// Bytes and datagrams in it.
    pub(super) fn load(&self) -> (usize, usize) {
        (self.bytes.load(Ordering::Relaxed), self.datagrams.load(Ordering::Relaxed))
    }

    pub(super) fn is_open(&self) -> bool {
        lock(&self.mails).open
    }

    /// Queues a datagram if `admit`, which is told the bytes and datagrams in the mailbox, says
    /// so. `None` when it is closed.
    pub(super) fn push<R, E>(
        &self,
        to: Option<SocketAddr>,
        data: Payload<'_>,
        admit: impl FnOnce(usize, usize) -> Result<R, E>,
    ) -> Option<Result<R, E>> {
        let mut mails = lock(&self.mails);
        if !mails.open {
            return None;
        }
        let admitted = admit(mails.queue.bytes(), mails.queue.len());
        if admitted.is_ok() {
            mails.queue.push(to, data);
            self.count(&mails.queue);
        }
        Some(admitted)
    }

    /// Has the handler told.
    pub(super) fn push_error(&self, error: Error) {
        let mut mails = lock(&self.mails);
        if mails.open && mails.errors.len() < ERRORS {
            mails.errors.push(error);
        }
    }

    /// Asks for the end, and takes no more. The first reason counts, and the quicker way.
    pub(super) fn push_end(&self, reason: CloseReason, how: Ending) {
        let mut mails = lock(&self.mails);
        mails.open = false;
        match &mut mails.end {
            Some((_, known)) if how == Ending::Abrupt => *known = how,
            Some(_) => {}
            none => *none = Some((reason, how)),
        }
    }

    /// Takes what there is; `take` runs under the lock, so that all is counted somewhere at any
    /// time.
    pub(super) fn drain(
        &self,
        take: impl FnOnce(&mut Queue),
    ) -> (Vec<Error>, Option<(CloseReason, Ending)>) {
        let mut mails = lock(&self.mails);
        take(&mut mails.queue);
        self.count(&mails.queue);
        (std::mem::take(&mut mails.errors), mails.end.take())
    }

    pub(super) fn open(&self) {
        let mut mails = lock(&self.mails);
        *mails = Mails { open: true, ..Mails::default() };
        self.count(&mails.queue);
    }

    /// Takes no more, and forgets what it has; tells how many datagrams that were.
    pub(super) fn close(&self) -> usize {
        let mut mails = lock(&self.mails);
        let mut old = std::mem::take(&mut *mails);
        self.count(&mails.queue);
        drop(mails);
        old.queue.clear()
    }

    /// Takes no more.
    pub(super) fn shut(&self) {
        lock(&self.mails).open = false;
    }

    fn count(&self, queue: &Queue) {
        self.bytes.store(queue.bytes(), Ordering::Relaxed);
        self.datagrams.store(queue.len(), Ordering::Relaxed);
    }
}
