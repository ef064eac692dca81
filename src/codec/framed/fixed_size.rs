//! Messages of one size.

use super::{Codec, Decoded, Frame};
use crate::error::Violation;

/// Each message has the same number of bytes, and nothing is around it.
///
/// ```
/// use sockeye::framed::{self, FixedSize};
/// use sockeye::testing::Harness;
///
/// let negate = |session: &mut framed::Session<'_>, message: &[u8]| {
///     if let Ok(bytes) = message.try_into() {
///         session.send((-i32::from_be_bytes(bytes)).to_be_bytes());
///     }
/// };
/// let mut peer = Harness::new(framed::server(FixedSize::new(4), move |_| negate));
/// assert_eq!(peer.feed(b"\0\0\0\x01\0\0"), (-1i32).to_be_bytes());
/// ```
///
/// A message of another size is not sent ([`Sent::Invalid`](crate::Sent::Invalid)).
#[derive(Clone, Copy, Debug)]
pub struct FixedSize {
    size: usize,
}

impl FixedSize {
    /// Messages of so many bytes.
    ///
    /// # Panics
    ///
    /// When that is 0; in a constant, when it is compiled.
    pub const fn new(bytes: usize) -> Self {
        assert!(bytes > 0, "a message of a fixed size has at least one byte");
        Self { size: bytes }
    }
}

impl Codec for FixedSize {
    type Message = [u8];

    fn decode(&mut self, data: &[u8]) -> Result<Decoded, Violation> {
        if data.len() < self.size {
            return Ok(Decoded::Incomplete { wanted: self.size });
        }
        Ok(Decoded::Frame { payload: 0..self.size, end: self.size })
    }

    fn read<'a>(&'a mut self, payload: &'a [u8]) -> Result<&'a [u8], Violation> {
        Ok(payload)
    }

    fn encode(&self, message: &[u8], frame: &mut Frame<'_>) -> Result<(), Violation> {
        if message.len() > self.size {
            return Err(Violation::TooLong { limit: self.size });
        }
        if message.len() < self.size {
            return Err(Violation::malformed("a message that is too short"));
        }
        frame.message();
        Ok(())
    }

    fn max_frame(&self) -> usize {
        self.size
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{encoded, outcome};
    use super::*;

    #[test]
    fn messages_follow_each_other() {
        let outcome = outcome(&FixedSize::new(2), b"abcde", &[3]);
        assert_eq!(outcome.messages, [b"ab", b"cd"]);
        assert_eq!(outcome.end, Err(Violation::Incomplete));
    }

    #[test]
    fn messages_of_other_sizes_are_not_sent() {
        let codec = FixedSize::new(2);
        assert_eq!(encoded(&codec, b"ab").unwrap(), b"ab");
        assert_eq!(encoded(&codec, b"abc"), Err(Violation::TooLong { limit: 2 }));
        let violation = Violation::malformed("a message that is too short");
        assert_eq!(encoded(&codec, b"a"), Err(violation.clone()));
        assert_eq!(encoded(&codec, b""), Err(violation));
    }

    #[test]
    #[should_panic(expected = "at least one byte")]
    fn no_size_is_no_size() {
        FixedSize::new(0);
    }
}
