//! How long a loop does not look at what is ready.

use std::time::{Duration, Instant};

use super::histogram::Histogram;

/// The moments that are looked at lie so far apart.
const STEP: Duration = Duration::from_millis(1);

/// Values recorded for one turn at most, however long it was.
const VALUES: u64 = 1000;

/// Samples the lag of a home at every millisecond: how long something that became ready then has
/// waited, or would have, until the home's poller was looked into.
///
/// Samples are taken by the clock, not by turn. One long turn therefore counts for all that might
/// have come during it. It needs no reading of the clock of its own.
pub(super) struct Lag {
    next: Instant,
}

impl Lag {
    pub(super) fn new(now: Instant) -> Self {
        Self { next: now }
    }

    /// The poller was looked into at `looked`, and answered at `now`: at once, or after a sleep, in
    /// which whatever becomes ready is found at once.
    pub(super) fn sample(&mut self, looked: Instant, now: Instant, into: &Histogram) {
        if self.next > now {
            return;
        }
        if self.next <= looked {
            self.sample_waits(looked, into);
        }
        if self.next <= now {
            let moments = moments(self.next, now);
            into.record_alone(Duration::ZERO, moments);
            self.advance(moments);
        }
    }

    fn sample_waits(&mut self, looked: Instant, into: &Histogram) {
        let mut left = moments(self.next, looked);
        let together = left.div_ceil(VALUES);
        while left > 0 {
            let count = left.min(together);
            into.record_alone(looked.saturating_duration_since(self.next), count);
            self.advance(count);
            left -= count;
        }
    }

    fn advance(&mut self, moments: u64) {
        let nanos = u64::try_from(STEP.as_nanos()).unwrap_or(u64::MAX);
        self.next += Duration::from_nanos(nanos.saturating_mul(moments));
    }
}

/// How many moments there are from the first up to the last, both included.
fn moments(first: Instant, last: Instant) -> u64 {
    let steps = last.saturating_duration_since(first).as_nanos() / STEP.as_nanos();
    u64::try_from(steps).unwrap_or(u64::MAX - 1) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: Duration = Duration::from_millis(1);

    #[test]
    fn a_long_turn_counts_for_all_that_came_during_it() {
        let (start, lags) = (Instant::now(), Histogram::new());
        let mut lag = Lag::new(start + MILLI);
        lag.sample(start + 10 * MILLI, start + 10 * MILLI, &lags);
        // At 1, 2, .. 10 ms.
        let read = lags.read();
        assert_eq!((read.count(), read.sum(), read.max()), (10, 45 * MILLI, 9 * MILLI));
    }

    #[test]
    fn a_sleeping_loop_is_found_at_once() {
        let (start, lags) = (Instant::now(), Histogram::new());
        let mut lag = Lag::new(start + MILLI);
        lag.sample(start + 2 * MILLI, start + 1000 * MILLI, &lags);
        let read = lags.read();
        // At 1 ms a wait of one, from then on none.
        assert_eq!((read.count(), read.sum()), (1000, MILLI));
    }

    #[test]
    fn turns_between_two_moments_are_no_samples() {
        let (start, lags) = (Instant::now(), Histogram::new());
        let mut lag = Lag::new(start);
        for micros in 0..5000 {
            let now = start + Duration::from_micros(micros);
            lag.sample(now, now, &lags);
        }
        assert_eq!((lags.read().count(), lags.read().max()), (5, Duration::ZERO));
    }

    #[test]
    fn a_stop_of_an_hour_is_sampled_in_bounded_time() {
        let (start, lags) = (Instant::now(), Histogram::new());
        let hour = Duration::from_secs(3600);
        Lag::new(start + MILLI).sample(start + hour, start + hour, &lags);
        let read = lags.read();
        assert_eq!(read.count(), 3_600_000);
        assert!(read.buckets().map(|(_, count)| count).min() >= Some(1000));
        let median = read.quantile(0.5).unwrap();
        assert!(median.abs_diff(hour / 2) <= hour / 25, "{median:?}");
    }
}
