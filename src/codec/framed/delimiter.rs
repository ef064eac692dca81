//! Messages with a mark behind each.

use std::ops::Range;

use bytes::Bytes;

use super::codec::MAX_MESSAGE;
use super::scan::Scan;
use super::{Codec, Decoded, Frame};
use crate::error::Violation;

/// Each message ends with a delimiter, of one or several bytes, that stands in none.
///
/// ```
/// use sockeye::framed::{self, Delimiter};
/// use sockeye::testing::Harness;
///
/// let echo = |session: &mut framed::Session<'_>, message: &[u8]| {
///     session.send(message);
/// };
/// let codec = Delimiter::new("\r\n.\r\n");
/// let mut peer = Harness::new(framed::server(codec, move |_| echo));
/// assert_eq!(peer.feed("Dear all\r\n.\r"), b"");
/// assert_eq!(peer.feed("\n\r\n.\r\n"), b"Dear all\r\n.\r\n\r\n.\r\n"); // the second one is empty
/// ```
///
/// For lines of text there is [`Lines`](super::Lines).
#[derive(Clone, Debug)]
pub struct Delimiter {
    delimiter: Bytes,
    kept: bool,
    open_end: bool,
    max: usize,
    scan: Scan,
}

impl Delimiter {
    /// Messages of at most 1 MiB that end with this.
    ///
    /// # Panics
    ///
    /// When the delimiter has no byte.
    pub fn new(delimiter: impl AsRef<[u8]>) -> Self {
        let delimiter = Bytes::copy_from_slice(delimiter.as_ref());
        assert!(!delimiter.is_empty(), "a delimiter has at least one byte");
        let (max, scan) = (MAX_MESSAGE, Scan::new());
        Self { delimiter, kept: false, open_end: false, max, scan }
    }

    /// Whether messages have their delimiter at their end, both ways: one that is sent must then
    /// end with it. Default: no, the delimiter is taken off, and put behind what is sent.
    #[must_use]
    pub fn keep(self, kept: bool) -> Self {
        Self { kept, ..self }
    }

    /// Whether what is left when the peer finishes sending is a message though it has no
    /// delimiter. Default: no, it is a [violation](Violation::Incomplete).
    #[must_use]
    pub fn open_end(self, open_end: bool) -> Self {
        Self { open_end, ..self }
    }

    /// Bytes that a message may have, its delimiter not counted. Longer ones are refused, received
    /// or sent; of received ones no more is awaited. Default: 1 MiB.
    #[must_use]
    pub fn max(self, bytes: usize) -> Self {
        Self { max: bytes, ..self }
    }

    /// Whether the message would end too soon with a delimiter behind it.
    fn ends_early(&self, message: &[u8]) -> bool {
        let delimiter = &*self.delimiter;
        // With the delimiter `--`, the message `a-` is to arrive as `a-` and not as `a`.
        let across = |len: usize| {
            delimiter.starts_with(&delimiter[len..]) && message.ends_with(&delimiter[..len])
        };
        let within = Scan::new().find(delimiter, message, usize::MAX).is_some();
        within || (1..delimiter.len()).any(across)
    }

    fn too_long(&self) -> Violation {
        Violation::TooLong { limit: self.max }
    }
}

impl Codec for Delimiter {
    type Message = [u8];

    fn decode(&mut self, data: &[u8]) -> Result<Decoded, Violation> {
        let limit = self.max_frame();
        match self.scan.find(&self.delimiter, data, limit) {
            Some(begin) => {
                let end = begin + self.delimiter.len();
                Ok(Decoded::Frame { payload: 0..if self.kept { end } else { begin }, end })
            }
            None if data.len() >= limit => Err(self.too_long()),
            None => Ok(Decoded::Incomplete { wanted: data.len() + 1 }),
        }
    }

    fn read<'a>(&'a mut self, payload: &'a [u8]) -> Result<&'a [u8], Violation> {
        Ok(payload)
    }

    fn encode(&self, message: &[u8], frame: &mut Frame<'_>) -> Result<(), Violation> {
        let content = match self.kept {
            true => message.strip_suffix(&*self.delimiter),
            false => Some(message),
        };
        let content =
            content.ok_or_else(|| Violation::malformed("a message without its delimiter"))?;
        if self.ends_early(content) {
            return Err(Violation::malformed("a message with a delimiter in it"));
        }
        if content.len() > self.max {
            return Err(self.too_long());
        }
        frame.message();
        if !self.kept {
            frame.put(&self.delimiter);
        }
        Ok(())
    }

    fn decode_end(&mut self, rest: &[u8]) -> Result<Range<usize>, Violation> {
        self.scan = Scan::new();
        match self.open_end {
            true if rest.len() > self.max => Err(self.too_long()),
            true => Ok(0..rest.len()),
            false => Err(Violation::Incomplete),
        }
    }

    fn max_frame(&self) -> usize {
        self.max.saturating_add(self.delimiter.len())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{encoded, outcome};
    use super::*;

    fn messages(codec: &Delimiter, bytes: &str) -> Vec<String> {
        let outcome = outcome(codec, bytes.as_bytes(), &[3]);
        assert_eq!(outcome.end, Ok(()));
        outcome.messages.into_iter().map(|message| String::from_utf8(message).unwrap()).collect()
    }

    fn end(codec: &Delimiter, bytes: &str) -> Result<(), Violation> {
        outcome(codec, bytes.as_bytes(), &[3]).end
    }

    #[test]
    fn delimiters_are_taken_off_or_kept() {
        let codec = Delimiter::new("\r\n");
        assert_eq!(messages(&codec, "a\r\n\r\n\nb\r\r\n"), ["a", "", "\nb\r"]);
        assert_eq!(encoded(&codec, b"a").unwrap(), b"a\r\n");
        let codec = codec.keep(true);
        assert_eq!(messages(&codec, "a\r\n\r\n"), ["a\r\n", "\r\n"]);
        assert_eq!(encoded(&codec, b"a\r\n").unwrap(), b"a\r\n");
        assert_eq!(messages(&Delimiter::new([0]), "a\0b\0"), ["a", "b"]);
    }

    #[test]
    fn what_would_arrive_as_something_else_is_not_sent() {
        let within = || Err(Violation::malformed("a message with a delimiter in it"));
        let without = || Err(Violation::malformed("a message without its delimiter"));
        let dashes = Delimiter::new("--");
        assert_eq!(encoded(&dashes, b"a--b"), within());
        assert_eq!(encoded(&dashes, b"a-"), within());
        assert!(encoded(&dashes, b"-a").is_ok());
        let kept = dashes.keep(true);
        assert_eq!(encoded(&kept, b"a-"), without());
        assert_eq!(encoded(&kept, b"a---"), within());
        assert_eq!(encoded(&kept, b"a----"), within());
        assert!(encoded(&kept, b"-a--").is_ok());
        assert_eq!(encoded(&Delimiter::new("abcab"), b"-abc"), within());
    }

    #[test]
    fn no_message_is_longer_than_the_maximum() {
        let too_long = || Err(Violation::TooLong { limit: 3 });
        for codec in [false, true].map(|keep| Delimiter::new("--").max(3).keep(keep)) {
            assert_eq!(end(&codec, "abc--"), Ok(()));
            assert_eq!(end(&codec, "abcd--"), too_long());
            // As soon as it is sure.
            assert_eq!(end(&codec, "abcd"), Err(Violation::Incomplete));
            assert_eq!(end(&codec, "abcde"), too_long());
        }
        assert_eq!(encoded(&Delimiter::new("--").max(3), b"abcd").map(drop), too_long());
        assert_eq!(encoded(&Delimiter::new("--").max(3).keep(true), b"abc--").unwrap(), b"abc--");
    }

    #[test]
    fn what_is_left_is_a_message_if_wanted() {
        let codec = Delimiter::new("--").max(3);
        assert_eq!(end(&codec, "a--b"), Err(Violation::Incomplete));
        let codec = codec.open_end(true);
        assert_eq!(messages(&codec, "a--b-"), ["a", "b-"]);
        assert_eq!(messages(&codec, "a--"), ["a"]);
        assert_eq!(end(&codec, "abc-"), Err(Violation::TooLong { limit: 3 }));
    }

    #[test]
    #[should_panic(expected = "a delimiter has at least one byte")]
    fn a_delimiter_is_something() {
        Delimiter::new("");
    }
}
