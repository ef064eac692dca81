//! Times counted by size, in memory that does not grow with their number.

/// Counts of times in nanoseconds, each known to within a 128th of it.
pub(crate) struct Histogram {
    counts: Vec<u64>,
    count: u64,
    max: u32,
}

/// Leading bits of a time that are kept.
const BITS: u32 = 8;
const HALF: usize = 1 << (BITS - 1);

impl Histogram {
    pub(crate) fn new() -> Self {
        Self { counts: vec![0; slot(u32::MAX) + 1], count: 0, max: 0 }
    }

    pub(crate) fn add(&mut self, nanos: u32) {
        self.counts[slot(nanos)] += 1;
        self.count += 1;
        self.max = self.max.max(nanos);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (own, count) in self.counts.iter_mut().zip(&other.counts) {
            *own += count;
        }
        self.count += other.count;
        self.max = self.max.max(other.max);
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn max(&self) -> Option<u32> {
        (self.count > 0).then_some(self.max)
    }

    /// The smallest time that this share of all did not exceed.
    pub(crate) fn percentile(&self, share: f64) -> Option<u32> {
        let rank = ((self.count as f64 * share).ceil() as u64).max(1);
        let mut below = 0;
        let slot = self.counts.iter().position(|count| {
            below += count;
            below >= rank
        });
        slot.map(|slot| largest(slot).min(self.max))
    }
}

/// Where times are counted that begin with the same bits.
fn slot(nanos: u32) -> usize {
    let shift = (u32::BITS - nanos.leading_zeros()).saturating_sub(BITS);
    shift as usize * HALF + (nanos >> shift) as usize
}

/// The largest time that is counted there.
fn largest(slot: usize) -> u32 {
    let shift = (slot / HALF).saturating_sub(1);
    let bits = (slot - shift * HALF) as u64;
    u32::try_from(((bits + 1) << shift) - 1).unwrap_or(u32::MAX)
}
