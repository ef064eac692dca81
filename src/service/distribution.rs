//! What a histogram has recorded, as a value, and how durations lie in its buckets.

use std::fmt;
use std::time::Duration;

/// Buckets of one power of two: [`STEPS`] to the power of.
const STEP_BITS: u32 = 3;

/// Buckets between a power of two and the next.
const STEPS: usize = 1 << STEP_BITS;

/// One for each value below [`STEPS`], then so many for each further power of two.
pub(super) const BUCKETS: usize = (64 - STEP_BITS as usize + 1) * STEPS;

/// Durations that a [`Histogram`](crate::metrics::Histogram) has recorded, at one moment.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Distribution {
    /// Up to the last bucket with anything in it.
    buckets: Vec<u64>,
    sum: u64,
    max: u64,
}

impl Distribution {
    pub(super) fn new(buckets: impl Iterator<Item = u64>, sum: u64, max: u64) -> Self {
        let mut buckets: Vec<u64> = buckets.collect();
        let used = buckets.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
        buckets.truncate(used);
        buckets.shrink_to_fit();
        Self { buckets, sum, max }
    }

    /// How many durations were recorded.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// All of them together, exactly.
    pub fn sum(&self) -> Duration {
        Duration::from_nanos(self.sum)
    }

    /// The longest, exactly; zero if there is none.
    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.max)
    }

    /// The duration that a share of them does not exceed: of 0.99, that of all but the longest
    /// hundredth. It is off by at most 6.25 % of itself; `None` if there is none. What is below 0 or not
    /// a number counts as 0, the shortest, what is above 1 as 1.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let count = self.count();
        let last = count.checked_sub(1)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is clamped"
        )]
        #[expect(clippy::cast_precision_loss, reason = "so is what it stands for")]
        let wanted = ((share.clamp(0.0, 1.0) * count as f64).ceil() as u64).saturating_sub(1);
        let mut below = wanted.min(last);
        for (bucket, count) in self.buckets.iter().enumerate() {
            match below.checked_sub(*count) {
                Some(rest) => below = rest,
                None => return Some(Duration::from_nanos(middle_of(bucket).min(self.max))),
            }
        }
        // The maximum of a record under way may be later than its count.
        Some(self.max())
    }

    /// The buckets with anything in them, from the shortest: the longest duration that a bucket
    /// holds, and how many it has.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        let used = self.buckets.iter().enumerate().filter(|(_, count)| **count > 0);
        used.map(|(bucket, count)| (Duration::from_nanos(last_of(bucket)), *count))
    }

    /// Adds what another one has recorded.
    pub fn merge(&mut self, other: &Self) {
        if self.buckets.len() < other.buckets.len() {
            self.buckets.resize(other.buckets.len(), 0);
        }
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += theirs;
        }
        self.sum = self.sum.wrapping_add(other.sum);
        self.max = self.max.max(other.max);
    }

    pub(super) fn counts(&self) -> &[u64] {
        &self.buckets
    }

    /// What has come to an earlier state of the same: for each bucket its middle, and how many.
    #[cfg(any(test, feature = "metrics"))]
    pub(crate) fn since<'a>(
        &'a self,
        earlier: &'a Self,
    ) -> impl Iterator<Item = (Duration, u64)> + 'a {
        let grown = self.buckets.iter().enumerate().map(|(bucket, count)| {
            let before = earlier.buckets.get(bucket).copied().unwrap_or_default();
            (Duration::from_nanos(middle_of(bucket)), count.saturating_sub(before))
        });
        grown.filter(|(_, count)| *count > 0)
    }
}

impl fmt::Debug for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Distribution")
            .field("count", &self.count())
            .field("median", &self.quantile(0.5))
            .field("p99", &self.quantile(0.99))
            .field("max", &self.max())
            .finish_non_exhaustive()
    }
}

/// A duration as the buckets take it.
pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

pub(super) fn bucket_of(nanos: u64) -> usize {
    // The highest bits that are told apart; what is below them is the bucket's width.
    let width_bits = (u64::BITS - nanos.leading_zeros()).saturating_sub(STEP_BITS + 1);
    let step = nanos >> width_bits;
    width_bits as usize * STEPS + usize::try_from(step).unwrap_or(0)
}

fn first_of(bucket: usize) -> u64 {
    let step = (bucket % STEPS) as u64;
    match bucket / STEPS {
        0 => step,
        power => (STEPS as u64 + step) << (power - 1),
    }
}

fn last_of(bucket: usize) -> u64 {
    let width_bits = (bucket / STEPS).saturating_sub(1);
    first_of(bucket) + ((1 << width_bits) - 1)
}

fn middle_of(bucket: usize) -> u64 {
    let (first, last) = (first_of(bucket), last_of(bucket));
    first + (last - first) / 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn distribution(values: &[u64]) -> Distribution {
        let mut buckets = [0; BUCKETS];
        values.iter().for_each(|value| buckets[bucket_of(*value)] += 1);
        let sum = values.iter().fold(0_u64, |sum, value| sum.wrapping_add(*value));
        Distribution::new(buckets.into_iter(), sum, values.iter().copied().max().unwrap_or(0))
    }

    /// Of all magnitudes alike.
    fn durations() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0_u32..64).prop_map(|(value, shift)| value >> shift)
    }

    #[test]
    fn buckets_follow_each_other_without_a_gap() {
        assert_eq!((first_of(0), last_of(BUCKETS - 1)), (0, u64::MAX));
        for bucket in 0..BUCKETS {
            assert_eq!(bucket_of(first_of(bucket)), bucket);
            assert_eq!(bucket_of(last_of(bucket)), bucket);
            if bucket > 0 {
                assert_eq!(last_of(bucket - 1) + 1, first_of(bucket), "{bucket}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_bucket_is_no_further_off_than_documented(value in durations()) {
            let off = u128::from(middle_of(bucket_of(value)).abs_diff(value));
            prop_assert!(off * 16 <= u128::from(value), "{value}: off by {off}");
        }

        #[test]
        fn a_quantile_is_no_further_off_than_documented(
            mut values in prop::collection::vec(durations(), 1..200),
            share in 0.0..=1.0_f64,
        ) {
            let found = distribution(&values).quantile(share).unwrap();
            values.sort_unstable();
            let rank = (share * values.len() as f64).ceil() as usize;
            let exact = values[rank.saturating_sub(1)];
            let off = u128::from(nanos(found).abs_diff(exact));
            prop_assert!(off * 16 <= u128::from(exact), "{found:?} of {exact}");
        }

        #[test]
        fn merged_ones_are_as_recorded_in_one(
            left in prop::collection::vec(0_u64..1 << 50, 0..50),
            right in prop::collection::vec(0_u64..1 << 50, 0..50),
        ) {
            let mut merged = distribution(&left);
            merged.merge(&distribution(&right));
            prop_assert_eq!(merged, distribution(&[left, right].concat()));
        }

        #[test]
        fn what_has_come_since_is_what_was_recorded_since(
            before in prop::collection::vec(durations(), 0..50),
            after in prop::collection::vec(durations(), 0..50),
        ) {
            let earlier = distribution(&before);
            let later = distribution(&[before, after.clone()].concat());
            let come: u64 = later.since(&earlier).map(|(_, count)| count).sum();
            prop_assert_eq!(come, after.len() as u64);
        }
    }

    #[test]
    fn bounds_of_shares_are_kept() {
        let both = distribution(&[1, 7]);
        for (share, nanos) in [(-1.0, 1), (0.0, 1), (f64::NAN, 1), (0.5, 1), (0.51, 7), (9.0, 7)] {
            assert_eq!(both.quantile(share), Some(Duration::from_nanos(nanos)), "{share}");
        }
        assert_eq!(distribution(&[]).quantile(0.5), None);
        assert_eq!(distribution(&[]), Distribution::default());
    }
}
