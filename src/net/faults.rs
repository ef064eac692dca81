//! The faults of a network, on order: seeded, so that a failure can be had again.

/// What goes wrong on one end of an in-memory stream. By default nothing does.
///
/// All of it may happen on real sockets, and none of it may change what a protocol makes of the
/// bytes. The same seed, and the same calls, give the same faults.
///
/// ```
/// use sockeye::testing::Faults;
///
/// let faults = Faults::seeded(42).short_reads(3).would_block(20).reset_after_write(1000);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Faults {
    pub(super) reads: Direction,
    pub(super) writes: Direction,
}

/// The faults of one direction. Both draw their own numbers, so that the faults of one do not
/// depend on how often the other is called.
#[derive(Clone, Debug, Default)]
pub(super) struct Direction {
    random: Random,
    most: Option<usize>,
    percent: u8,
    refused: bool,
    left: Option<u64>,
}

impl Faults {
    /// No faults yet, but the seed of those to come.
    pub fn seeded(seed: u64) -> Self {
        let mut random = Random(seed);
        let mut direction = || Direction { random: Random(random.next()), ..Direction::default() };
        Self { reads: direction(), writes: direction() }
    }

    /// Each read gives a random number of bytes, 1 to `most`, even if there are more.
    #[must_use]
    pub fn short_reads(mut self, most: usize) -> Self {
        self.reads.most = Some(most.max(1));
        self
    }

    /// Each write takes a random number of bytes, 1 to `most`, even if there is room for more.
    #[must_use]
    pub fn short_writes(mut self, most: usize) -> Self {
        self.writes.most = Some(most.max(1));
        self
    }

    /// So many of a hundred reads and writes that could go on say `WouldBlock` instead, and make a
    /// new edge at once. Never twice in a row, so that 100 is every other one.
    #[must_use]
    pub fn would_block(mut self, percent: u8) -> Self {
        self.reads.percent = percent.min(100);
        self.writes.percent = percent.min(100);
        self
    }

    /// The connection is reset once this end has read so many bytes: exactly these are read, and
    /// everything after fails on both ends with `ConnectionReset`. At 0 the first read fails.
    #[must_use]
    pub fn reset_after_read(mut self, bytes: u64) -> Self {
        self.reads.left = Some(bytes);
        self
    }

    /// The connection is reset once this end has written so many bytes. What the other end has not
    /// read by then is lost. At 0 the first write fails.
    #[must_use]
    pub fn reset_after_write(mut self, bytes: u64) -> Self {
        self.writes.left = Some(bytes);
        self
    }
}

impl Faults {
    /// Faults of the same kinds with numbers of their own, for one of many connections.
    pub(super) fn draw(&mut self) -> Self {
        let mut drawn = self.clone();
        drawn.reads.random = Random(self.reads.random.next());
        drawn.writes.random = Random(self.writes.random.next());
        drawn
    }
}

impl Direction {
    /// Whether the connection is to be reset instead of moving another byte.
    pub(super) fn is_over(&self) -> bool {
        self.left == Some(0)
    }

    /// Whether this call is to be refused although it could go on.
    pub(super) fn refuses(&mut self) -> bool {
        self.refused = !self.refused && self.random.below(100) < u64::from(self.percent);
        self.refused
    }

    /// How many of `bytes` (at least one) may move in this call: at least one.
    pub(super) fn cut(&mut self, bytes: usize) -> usize {
        let most = match self.most {
            Some(most) => 1 + self.random.below(most as u64) as usize,
            None => bytes,
        };
        let left = self.left.map_or(bytes, |left| usize::try_from(left).unwrap_or(bytes));
        bytes.min(most).min(left)
    }

    /// So many bytes have moved.
    pub(super) fn moved(&mut self, bytes: usize) {
        self.left = self.left.map(|left| left.saturating_sub(bytes as u64));
    }
}

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
#[derive(Clone, Debug, Default)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// 0 to `limit - 1`; 0 if `limit` is 0.
    fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(limit)) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reference implementation's first numbers for this seed.
    #[test]
    fn the_generator_is_splitmix64() {
        let mut random = Random(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn the_same_seed_gives_the_same_faults() {
        let drawn = |seed| {
            let mut reads = Faults::seeded(seed).short_reads(9).would_block(50).reads;
            (0..50).map(|_| (reads.refuses(), reads.cut(7))).collect::<Vec<_>>()
        };
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
        assert!(drawn(1).iter().all(|(_, bytes)| (1..=7).contains(bytes)));
    }

    #[test]
    fn refusals_never_come_twice_in_a_row() {
        let mut reads = Faults::seeded(3).would_block(100).reads;
        let drawn: Vec<_> = (0..6).map(|_| reads.refuses()).collect();
        assert_eq!(drawn, [true, false, true, false, true, false]);
    }

    #[test]
    fn no_faults_by_default() {
        let mut reads = Faults::default().reads;
        assert!((0..100).all(|_| !reads.refuses() && reads.cut(1000) == 1000 && !reads.is_over()));
    }
}
