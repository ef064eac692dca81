//! What is counted while a benchmark runs.

use std::sync::{Mutex, MutexGuard, PoisonError};

use hdrhistogram::Histogram;

/// The counters of all clients, in shares that hardly ever meet each other's locks.
#[derive(Debug)]
pub(crate) struct Statistics {
    shares: Box<[Mutex<Sample>]>,
}

/// What was counted of some clients, or of all.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// Bytes that arrived.
    pub(crate) bytes: u64,
    /// Messages that arrived.
    pub(crate) messages: u64,
    /// Messages that did not arrive, over transports that lose some.
    pub(crate) lost: u64,
    /// When the last byte arrived, in nanoseconds of the run's clock.
    pub(crate) last: u64,
    latency: Histogram<u64>,
}

/// The one in the middle; there is at least one.
pub(crate) fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

impl Statistics {
    /// Empty counters for that many clients.
    pub(crate) fn new(clients: usize) -> Self {
        Self { shares: (0..clients.clamp(1, MAX_SHARES)).map(|_| Mutex::default()).collect() }
    }

    /// The counters of the share that this client belongs to.
    pub(crate) fn of(&self, client: usize) -> MutexGuard<'_, Sample> {
        lock(&self.shares[client % self.shares.len()])
    }

    /// All clients' counters together.
    pub(crate) fn total(&self) -> Sample {
        self.shares.iter().fold(Sample::default(), |mut total, share| {
            total.add(&lock(share));
            total
        })
    }
}

impl Sample {
    /// Counts the latency of messages that came back at once.
    pub(crate) fn record(&mut self, nanoseconds: u64, messages: u64) {
        self.latency.saturating_record_n(nanoseconds.max(1), messages);
    }

    /// The latency, in nanoseconds, that this share of the messages (0.0 to 1.0) did not exceed;
    /// nothing where none was recorded.
    pub(crate) fn latency(&self, share: f64) -> Option<u64> {
        (!self.latency.is_empty()).then(|| self.latency.value_at_quantile(share))
    }

    fn add(&mut self, other: &Self) {
        self.bytes += other.bytes;
        self.messages += other.messages;
        self.lost += other.lost;
        self.last = self.last.max(other.last);
        self.latency += &other.latency;
    }
}

impl Default for Sample {
    fn default() -> Self {
        let latency = Histogram::new_with_bounds(1, LONGEST, 3).expect("the bounds are sound");
        Self { bytes: 0, messages: 0, lost: 0, last: 0, latency }
    }
}

/// A histogram has some 200 KiB, too much for each of ten thousand clients.
const MAX_SHARES: usize = 64;
/// In nanoseconds: longer latencies are counted as this.
const LONGEST: u64 = 120_000_000_000;

fn lock(share: &Mutex<Sample>) -> MutexGuard<'_, Sample> {
    share.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up() {
        let statistics = Statistics::new(200);
        for client in 0..200 {
            let mut sample = statistics.of(client);
            sample.bytes += 32;
            sample.messages += 1;
            sample.last = client as u64;
        }
        let total = statistics.total();
        assert_eq!((total.bytes, total.messages, total.last), (6400, 200, 199));
    }

    #[test]
    fn quantiles_are_exact_to_a_thousandth() {
        let statistics = Statistics::new(3);
        for value in 1..=1000 {
            statistics.of(value % 3).record(value as u64 * 1000, 1);
        }
        let total = statistics.total();
        for (share, expected) in [(0.5, 500_000), (0.9, 900_000), (0.99, 990_000), (1.0, 1_000_000)]
        {
            let found = total.latency(share).unwrap();
            assert!(found.abs_diff(expected) <= expected / 1000, "{share}: {found}");
        }
    }

    #[test]
    fn runs_of_messages_weigh_what_they_are() {
        let mut sample = Sample::default();
        assert_eq!(sample.latency(0.5), None);
        sample.record(10, 999);
        sample.record(1000, 1);
        assert_eq!((sample.latency(0.5), sample.latency(0.999)), (Some(10), Some(10)));
        assert_eq!(sample.latency(1.0), Some(1000));
    }

    #[test]
    fn extremes_are_kept_within_bounds() {
        let mut sample = Sample::default();
        sample.record(0, 1);
        sample.record(u64::MAX, 1);
        assert_eq!(sample.latency(0.0), Some(1));
        assert!(sample.latency(1.0) >= Some(LONGEST));
    }
}
