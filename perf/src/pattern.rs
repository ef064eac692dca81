//! The bytes that are sent, and that must come back.
//!
//! Every client sends one endless stream of pseudo-random bytes, which begins elsewhere for each
//! client and repeats after a prime number of bytes. So a byte that was lost, doubled, moved,
//! changed or meant for somebody else is found by comparing; and as every part of the stream is
//! a slice of one table, comparing all bytes costs little more than reading them.

use std::sync::LazyLock;

/// The longest part of a stream that is had in one piece.
pub(crate) const PIECE: usize = 64 * 1024;

/// One client's stream of bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stream {
    start: u64,
}

impl Stream {
    /// The first client's stream.
    pub(crate) const FIRST: Self = Self { start: 0 };

    /// The stream of the client with this number.
    pub(crate) fn new(client: usize) -> Self {
        Self { start: client as u64 * STRIDE % PERIOD as u64 }
    }

    /// The bytes from a position on, in as few pieces as can be.
    pub(crate) fn pieces(self, position: u64, length: u64) -> impl Iterator<Item = &'static [u8]> {
        let end = position + length;
        (position..end).step_by(PIECE).map(move |at| {
            let length = (end - at).min(PIECE as u64);
            self.piece(at, length as usize)
        })
    }

    /// Where `data` first differs from what belongs at `position`.
    pub(crate) fn mismatch(self, position: u64, data: &[u8]) -> Option<u64> {
        let pieces = self.pieces(position, data.len() as u64);
        let (at, (ours, theirs)) = pieces
            .zip(data.chunks(PIECE))
            .enumerate()
            .find(|(_, (ours, theirs))| ours != theirs)?;
        let within = ours.iter().zip(theirs).take_while(|(ours, theirs)| ours == theirs).count();
        Some(position + (at * PIECE + within) as u64)
    }

    /// At most [`PIECE`] bytes.
    fn piece(self, position: u64, length: usize) -> &'static [u8] {
        let at = ((self.start + position) % PERIOD as u64) as usize;
        &TABLE[at..at + length]
    }
}

const PERIOD: usize = 16_381;
/// Far enough between neighbours that no short shift turns one client's stream into another's.
const STRIDE: u64 = 7919;

/// One period, and enough of the next ones that a piece can begin anywhere.
static TABLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let period: Vec<u8> = xorshift().flat_map(u64::to_le_bytes).take(PERIOD).collect();
    period.iter().copied().cycle().take(PERIOD + PIECE).collect()
});

fn xorshift() -> impl Iterator<Item = u64> {
    let step = |&x: &u64| {
        let x = x ^ (x << 13);
        let x = x ^ (x >> 7);
        Some(x ^ (x << 17))
    };
    std::iter::successors(Some(0x9e37_79b9_7f4a_7c15), step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(stream: Stream, position: u64, length: u64) -> Vec<u8> {
        stream.pieces(position, length).collect::<Vec<_>>().concat()
    }

    #[test]
    fn every_byte_counts() {
        let stream = Stream::new(3);
        let good = bytes(stream, 100, 200_000);
        assert_eq!(stream.mismatch(100, &good), None);
        for wrong in [0, 1, PIECE - 1, PIECE, 199_999] {
            let mut bad = good.clone();
            bad[wrong] ^= 0x40;
            assert_eq!(stream.mismatch(100, &bad), Some(100 + wrong as u64));
        }
    }

    #[test]
    fn lost_doubled_and_foreign_bytes_differ() {
        let good = bytes(Stream::new(3), 0, 1000);
        for shift in 1..2000 {
            assert!(Stream::new(3).mismatch(shift, &good).is_some_and(|at| at < shift + 32));
        }
        for other in (0..1000).filter(|&other| other != 3) {
            assert!(Stream::new(other).mismatch(0, &good).is_some());
        }
    }

    #[test]
    fn cuts_do_not_matter() {
        let stream = Stream::new(0);
        let whole = bytes(stream, 0, 40_000);
        for cut in [1, PERIOD - 1, PERIOD, PERIOD + 1, 2 * PERIOD] {
            let joined = [bytes(stream, 0, cut as u64), bytes(stream, cut as u64, 5000)].concat();
            assert_eq!(joined[..], whole[..cut + 5000]);
        }
        assert!(bytes(stream, 7, 0).is_empty());
    }
}
