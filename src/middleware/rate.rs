//! How much may happen in how much time: a token bucket, which is given the time.

use std::time::{Duration, Instant};

/// How often something may happen: so many times in so much time, evenly, and a burst of so many at
/// once after a pause.
///
/// ```
/// use sockeye::middleware::Rate;
///
/// let rate = Rate::per_second(100).burst(200);
/// let slow = Rate::new(3, std::time::Duration::from_secs(3600));
/// # assert_ne!(rate, slow);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    /// In each `period`.
    count: u64,
    /// In nanoseconds, at least one.
    period: u64,
    burst: u64,
}

impl Rate {
    /// So many times in a second, and as many at once. With 0, as often as [`Rate::burst`] says and
    /// never again.
    pub fn per_second(count: u32) -> Self {
        Self::new(count, Duration::from_secs(1))
    }

    /// So many times in a minute, and as many at once.
    pub fn per_minute(count: u32) -> Self {
        Self::new(count, Duration::from_secs(60))
    }

    /// So many times in each period, and as many at once. A period of nothing counts as a
    /// nanosecond, one of more than 584 years as that.
    pub fn new(count: u32, period: Duration) -> Self {
        let period = u64::try_from(period.as_nanos()).unwrap_or(u64::MAX).max(1);
        Self { count: count.into(), period, burst: count.into() }
    }

    /// How many may come at once when nothing has come for long enough. Default: as many as in a
    /// period. With 0, none ever.
    #[must_use]
    pub fn burst(mut self, count: u64) -> Self {
        self.burst = count;
        self
    }
}

/// What is left of a [`Rate`] at some time. A new one is full.
///
/// Exact: tokens are counted in parts of one, each nanosecond adding `count` parts and each token
/// being `period` of them, so that nothing is ever rounded.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bucket {
    /// Parts that are missing until it is full.
    missing: u128,
    /// When that was so; none while it is full.
    at: Option<Instant>,
}

impl Bucket {
    /// Takes so many tokens, all or none. A time before that of an earlier call counts as that one's.
    pub(crate) fn take(&mut self, rate: &Rate, tokens: u64, now: Instant) -> bool {
        self.refill(rate, now);
        let wanted = self.missing.saturating_add(rate.parts(tokens));
        let fits = wanted <= rate.parts(rate.burst);
        if fits && tokens > 0 {
            self.missing = wanted;
            self.at.get_or_insert(now);
        }
        fits
    }

    /// Whether it is as good as a new one.
    pub(crate) fn is_full(&self, rate: &Rate, now: Instant) -> bool {
        self.missing <= rate.refilled(self.at, now)
    }

    /// Whether nothing has been taken that has not come back, as far as it has been looked at.
    pub(crate) fn is_new(&self) -> bool {
        self.missing == 0
    }

    fn refill(&mut self, rate: &Rate, now: Instant) {
        self.missing = self.missing.saturating_sub(rate.refilled(self.at, now));
        self.at = match self.missing {
            0 => None,
            _ => self.at.map(|at| at.max(now)),
        };
    }
}

impl Rate {
    fn parts(&self, tokens: u64) -> u128 {
        u128::from(tokens) * u128::from(self.period)
    }

    fn refilled(&self, since: Option<Instant>, now: Instant) -> u128 {
        let elapsed = since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        elapsed.as_nanos().saturating_mul(self.count.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn taken(bucket: &mut Bucket, rate: &Rate, now: Instant, tries: u32) -> u32 {
        (0..tries).map(|_| u32::from(bucket.take(rate, 1, now))).sum()
    }

    #[test]
    fn a_burst_then_the_rate() {
        let (rate, start) = (Rate::per_second(10).burst(30), Instant::now());
        let mut bucket = Bucket::default();
        assert_eq!(taken(&mut bucket, &rate, start, 100), 30);
        assert_eq!(taken(&mut bucket, &rate, start + SECOND / 10 - Duration::from_nanos(1), 9), 0);
        assert_eq!(taken(&mut bucket, &rate, start + SECOND / 10, 9), 1);
        assert_eq!(taken(&mut bucket, &rate, start + SECOND, 100), 9);
        assert_eq!(taken(&mut bucket, &rate, start + 60 * SECOND, 100), 30);
    }

    #[test]
    fn it_is_full_when_all_has_come_back() {
        let (rate, start) = (Rate::per_minute(60).burst(5), Instant::now());
        let mut bucket = Bucket::default();
        assert!(bucket.is_full(&rate, start));
        assert!(bucket.take(&rate, 2, start));
        let due = start + 2 * SECOND;
        assert!(!bucket.is_full(&rate, due - Duration::from_nanos(1)));
        assert!(bucket.is_full(&rate, due));
    }

    #[test]
    fn all_or_none_is_taken() {
        let (rate, now) = (Rate::per_second(4), Instant::now());
        let mut bucket = Bucket::default();
        assert!(!bucket.take(&rate, 5, now), "more than it ever holds");
        assert!(bucket.take(&rate, 3, now));
        assert!(!bucket.take(&rate, 2, now));
        assert!(bucket.take(&rate, 1, now));
        assert!(bucket.take(&rate, 0, now), "nothing is always there");
    }

    #[test]
    fn a_rate_of_nothing_is_its_burst_and_no_more() {
        let start = Instant::now();
        let mut bucket = Bucket::default();
        let rate = Rate::per_second(0).burst(2);
        assert_eq!(taken(&mut bucket, &rate, start, 9), 2);
        assert_eq!(taken(&mut bucket, &rate, start + 1_000_000_000 * SECOND, 9), 0);
        assert!(!Bucket::default().take(&Rate::per_second(0), 1, start));
        assert!(!Bucket::default().take(&Rate::per_second(9).burst(0), 1, start));
    }

    #[test]
    fn extremes_neither_overflow_nor_lose_count() {
        let start = Instant::now();
        let later = start + Duration::from_secs(1 << 40);
        for (rate, most) in [
            (Rate::new(u32::MAX, Duration::ZERO).burst(u64::MAX), u64::MAX),
            (Rate::new(1, Duration::MAX).burst(u64::MAX), u64::MAX),
            (Rate::new(u32::MAX, Duration::MAX), u32::MAX.into()),
        ] {
            let mut bucket = Bucket::default();
            assert!(bucket.take(&rate, most, start));
            assert!(!bucket.take(&rate, 1, start));
            assert!(bucket.take(&rate, 1, later), "{rate:?}");
        }
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing_twice() {
        let (rate, start) = (Rate::per_second(1).burst(1), Instant::now() + SECOND);
        let mut bucket = Bucket::default();
        assert!(bucket.take(&rate, 1, start));
        assert!(bucket.take(&rate, 1, start + SECOND));
        assert!(!bucket.take(&rate, 1, start));
        assert!(!bucket.take(&rate, 1, start + SECOND));
        assert!(bucket.take(&rate, 1, start + 2 * SECOND));
    }

    /// A bucket lets pass exactly what keeps every span of time, from any earlier passing on,
    /// within the burst and what the rate adds in that span. This model knows nothing but what has
    /// passed and when.
    struct Model {
        rate: Rate,
        passed: Vec<(u64, u64)>,
    }

    impl Model {
        fn take(&mut self, tokens: u64, now: u64) -> bool {
            let Rate { count, period, burst } = self.rate;
            let mut sum = u128::from(tokens);
            let bound = |since: u64| {
                u128::from(burst) * u128::from(period) + u128::from(now - since) * u128::from(count)
            };
            let mut fits = sum * u128::from(period) <= bound(now);
            for &(at, tokens) in self.passed.iter().rev() {
                sum += u128::from(tokens);
                fits &= sum * u128::from(period) <= bound(at);
            }
            if fits {
                self.passed.push((now, tokens));
            }
            fits
        }
    }

    proptest! {
        #[test]
        fn it_does_as_an_exact_model(
            count in 0..20u32,
            period in 1..50u64,
            burst in 0..12u64,
            takes in vec((0..40u64, 0..6u64), 1..120),
        ) {
            let rate = Rate::new(count, Duration::from_nanos(period)).burst(burst);
            let start = Instant::now();
            let (mut bucket, mut now) = (Bucket::default(), 0);
            let mut model = Model { rate, passed: Vec::new() };
            for (pause, tokens) in takes {
                now += pause;
                let passes = bucket.take(&rate, tokens, start + Duration::from_nanos(now));
                prop_assert_eq!(passes, model.take(tokens, now), "at {}", now);
            }
        }

        #[test]
        fn no_moment_makes_it_panic(
            count: u32, period: u64, burst: u64, takes in vec((0..u64::MAX / 4, any::<u64>()), 1..20),
        ) {
            let rate = Rate::new(count, Duration::from_nanos(period)).burst(burst);
            let start = Instant::now();
            let mut bucket = Bucket::default();
            for (moment, tokens) in takes {
                let now = start + Duration::from_nanos(moment);
                let passes = bucket.take(&rate, tokens, now);
                prop_assert!(!passes || tokens <= burst);
                bucket.is_full(&rate, now);
            }
        }
    }
}
