//! What is counted: per session without read-modify-write, per owner and home for the sums.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Counters of one session, or the sums over a server's or client's sessions, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Bytes read from sockets.
    pub bytes_received: u64,
    /// Bytes that sockets took.
    pub bytes_sent: u64,
    /// Messages received: for raw sessions, calls of `on_data`.
    pub messages_received: u64,
    /// Messages accepted for sending: for raw sessions, sends.
    pub messages_sent: u64,
    /// Messages skipped under [`Overflow::Drop`](crate::Overflow::Drop).
    pub dropped: u64,
}

/// One home's share of an owner's counters.
#[derive(Default)]
pub(crate) struct Counters(Tally);

impl Counters {
    pub(crate) fn add(&self, change: &Stats) {
        let Tally { bytes_received, bytes_sent, messages_received, messages_sent, dropped } =
            &self.0;
        for (counter, by) in [
            (bytes_received, change.bytes_received),
            (bytes_sent, change.bytes_sent),
            (messages_received, change.messages_received),
            (messages_sent, change.messages_sent),
            (dropped, change.dropped),
        ] {
            if by > 0 {
                counter.fetch_add(by, Ordering::Relaxed);
            }
        }
    }

    pub(crate) fn sum<'a>(shares: impl IntoIterator<Item = &'a Self>) -> Stats {
        shares.into_iter().fold(Stats::default(), |mut sum, share| {
            sum += share.0.read();
            sum
        })
    }
}

impl std::ops::AddAssign for Stats {
    fn add_assign(&mut self, other: Self) {
        self.bytes_received += other.bytes_received;
        self.bytes_sent += other.bytes_sent;
        self.messages_received += other.messages_received;
        self.messages_sent += other.messages_sent;
        self.dropped += other.dropped;
    }
}

/// A session's counters. Its turn alone writes them, any thread may read.
#[derive(Default)]
pub(crate) struct Tally {
    bytes_received: AtomicU64,
    bytes_sent: AtomicU64,
    messages_received: AtomicU64,
    messages_sent: AtomicU64,
    dropped: AtomicU64,
}

impl Tally {
    pub(crate) fn add(&self, change: &Stats) {
        let add = |counter: &AtomicU64, by| {
            counter.store(counter.load(Ordering::Relaxed).wrapping_add(by), Ordering::Relaxed);
        };
        add(&self.bytes_received, change.bytes_received);
        add(&self.bytes_sent, change.bytes_sent);
        add(&self.messages_received, change.messages_received);
        add(&self.messages_sent, change.messages_sent);
        self.drop_messages(change.dropped);
    }

    /// Messages are dropped by whoever sends them, on any thread.
    pub(crate) fn drop_messages(&self, count: u64) {
        if count > 0 {
            self.dropped.fetch_add(count, Ordering::Relaxed);
        }
    }

    pub(crate) fn read(&self) -> Stats {
        Stats {
            bytes_received: self.bytes_received.load(Ordering::Relaxed),
            bytes_sent: self.bytes_sent.load(Ordering::Relaxed),
            messages_received: self.messages_received.load(Ordering::Relaxed),
            messages_sent: self.messages_sent.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
        }
    }
}

/// A moment that any thread may read, in microseconds since another one; 0: never.
#[derive(Default)]
pub(crate) struct Moment(AtomicU64);

impl Moment {
    pub(crate) fn set(&self, epoch: Instant, now: Instant) {
        let since = now.saturating_duration_since(epoch).as_micros();
        self.0.store(u64::try_from(since).unwrap_or(u64::MAX - 1) + 1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self, epoch: Instant) -> Option<Instant> {
        let since = self.0.load(Ordering::Relaxed).checked_sub(1)?;
        epoch.checked_add(Duration::from_micros(since))
    }
}
