//! The checksum of version 2: CRC-32 by Castagnoli's polynomial (RFC 4960 appendix B).

/// A checksum of what has been added so far.
pub(super) struct Crc32c(u32);

impl Crc32c {
    pub(super) fn new() -> Self {
        Self(!0)
    }

    pub(super) fn add(self, data: &[u8]) -> Self {
        let step = |crc: u32, byte: &u8| {
            let [low, ..] = (crc ^ u32::from(*byte)).to_le_bytes();
            TABLE[usize::from(low)] ^ (crc >> 8)
        };
        Self(data.iter().fold(self.0, step))
    }

    pub(super) fn finish(self) -> u32 {
        !self.0
    }
}

/// The polynomial with its bits in the order in which they are sent.
const POLYNOMIAL: u32 = 0x82f6_3b78;

const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3720 B.4.
    #[test]
    fn known_sums_are_found() {
        let sum = |data: &[u8]| Crc32c::new().add(data).finish();
        assert_eq!(sum(b""), 0);
        assert_eq!(sum(b"123456789"), 0xe306_9283);
        assert_eq!(sum(&[0; 32]), 0x8a91_36aa);
        assert_eq!(sum(&[0xff; 32]), 0x62a8_ab43);
        let rising = (0..32).collect::<Vec<u8>>();
        assert_eq!(sum(&rising), 0x46dd_794e);
        assert_eq!(Crc32c::new().add(&rising[..7]).add(&rising[7..]).finish(), sum(&rising));
    }
}
