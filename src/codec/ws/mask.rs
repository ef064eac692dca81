//! What clients put over what they send, so that nobody on the way takes it for something else
//! (RFC 6455 5.3, 10.3).

use std::fmt;

/// Puts the mask of a frame on its payload, or takes it off, in place. `at` bytes of the payload were
/// before these: it may be masked in pieces.
///
/// ```
/// use sockeye::ws::parse::mask;
///
/// // RFC 6455 5.7.
/// let (mut payload, key) = (*b"Hello", [0x37, 0xFA, 0x21, 0x3D]);
/// mask(&mut payload, key, 0);
/// assert_eq!(payload, [0x7F, 0x9F, 0x4D, 0x51, 0x58]);
/// mask(&mut payload[..3], key, 0);
/// mask(&mut payload[3..], key, 3);
/// assert_eq!(&payload, b"Hello");
/// ```
#[inline]
pub fn apply(data: &mut [u8], mask: [u8; 4], at: usize) {
    let mut mask = mask;
    mask.rotate_left(at % 4);
    let word = u32::from_ne_bytes(mask);
    let word = u64::from(word) << 32 | u64::from(word);
    let wide = [word.to_ne_bytes(); WIDTH / 8];
    let (chunks, rest) = data.as_chunks_mut::<WIDTH>();
    for chunk in chunks {
        for (byte, mask) in chunk.iter_mut().zip(wide.as_flattened()) {
            *byte ^= mask;
        }
    }
    let (chunks, rest) = rest.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ word).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(word.to_ne_bytes()) {
        *byte ^= mask;
    }
}

/// What is masked at a time: some registers of any processor's vectors.
const WIDTH: usize = 64;

/// Masks that nobody can foresee (RFC 6455 10.3), each for one frame.
pub(crate) struct Masks {
    fill: fn(&mut [u8]),
    bytes: [[u8; 4]; MASKS],
    used: usize,
}

impl Masks {
    /// `fill` overwrites what it is given with bytes that nobody can foresee.
    pub(crate) fn new(fill: fn(&mut [u8])) -> Self {
        Self { fill, bytes: [[0; 4]; MASKS], used: MASKS }
    }

    /// Another one each time.
    #[inline]
    pub(crate) fn next(&mut self) -> [u8; 4] {
        if self.used >= MASKS {
            (self.fill)(self.bytes.as_flattened_mut());
            self.used = 0;
        }
        let mask = self.bytes[self.used];
        self.used += 1;
        mask
    }
}

impl fmt::Debug for Masks {
    // What is to come is nobody's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Masks").field("left", &(MASKS - self.used)).finish_non_exhaustive()
    }
}

/// One system call, of some hundred nanoseconds, for so many frames.
const MASKS: usize = 128;
