//! What is counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::service::{Account, Inner, Ledger, Share};

/// Counters of a socket at one moment, since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Datagrams handed to the handler.
    pub datagrams_received: u64,
    /// Datagrams that the system took.
    pub datagrams_sent: u64,
    /// Bytes of the datagrams received.
    pub bytes_received: u64,
    /// Bytes of the datagrams sent.
    pub bytes_sent: u64,
    /// Datagrams skipped here: at the bound of the queue under
    /// [`Overflow::Drop`](crate::Overflow::Drop), after an error, or cut off by a close.
    pub dropped: u64,
    /// Errors, of which `on_error` is told but for those that come in a flood.
    pub errors: u64,
}

impl Stats {
    /// The sums over all of a service's sockets, and those there have been.
    pub(crate) fn of(service: &Inner) -> Self {
        let mut sum = Self::default();
        ledger(service).for_each(|tally| sum += tally.read());
        sum
    }
}

impl std::ops::AddAssign for Stats {
    fn add_assign(&mut self, other: Self) {
        self.datagrams_received += other.datagrams_received;
        self.datagrams_sent += other.datagrams_sent;
        self.bytes_received += other.bytes_received;
        self.bytes_sent += other.bytes_sent;
        self.dropped += other.dropped;
        self.errors += other.errors;
    }
}

/// The counters themselves: any thread counts what it drops and what
/// fails, and only the socket's turn the rest.
#[derive(Default)]
pub(super) struct Tally {
    datagrams_received: AtomicU64,
    datagrams_sent: AtomicU64,
    bytes_received: AtomicU64,
    bytes_sent: AtomicU64,
    dropped: AtomicU64,
    errors: AtomicU64,
}

impl Tally {
    /// That of a socket of the service.
    pub(super) fn open(service: &Inner) -> Account<Self> {
        Ledger::open(&ledger(service), Self::default())
    }

    pub(super) fn received(&self, datagrams: u64, bytes: u64) {
        add(&self.datagrams_received, datagrams);
        add(&self.bytes_received, bytes);
    }

    pub(super) fn sent(&self, datagrams: u64, bytes: u64) {
        add(&self.datagrams_sent, datagrams);
        add(&self.bytes_sent, bytes);
    }

    /// On any thread.
    pub(super) fn failed(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
    }

    /// On any thread.
    pub(super) fn dropped(&self, datagrams: u64) {
        if datagrams > 0 {
            self.dropped.fetch_add(datagrams, Ordering::Relaxed);
        }
    }

    pub(super) fn read(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            datagrams_received: read(&self.datagrams_received),
            datagrams_sent: read(&self.datagrams_sent),
            bytes_received: read(&self.bytes_received),
            bytes_sent: read(&self.bytes_sent),
            dropped: read(&self.dropped),
            errors: read(&self.errors),
        }
    }
}

impl Share for Tally {
    fn absorb(&self, other: &Self) {
        let gone = other.read();
        self.received(gone.datagrams_received, gone.bytes_received);
        self.sent(gone.datagrams_sent, gone.bytes_sent);
        self.dropped(gone.dropped);
        self.errors.fetch_add(gone.errors, Ordering::Relaxed);
    }
}

fn ledger(service: &Inner) -> Arc<Ledger<Tally>> {
    service.shared(Ledger::new)
}

/// With one writer no read-modify-write is needed.
fn add(counter: &AtomicU64, by: u64) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(by), Ordering::Relaxed);
}
