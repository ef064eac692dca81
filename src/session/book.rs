//! Where a server or client counts: a share for each home, so that no two cores write to one cache
//! line, and a histogram from its first duration on.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::counters::Counters;
use super::kind::{KINDS, Kind};
use super::sessions::Sessions;
use super::{CloseReason, Stats};
use crate::error::Error;
use crate::service::distribution::Distribution;
use crate::service::histogram::Histogram;
use crate::service::{Account, Faults, Inner, Ledger, Share};

/// All books of a service.
pub(crate) struct Books {
    servers: Arc<Ledger<Book>>,
    clients: Arc<Ledger<Book>>,
}

impl Books {
    pub(crate) fn of(service: &Inner) -> Arc<Self> {
        let new = || Self { servers: Arc::new(Ledger::new()), clients: Arc::new(Ledger::new()) };
        service.shared(new)
    }

    pub(crate) fn for_server(&self, homes: usize) -> Account<Book> {
        Ledger::open(&self.servers, Book::new(homes))
    }

    pub(crate) fn for_client(&self) -> Account<Book> {
        Ledger::open(&self.clients, Book::new(1))
    }

    pub(crate) fn servers(&self) -> Sessions {
        sum(&self.servers)
    }

    pub(crate) fn clients(&self) -> Sessions {
        sum(&self.clients)
    }
}

fn sum(books: &Ledger<Book>) -> Sessions {
    let mut sum = Sessions::default();
    books.for_each(|book| book.add_to(&mut sum));
    sum
}

/// What one server or client has counted.
pub(crate) struct Book {
    homes: Box<[Page]>,
    begun: AtomicU64,
    refused: AtomicU64,
    faults: Faults,
}

/// One home's share.
#[derive(Default)]
#[repr(align(128))]
pub(crate) struct Page {
    counters: Counters,
    /// Modulo 2^64: only the sum of what was added and taken away means something.
    queued: AtomicU64,
    queued_most: AtomicU64,
    opened: AtomicU64,
    failed: AtomicU64,
    closed: [AtomicU64; KINDS],
    handshakes: Lazy,
    durations: Lazy,
}

impl Book {
    pub(crate) fn new(homes: usize) -> Self {
        Self {
            homes: (0..homes.max(1)).map(|_| Page::default()).collect(),
            begun: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            faults: Faults::default(),
        }
    }

    /// A client has one page, whatever its home.
    pub(crate) fn page(&self, home: usize) -> &Page {
        self.homes.get(home).unwrap_or(&self.homes[0])
    }

    pub(crate) fn begun(&self) {
        self.begun.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn fault(&self, error: &Error) {
        self.faults.count(error);
    }

    /// What has been counted so far.
    pub(crate) fn read(&self) -> Sessions {
        let mut counted = Sessions::default();
        self.add_to(&mut counted);
        counted
    }

    fn add_to(&self, sum: &mut Sessions) {
        let Self { homes, begun, refused, faults } = self;
        homes.iter().for_each(|page| page.add_to(sum));
        // Behind what they lead to: see `Sessions`.
        sum.begun += begun.load(Ordering::Acquire);
        sum.refused += refused.load(Ordering::Relaxed);
        let (panics, errors) = faults.read();
        sum.panics += panics;
        sum.errors += errors;
    }
}

impl Default for Book {
    fn default() -> Self {
        Self::new(1)
    }
}

impl Share for Book {
    fn absorb(&self, other: &Self) {
        let gone = other.read();
        self.page(0).absorb(&gone);
        self.begun.fetch_add(gone.begun, Ordering::Relaxed);
        self.refused.fetch_add(gone.refused, Ordering::Relaxed);
        self.faults.absorb(&other.faults);
    }
}

impl Page {
    /// Adds what a turn has counted.
    pub(crate) fn add(&self, change: &Stats) {
        self.counters.add(change);
    }

    /// A session's queue has changed.
    pub(super) fn queued(&self, before: usize, now: usize) {
        if now == before {
            return;
        }
        let (before, now) = (before as u64, now as u64);
        self.queued.fetch_add(now.wrapping_sub(before), Ordering::Relaxed);
        if now > self.queued_most.load(Ordering::Relaxed) {
            self.queued_most.fetch_max(now, Ordering::Relaxed);
        }
    }

    pub(super) fn shaken_hands(&self, within: Duration) {
        self.handshakes.record(within);
    }

    pub(super) fn opened(&self) {
        self.opened.fetch_add(1, Ordering::Release);
    }

    /// What has begun will not open.
    pub(crate) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Release);
    }

    pub(super) fn closed(&self, reason: &CloseReason, open: Duration) {
        self.durations.record(open);
        self.closed[Kind::of(reason) as usize].fetch_add(1, Ordering::Release);
    }

    fn add_to(&self, sum: &mut Sessions) {
        // In the opposite order of life: see `Sessions`.
        for (sum, closed) in sum.closed.0.iter_mut().zip(&self.closed) {
            *sum += closed.load(Ordering::Acquire);
        }
        sum.opened += self.opened.load(Ordering::Acquire);
        sum.failed += self.failed.load(Ordering::Acquire);
        sum.stats += Counters::sum([&self.counters]);
        sum.queued = sum.queued.wrapping_add(self.queued.load(Ordering::Relaxed));
        sum.queued_most = sum.queued_most.max(self.queued_most.load(Ordering::Relaxed));
        self.handshakes.add_to(&mut sum.handshakes);
        self.durations.add_to(&mut sum.durations);
    }

    fn absorb(&self, gone: &Sessions) {
        self.counters.add(&gone.stats);
        self.queued.fetch_add(gone.queued, Ordering::Relaxed);
        self.queued_most.fetch_max(gone.queued_most, Ordering::Relaxed);
        self.opened.fetch_add(gone.opened, Ordering::Relaxed);
        self.failed.fetch_add(gone.failed, Ordering::Relaxed);
        for (mine, theirs) in self.closed.iter().zip(gone.closed.0) {
            mine.fetch_add(theirs, Ordering::Relaxed);
        }
        self.handshakes.absorb(&gone.handshakes);
        self.durations.absorb(&gone.durations);
    }
}

/// A histogram that takes its memory, 4 KiB, when there is something to record: most clients never
/// shake hands, and many never close.
#[derive(Default)]
struct Lazy(OnceLock<Box<Histogram>>);

impl Lazy {
    fn get(&self) -> &Histogram {
        self.0.get_or_init(Box::default)
    }

    fn record(&self, duration: Duration) {
        self.get().record(duration);
    }

    fn add_to(&self, sum: &mut Distribution) {
        if let Some(histogram) = self.0.get() {
            sum.merge(&histogram.read());
        }
    }

    fn absorb(&self, gone: &Distribution) {
        if gone.count() > 0 {
            self.get().absorb(gone);
        }
    }
}
