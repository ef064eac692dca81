//! From a time limit to the moment when it has passed.

use std::time::{Duration, Instant};

/// The moment that lies `within` ahead.
pub(crate) fn deadline(within: Duration) -> Instant {
    later(Instant::now(), within)
}

/// The moment that lies `by` after `from`, which is about now; of times that no clock can hold,
/// one that nobody lives to see.
pub(crate) fn later(from: Instant, by: Duration) -> Instant {
    from + by.min(FAR)
}

/// A hundred years: more than anything lasts, and little enough to be added to any clock.
const FAR: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_a_clock_can_hold_are_exact() {
        let now = Instant::now();
        for limit in [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(3600)] {
            assert_eq!(later(now, limit), now + limit);
        }
    }

    #[test]
    fn others_are_far_off() {
        let now = Instant::now();
        for limit in [Duration::MAX, Duration::from_secs(u64::MAX), Duration::from_secs(1 << 62)] {
            assert_eq!(later(now, limit), now + FAR);
        }
        assert!(deadline(Duration::MAX) > now + FAR / 2);
    }
}
