//! Chance that can be had again: `SOCKEYE_SEED` sets the seed, and it is told when a test fails.

use std::env;

/// SplitMix64.
pub struct Random(u64);

impl Random {
    #[expect(clippy::print_stderr, reason = "the harness shows it for tests that fail")]
    pub fn new() -> Self {
        let seed = env::var("SOCKEYE_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or(20_240_614);
        eprintln!("SOCKEYE_SEED={seed}");
        Self(seed)
    }

    /// Another source, for a thread or client of its own.
    pub fn fork(&mut self) -> Self {
        Self(self.next())
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to `bound - 1`.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            bytes.extend_from_slice(&self.next().to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }
}
