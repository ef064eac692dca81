//! Messages behind their length, in a field of fixed width.

use super::codec::MAX_MESSAGE;
use super::counted::counted;
use super::{Codec, Decoded, Frame};
use crate::error::Violation;

/// Each message stands behind its length.
///
/// The length has 4 bytes, the highest first, and counts what follows it, at most 1 MiB, unless said
/// otherwise. For lengths as protobuf writes them there is [`Varint`](super::Varint).
///
/// ```
/// use sockeye::framed::{self, LengthPrefix};
/// use sockeye::testing::Harness;
///
/// let echo = |session: &mut framed::Session<'_>, message: &[u8]| {
///     session.send(message);
/// };
/// let codec = LengthPrefix::u16().little_endian().max(1000);
/// let mut peer = Harness::new(framed::server(codec, move |_| echo));
/// assert_eq!(peer.feed(b"\x05\x00hel"), b"");
/// assert_eq!(peer.feed(b"lo\x00\x00"), b"\x05\x00hello\x00\x00");
/// ```
///
/// # Which settings for which protocol
///
/// | a frame | its codec |
/// |---|---|
/// | `len: u32`, `len` bytes | `LengthPrefix::default()` |
/// | `len: u16`, body; `len` counts itself too | `u16().counts_from(0)` |
/// | `len: u24`, `kind: u8`, `len` bytes | `u24().counts_from(4)`; a message begins with its kind |
/// | `kind: u8`, `len: u32`, `len` bytes | `u32().in_header(1)` |
/// | `magic: u16`, `len: u16`, `flags: u32`, `len` bytes | `u16().in_header(2).counts_from(8)` |
/// | `version: u8`, `len: u24`, body; `len` counts all | `u24().in_header(1).counts_from(0)` |
///
/// [`in_header`](Self::in_header) makes the header a part of the messages; without it a message
/// begins behind its length.
#[derive(Clone, Copy, Debug)]
pub struct LengthPrefix {
    width: usize,
    little_endian: bool,
    /// Bytes before the length, if messages are whole frames.
    offset: Option<usize>,
    /// The place in the frame from which on the length counts, if not from its own end.
    counted_from: Option<usize>,
    max: usize,
}

impl LengthPrefix {
    /// A length of one byte.
    pub const fn u8() -> Self {
        Self::of_width(1)
    }

    /// A length of two bytes.
    pub const fn u16() -> Self {
        Self::of_width(2)
    }

    /// A length of three bytes.
    pub const fn u24() -> Self {
        Self::of_width(3)
    }

    /// A length of four bytes. This is the default.
    pub const fn u32() -> Self {
        Self::of_width(4)
    }

    /// A length of eight bytes.
    pub const fn u64() -> Self {
        Self::of_width(8)
    }

    /// The length's lowest byte comes first. Default: its highest, as usual in networks.
    #[must_use]
    pub const fn little_endian(self) -> Self {
        Self { little_endian: true, ..self }
    }

    /// The length is a field of a header, behind `offset` bytes of it, and messages are whole
    /// frames, with their header in front. Default: the length comes first and belongs to no message.
    ///
    /// What is sent begins with such a header as well. The length in it is filled in, so that
    /// there may stand anything. A message that is too short for it is refused
    /// ([`Sent::Invalid`](crate::Sent::Invalid)).
    ///
    /// ```
    /// use sockeye::framed::{self, Codec, LengthPrefix};
    ///
    /// // A kind and a version of one byte each, the length of the body, a number of the request.
    /// let codec = LengthPrefix::u16().in_header(2).counts_from(8);
    /// let mut frame = Vec::new();
    /// framed::encode(&codec, b"\x07\x01??\0\0\0\x2abody", &mut frame)?;
    /// assert_eq!(frame, b"\x07\x01\0\x04\0\0\0\x2abody");
    /// # Ok::<(), sockeye::Violation>(())
    /// ```
    #[must_use]
    pub const fn in_header(self, offset: usize) -> Self {
        Self { offset: Some(offset), ..self }
    }

    /// The length counts the frame's bytes from this one on: 0 for the whole frame, the header's
    /// length for what follows the header. Default: from the first byte behind the length on.
    ///
    /// A frame that ends within its length is a violation, and a message that would end before
    /// `byte` cannot be sent.
    #[must_use]
    pub const fn counts_from(self, byte: usize) -> Self {
        Self { counted_from: Some(byte), ..self }
    }

    /// Bytes that a message may have, with its header if that is a part of it. Longer ones are
    /// refused, received or sent; of received ones no more than the length is awaited. Default:
    /// 1 MiB.
    #[must_use]
    pub const fn max(self, bytes: usize) -> Self {
        Self { max: bytes, ..self }
    }

    const fn of_width(width: usize) -> Self {
        Self { width, little_endian: false, offset: None, counted_from: None, max: MAX_MESSAGE }
    }

    /// Bytes of a frame up to where its length ends.
    #[inline]
    const fn prefix(&self) -> usize {
        match self.offset {
            Some(offset) => offset.saturating_add(self.width),
            None => self.width,
        }
    }

    /// Where in a frame its message begins.
    #[inline]
    const fn begin(&self) -> usize {
        if self.offset.is_some() { 0 } else { self.width }
    }

    #[inline]
    fn counted_from(&self) -> usize {
        self.counted_from.unwrap_or_else(|| self.prefix())
    }

    /// Where a frame ends, if that can be said.
    #[inline]
    fn end(&self, field: &[u8]) -> Option<usize> {
        let length = match (self.little_endian, field) {
            // The usual one in one load.
            (false, &[a, b, c, d]) => u64::from(u32::from_be_bytes([a, b, c, d])),
            (false, _) => field.iter().fold(0, append),
            (true, _) => field.iter().rev().fold(0, append),
        };
        usize::try_from(length).ok()?.checked_add(self.counted_from())
    }

    /// The length of a frame that ends there; as many of these bytes as it is wide.
    #[inline]
    fn field(&self, end: usize) -> Result<[u8; 8], Violation> {
        let counted = end.checked_sub(self.counted_from()).filter(|_| end >= self.prefix());
        let counted =
            counted.ok_or_else(|| Violation::malformed("a message without its header"))?;
        let greatest = u64::MAX >> (64 - 8 * self.width);
        let length = u64::try_from(counted).unwrap_or(u64::MAX);
        if length > greatest {
            let excess = usize::try_from(length - greatest).unwrap_or(usize::MAX);
            return Err(Violation::TooLong { limit: end - self.begin() - excess });
        }
        // Put together bytewise and read as a whole, it took 6 ns longer.
        Ok(match self.little_endian {
            true => length.to_le_bytes(),
            false => (length << (64 - 8 * self.width)).to_be_bytes(),
        })
    }
}

fn append(number: u64, byte: &u8) -> u64 {
    number << 8 | u64::from(*byte)
}

impl Default for LengthPrefix {
    fn default() -> Self {
        Self::u32()
    }
}

impl Codec for LengthPrefix {
    type Message = [u8];

    #[inline]
    fn decode(&mut self, data: &[u8]) -> Result<Decoded, Violation> {
        let prefix = self.prefix();
        if prefix > self.max_frame() {
            return Err(Violation::TooLong { limit: self.max });
        }
        let Some(field) = data.get(prefix - self.width..prefix) else {
            return Ok(Decoded::Incomplete { wanted: prefix });
        };
        match self.end(field) {
            Some(end) if end < prefix => {
                Err(Violation::malformed("a length that ends before itself"))
            }
            end => counted(data, self.begin(), end, self.max),
        }
    }

    #[inline]
    fn read<'a>(&'a mut self, payload: &'a [u8]) -> Result<&'a [u8], Violation> {
        Ok(payload)
    }

    #[inline]
    fn encode(&self, message: &[u8], frame: &mut Frame<'_>) -> Result<(), Violation> {
        if message.len() > self.max {
            return Err(Violation::TooLong { limit: self.max });
        }
        let bytes = self.field(self.begin() + message.len())?;
        let field = &bytes[..self.width];
        let Some(offset) = self.offset else {
            match field.first_chunk::<4>() {
                Some(field) if self.width == 4 => frame.put(field),
                _ => frame.put(field),
            }
            frame.message();
            return Ok(());
        };
        let (head, rest) = message.split_at(offset);
        if rest.starts_with(field) {
            // As it is in what is passed on, which then can be shared.
            frame.message();
        } else {
            frame.put(head);
            frame.put(field);
            frame.put(&rest[self.width..]);
        }
        Ok(())
    }

    #[inline]
    fn max_frame(&self) -> usize {
        self.max.saturating_add(self.begin())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{encoded, outcome};
    use super::*;

    /// What comes out of these bytes, and that it goes in as them.
    #[track_caller]
    fn one(codec: LengthPrefix, frame: &[u8], message: &[u8]) {
        let outcome = outcome(&codec, frame, &[3]);
        assert_eq!((outcome.messages, outcome.end), (vec![message.to_vec()], Ok(())));
        assert_eq!(encoded(&codec, message).unwrap(), frame);
    }

    #[track_caller]
    fn refused(codec: LengthPrefix, bytes: &[u8], violation: &Violation) {
        let outcome = outcome(&codec, bytes, &[3]);
        assert_eq!((outcome.messages, outcome.end), (Vec::new(), Err(violation.clone())));
    }

    #[test]
    fn lengths_have_widths_and_orders() {
        one(LengthPrefix::u8(), b"\x02hi", b"hi");
        one(LengthPrefix::u16(), b"\0\x02hi", b"hi");
        one(LengthPrefix::u24(), b"\0\0\x02hi", b"hi");
        one(LengthPrefix::default(), b"\0\0\0\x02hi", b"hi");
        one(LengthPrefix::u64(), b"\0\0\0\0\0\0\0\x02hi", b"hi");
        one(LengthPrefix::u24().little_endian(), b"\x02\0\0hi", b"hi");
        let long = [7; 0x1234];
        one(LengthPrefix::u16(), &[&[0x12, 0x34][..], &long].concat(), &long);
        one(LengthPrefix::u16().little_endian(), &[&[0x34, 0x12][..], &long].concat(), &long);
    }

    #[test]
    fn a_length_may_count_itself_or_what_follows_a_header() {
        one(LengthPrefix::u16().counts_from(0), b"\0\x04hi", b"hi");
        one(LengthPrefix::u16().counts_from(0), b"\0\x02", b"");
        one(LengthPrefix::u24().counts_from(4), b"\0\0\x02khi", b"khi");
    }

    #[test]
    fn a_length_may_be_in_a_header() {
        let frame = b"k\0\x02hi";
        one(LengthPrefix::u16().in_header(1), frame, frame);
        let frame = b"\xca\xfe\0\x02flaghi";
        one(LengthPrefix::u16().in_header(2).counts_from(8), frame, frame);
        one(LengthPrefix::u16().counts_from(8).in_header(2), frame, frame);
        let frame = b"v\0\0\x06hi";
        one(LengthPrefix::u24().in_header(1).counts_from(0), frame, frame);
        one(LengthPrefix::u16().in_header(0), b"\0\x02hi", b"\0\x02hi");
    }

    #[test]
    fn the_length_in_a_header_is_filled_in() {
        let codec = LengthPrefix::u16().in_header(1);
        assert_eq!(encoded(&codec, b"k??hi").unwrap(), b"k\0\x02hi");
        assert_eq!(encoded(&codec, b"k??").unwrap(), b"k\0\0");
    }

    #[test]
    fn what_is_too_short_for_its_header_is_not_sent() {
        for codec in [LengthPrefix::u16().in_header(2), LengthPrefix::u16().counts_from(6)] {
            let violation = Violation::malformed("a message without its header");
            assert_eq!(encoded(&codec, b"abc"), Err(violation));
            assert!(encoded(&codec, b"abcd").is_ok());
        }
        let endless = LengthPrefix::u16().in_header(usize::MAX).counts_from(usize::MAX);
        assert!(encoded(&endless, b"abc").is_err());
        refused(endless, b"abc", &Violation::TooLong { limit: 1 << 20 });
    }

    #[test]
    fn more_than_the_length_can_say_is_not_sent() {
        let limit = |codec: LengthPrefix| match encoded(&codec, &[0; 1000]) {
            Err(Violation::TooLong { limit }) => limit,
            other => panic!("{other:?}"),
        };
        assert_eq!(limit(LengthPrefix::u8()), 255);
        assert_eq!(limit(LengthPrefix::u8().counts_from(0)), 254);
        assert_eq!(limit(LengthPrefix::u8().counts_from(10)), 264);
        assert_eq!(limit(LengthPrefix::u8().in_header(4)), 260);
        assert!(encoded(&LengthPrefix::u8(), &[0; 255]).is_ok());
    }

    #[test]
    fn a_length_over_the_maximum_is_refused_when_it_is_seen() {
        let violation = Violation::TooLong { limit: 5 };
        let codec = LengthPrefix::u16().max(5);
        one(codec, b"\0\x05hello", b"hello");
        refused(codec, b"\0\x06", &violation);
        assert_eq!(encoded(&codec, b"hello!"), Err(violation.clone()));
        refused(LengthPrefix::u64().max(5), &[0xff; 8], &violation);
        refused(LengthPrefix::u64().max(5).counts_from(100), &[0xff; 8], &violation);
        refused(
            LengthPrefix::u64().max(usize::MAX),
            &[0xff; 8],
            &Violation::TooLong { limit: usize::MAX },
        );
        // With the header.
        refused(LengthPrefix::u8().in_header(2).max(5), b"ab\x03", &violation);
        one(LengthPrefix::u8().in_header(2).max(5), b"ab\x02hi", b"ab\x02hi");
    }

    #[test]
    fn a_length_that_ends_before_itself_is_refused() {
        let violation = Violation::malformed("a length that ends before itself");
        refused(LengthPrefix::u16().counts_from(0), b"\0\x01", &violation);
        refused(LengthPrefix::u16().in_header(3).counts_from(0), b"abc\0\x04", &violation);
        // And one that does not, but is in the middle of what the header has.
        one(LengthPrefix::u16().in_header(0).counts_from(0), b"\0\x03h", b"\0\x03h");
    }

    #[test]
    fn a_maximum_without_room_for_the_header_lets_nothing_pass() {
        let codec = LengthPrefix::u8().in_header(9).counts_from(3).max(3);
        refused(codec, &[0; 20], &Violation::TooLong { limit: 3 });
        assert_eq!(encoded(&codec, &[0; 20]), Err(Violation::TooLong { limit: 3 }));
        one(LengthPrefix::u8().max(0), &[0], &[]);
    }

    #[test]
    fn an_end_within_a_message_is_one() {
        for bytes in [&b"\0"[..], b"\0\0\0\x02", b"\0\0\0\x02h"] {
            refused(LengthPrefix::default(), bytes, &Violation::Incomplete);
        }
    }
}
