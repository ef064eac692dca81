//! Messages behind their length, in as few bytes as it needs.

use super::codec::MAX_MESSAGE;
use super::counted::counted;
use super::{Codec, Decoded, Frame};
use crate::error::Violation;

/// Each message stands behind its length in the variable width of protobuf's "delimited" streams:
/// unsigned LEB128, seven bits in a byte, the lowest first.
///
/// ```
/// use sockeye::framed::{self, Varint};
/// use sockeye::testing::Harness;
///
/// let echo = |session: &mut framed::Session<'_>, message: &[u8]| {
///     session.send(message);
/// };
/// let mut peer = Harness::new(framed::server(Varint::default(), move |_| echo));
/// assert_eq!(peer.feed(b"\x05hello"), b"\x05hello");
/// let answer = peer.feed([b"\xac\x02", &[b'x'; 300][..]].concat());
/// assert_eq!(answer.len(), 302);
/// ```
///
/// A length has at most 10 bytes and 64 bits. That it could have had fewer bytes is no violation.
#[derive(Clone, Copy, Debug)]
pub struct Varint {
    max: usize,
}

impl Varint {
    /// Messages of at most 1 MiB.
    pub const fn new() -> Self {
        Self { max: MAX_MESSAGE }
    }

    /// Bytes that a message may have. Longer ones are refused, received or sent; of received ones
    /// no more than the length is awaited. Default: 1 MiB.
    #[must_use]
    pub const fn max(self, bytes: usize) -> Self {
        Self { max: bytes }
    }
}

impl Default for Varint {
    fn default() -> Self {
        Self::new()
    }
}

impl Codec for Varint {
    type Message = [u8];

    fn decode(&mut self, data: &[u8]) -> Result<Decoded, Violation> {
        let Some((length, width)) = number(data)? else {
            return Ok(Decoded::Incomplete { wanted: data.len() + 1 });
        };
        let end = usize::try_from(length).ok().and_then(|length| length.checked_add(width));
        counted(data, width, end, self.max)
    }

    fn read<'a>(&'a mut self, payload: &'a [u8]) -> Result<&'a [u8], Violation> {
        Ok(payload)
    }

    fn encode(&self, message: &[u8], frame: &mut Frame<'_>) -> Result<(), Violation> {
        if message.len() > self.max {
            return Err(Violation::TooLong { limit: self.max });
        }
        let mut length = message.len();
        while length >= 0x80 {
            frame.put(&[length as u8 | 0x80]);
            length >>= 7;
        }
        frame.put(&[length as u8]);
        frame.message();
        Ok(())
    }

    fn max_frame(&self) -> usize {
        self.max.saturating_add(WIDTH)
    }
}

/// Bytes of the longest length: 64 bits, seven in each.
const WIDTH: usize = 10;

/// The number at the beginning of the data, and its bytes; `None` if there are more to come.
fn number(data: &[u8]) -> Result<Option<(u64, usize)>, Violation> {
    let mut number = 0;
    for (at, byte) in data.iter().take(WIDTH).enumerate() {
        // The tenth byte has room for one bit, and none for a sign that there is more.
        if at == WIDTH - 1 && *byte > 1 {
            return Err(Violation::malformed("a length of more than 64 bits"));
        }
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok(Some((number, at + 1)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{encoded, outcome};
    use super::*;

    #[test]
    fn lengths_are_written_as_in_protobuf() {
        for (len, prefix) in [
            (0, &[0][..]),
            (1, &[1]),
            (127, &[127]),
            (128, &[0x80, 1]),
            (300, &[0xac, 2]),
            (16_383, &[0xff, 0x7f]),
            (16_384, &[0x80, 0x80, 1]),
        ] {
            let message = vec![7; len];
            let frame = [prefix, &message].concat();
            assert_eq!(encoded(&Varint::new(), &message).unwrap(), frame);
            assert_eq!(outcome(&Varint::new(), &frame, &[1000]).messages, [message]);
        }
    }

    #[test]
    fn a_length_may_have_more_bytes_than_it_needs() {
        let frame = b"\x82\x80\x80\x80\x80\x80\x80\x80\x80\0hi";
        assert_eq!(outcome(&Varint::new(), frame, &[3]).messages, [b"hi"]);
    }

    #[test]
    fn a_length_has_64_bits() {
        let nine = [0xff; 9];
        for (last, violation) in [
            (1, Violation::TooLong { limit: 1 << 20 }),
            (2, Violation::malformed("a length of more than 64 bits")),
            (0x80, Violation::malformed("a length of more than 64 bits")),
        ] {
            let bytes = [&nine[..], &[last]].concat();
            assert_eq!(outcome(&Varint::new(), &bytes, &[3]).end, Err(violation));
        }
        assert_eq!(outcome(&Varint::new(), &nine, &[3]).end, Err(Violation::Incomplete));
    }

    #[test]
    fn a_length_over_the_maximum_is_refused_when_it_is_seen() {
        let (codec, violation) = (Varint::new().max(5), Violation::TooLong { limit: 5 });
        assert_eq!(outcome(&codec, b"\x05hello\x06", &[3]).end, Err(violation.clone()));
        assert_eq!(encoded(&codec, b"hello!"), Err(violation));
        assert!(encoded(&codec, b"hello").is_ok());
    }
}
