//! Messages without a session.

use super::{Assembler, Codec, Frame};
use crate::error::Violation;

/// Finds the messages in bytes that come in pieces, without a session: in a file, from a pipe, or in
/// the test of a codec.
///
/// ```
/// use sockeye::framed::{Decoder, Lines};
///
/// let mut decoder = Decoder::new(Lines::new());
/// let mut lines = Vec::new();
/// for mut piece in ["one\r\ntw", "o", "\nthree"].map(str::as_bytes) {
///     while let Some(line) = decoder.next(&mut piece)? {
///         lines.push(line.to_string());
///     }
/// }
/// assert_eq!(lines, ["one", "two"]);
/// assert_eq!(decoder.finish()?, Some("three"));
/// # Ok::<(), sockeye::Violation>(())
/// ```
///
/// What it keeps of a message that has not come to its end is at most
/// [`Codec::max_frame`].
#[derive(Debug)]
pub struct Decoder<C> {
    codec: C,
    assembler: Assembler,
}

impl<C: Codec> Decoder<C> {
    /// For bytes from their beginning on.
    pub fn new(codec: C) -> Self {
        Self { codec, assembler: Assembler::default() }
    }

    /// The next message, if there is a whole one; moves `data` behind what has been looked at.
    /// After `None` that is everything, and the next call is for the bytes that follow.
    ///
    /// The message is borrowed from `data` if it lies there in one piece.
    ///
    /// # Errors
    ///
    /// What is wrong with the bytes. What follows has no meaning then.
    pub fn next<'a, 'd: 'a>(
        &'a mut self,
        data: &mut &'d [u8],
    ) -> Result<Option<&'a C::Message>, Violation> {
        match self.assembler.next(&mut self.codec, data)? {
            Some(payload) => self.codec.read(payload).map(Some),
            None => Ok(None),
        }
    }

    /// Nothing follows; the last message, if what is left is one. Comes once, after
    /// [`next`](Self::next) has returned `None`.
    ///
    /// # Errors
    ///
    /// What is wrong with what is left: usually that it is
    /// [no whole message](Violation::Incomplete).
    pub fn finish(&mut self) -> Result<Option<&C::Message>, Violation> {
        match self.assembler.end(&mut self.codec)? {
            Some(payload) => self.codec.read(payload).map(Some),
            None => Ok(None),
        }
    }
}

/// Appends a message's frame to `out`, as a session sends it.
///
/// ```
/// use sockeye::Violation;
/// use sockeye::framed::{self, LengthPrefix};
///
/// let codec = LengthPrefix::u8();
/// let mut out = Vec::new();
/// framed::encode(&codec, "one", &mut out)?;
/// framed::encode(&codec, "seven", &mut out)?;
/// assert_eq!(out, b"\x03one\x05seven");
/// assert_eq!(framed::encode(&codec, [0; 256], &mut out), Err(Violation::TooLong { limit: 255 }));
/// # Ok::<(), Violation>(())
/// ```
///
/// # Errors
///
/// Why the message cannot be sent; `out` is as it was.
pub fn encode(
    codec: &impl Codec,
    message: impl AsRef<[u8]>,
    out: &mut Vec<u8>,
) -> Result<(), Violation> {
    let len = out.len();
    let encoded = codec.encode(message.as_ref(), &mut Frame::new(out, message.as_ref(), false));
    if encoded.is_err() {
        out.truncate(len);
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::super::{Delimiter, Lines};
    use super::*;

    #[test]
    fn one_decoder_reads_one_stream() {
        let mut decoder = Decoder::new(Delimiter::new("--"));
        let mut data = &b"a--b-"[..];
        assert_eq!(decoder.next(&mut data), Ok(Some(&b"a"[..])));
        assert_eq!(data, b"b-");
        assert_eq!(decoder.next(&mut data), Ok(None));
        assert!(data.is_empty());
        assert_eq!(decoder.next(&mut data), Ok(None));
        assert_eq!(decoder.finish(), Err(Violation::Incomplete));
    }

    #[test]
    fn what_cannot_be_sent_leaves_nothing() {
        let mut out = b"before".to_vec();
        assert_eq!(encode(&Lines::new(), b"a\xff", &mut out), Err(Violation::NotUtf8));
        assert!(encode(&HalfWay, "", &mut out).is_err());
        assert_eq!(out, b"before");
    }

    #[derive(Clone)]
    struct HalfWay;

    impl Codec for HalfWay {
        type Message = [u8];

        fn decode(&mut self, _data: &[u8]) -> Result<super::super::Decoded, Violation> {
            Err(Violation::NotUtf8)
        }

        fn read<'a>(&'a mut self, payload: &'a [u8]) -> Result<&'a [u8], Violation> {
            Ok(payload)
        }

        fn encode(&self, _message: &[u8], frame: &mut Frame<'_>) -> Result<(), Violation> {
            frame.put(b"head");
            Err(Violation::NotUtf8)
        }
    }
}
