//! How long to wait before connecting again.

use std::time::Duration;

/// Exponential back-off with jitter, and perhaps an end.
///
/// The delay before attempt `n` is drawn evenly from the upper part of
/// `first * factor^(n - 1)`, at most `max`: with jitter 0.5 from its upper half. Jitter keeps a
/// thousand clients of a restarted server from coming back in step. The count starts anew with
/// every connection that opens.
///
/// ```
/// use std::time::Duration;
/// use sockeye::Backoff;
///
/// let backoff = Backoff::default().first(Duration::from_secs(1)).jitter(0.0).attempts(3);
/// let delays: Vec<_> = (1..=4).map(|attempt| backoff.delay(attempt, 0)).collect();
/// assert_eq!(delays[..3], [1, 2, 4].map(|secs| Some(Duration::from_secs(secs))));
/// assert_eq!(delays[3], None);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Backoff {
    first: Duration,
    max: Duration,
    factor: f64,
    jitter: f64,
    attempts: Option<u32>,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(100),
            max: Duration::from_secs(30),
            factor: 2.0,
            jitter: 0.5,
            attempts: None,
        }
    }
}

impl Backoff {
    /// The delay before the first attempt. Default: 100 ms.
    #[must_use]
    pub fn first(mut self, delay: Duration) -> Self {
        self.first = delay;
        self
    }

    /// The longest delay. Default: 30 s.
    #[must_use]
    pub fn max(mut self, delay: Duration) -> Self {
        self.max = delay;
        self
    }

    /// By how much the delay grows, at least 1. Default: 2.
    #[must_use]
    pub fn factor(mut self, factor: f64) -> Self {
        self.factor = factor.max(1.0);
        self
    }

    /// The part of the delay that chance decides, from 0 to 1. Default: 0.5.
    #[must_use]
    pub fn jitter(mut self, part: f64) -> Self {
        self.jitter = part.clamp(0.0, 1.0);
        self
    }

    /// Attempts before giving up. Default: no end.
    #[must_use]
    pub fn attempts(mut self, count: u32) -> Self {
        self.attempts = Some(count);
        self
    }

    /// The delay before an attempt, counted from 1; `None` when there shall be no more. `random`
    /// is where chance comes from: any 64 random bits.
    pub fn delay(&self, attempt: u32, random: u64) -> Option<Duration> {
        if self.attempts.is_some_and(|attempts| attempt > attempts) {
            return None;
        }
        let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        let longest = self.max.as_secs_f64();
        let full = (self.first.as_secs_f64() * self.factor.powi(exponent)).min(longest);
        let chance = random as f64 / u64::MAX as f64;
        let delay = full * (1.0 - self.jitter * chance);
        Some(Duration::try_from_secs_f64(delay).unwrap_or(self.max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_the_longest_and_jitter_shortens_them() {
        let backoff = Backoff::default();
        let longest = |attempt| backoff.delay(attempt, 0).unwrap();
        let shortest = |attempt| backoff.delay(attempt, u64::MAX).unwrap();
        assert_eq!(longest(1), Duration::from_millis(100));
        assert_eq!(shortest(1), Duration::from_millis(50));
        assert_eq!(longest(5), Duration::from_millis(1600));
        assert_eq!(longest(u32::MAX), Duration::from_secs(30));
        assert_eq!(shortest(u32::MAX), Duration::from_secs(15));
    }

    #[test]
    fn odd_settings_neither_panic_nor_shrink() {
        let odd = Backoff::default().factor(f64::NAN).jitter(f64::INFINITY).max(Duration::MAX);
        for attempt in [0, 1, 2, 1000, u32::MAX] {
            assert!(odd.delay(attempt, u64::MAX / 3).is_some());
        }
    }
}
