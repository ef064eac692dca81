//! Lines of text.

use std::ops::Range;
use std::str;

use memchr::memchr;

use super::codec::MAX_MESSAGE;
use super::scan::Scan;
use super::{Codec, Decoded, Frame};
use crate::error::Violation;

/// Each message is a line of text, which ends with LF or CR LF.
///
/// Handlers get a `&str` without the line's end; what is no UTF-8 is a violation. Lines that are
/// sent get a LF. A CR that stands elsewhere than before a LF belongs to its line.
///
/// ```
/// use sockeye::framed::{self, Lines};
/// use sockeye::testing::Harness;
///
/// let shout = |session: &mut framed::Session<'_>, line: &str| {
///     session.send(line.to_uppercase());
/// };
/// let mut peer = Harness::new(framed::server(Lines::new(), move |_| shout));
/// assert_eq!(peer.feed("hello\r\nand good"), b"HELLO\n");
/// assert_eq!(peer.feed("bye\n"), b"AND GOODBYE\n");
/// ```
///
/// What cannot be a line is not sent ([`Sent::Invalid`](crate::Sent::Invalid)): text with a LF in
/// it, text that ends with CR if LF follows, and bytes that are no UTF-8.
#[derive(Clone, Copy, Debug)]
pub struct Lines {
    crlf: bool,
    open_end: bool,
    max: usize,
    scan: Scan,
}

impl Lines {
    /// Lines of at most 1 MiB.
    pub const fn new() -> Self {
        Self { crlf: false, open_end: true, max: MAX_MESSAGE, scan: Scan::new() }
    }

    /// Whether CR LF is put behind what is sent. Default: no, LF. What is received may have either.
    #[must_use]
    pub const fn crlf(self, crlf: bool) -> Self {
        Self { crlf, ..self }
    }

    /// Whether what is left when the peer finishes sending is a line though nothing ends it.
    /// Default: yes. If not, it is a [violation](Violation::Incomplete).
    #[must_use]
    pub const fn open_end(self, open_end: bool) -> Self {
        Self { open_end, ..self }
    }

    /// Bytes that a line may have, its end not counted. Longer ones are refused, received or sent;
    /// of received ones no more is awaited. Default: 1 MiB.
    #[must_use]
    pub const fn max(self, bytes: usize) -> Self {
        Self { max: bytes, ..self }
    }

    fn checked(&self, line: usize) -> Result<(), Violation> {
        if line > self.max { Err(Violation::TooLong { limit: self.max }) } else { Ok(()) }
    }
}

impl Default for Lines {
    fn default() -> Self {
        Self::new()
    }
}

impl Codec for Lines {
    type Message = str;

    fn decode(&mut self, data: &[u8]) -> Result<Decoded, Violation> {
        let limit = self.max_frame();
        let Some(lf) = self.scan.find(b"\n", data, limit) else {
            // As many bytes as the longest line has with its end.
            if data.len() >= limit {
                return Err(Violation::TooLong { limit: self.max });
            }
            return Ok(Decoded::Incomplete { wanted: data.len() + 1 });
        };
        let line = lf - usize::from(data[..lf].ends_with(b"\r"));
        self.checked(line)?;
        Ok(Decoded::Frame { payload: 0..line, end: lf + 1 })
    }

    fn read<'a>(&'a mut self, payload: &'a [u8]) -> Result<&'a str, Violation> {
        str::from_utf8(payload).map_err(|_| Violation::NotUtf8)
    }

    fn encode(&self, message: &[u8], frame: &mut Frame<'_>) -> Result<(), Violation> {
        self.checked(message.len())?;
        if memchr(b'\n', message).is_some() || (!self.crlf && message.ends_with(b"\r")) {
            return Err(Violation::malformed("a line with a line's end in it"));
        }
        str::from_utf8(message).map_err(|_| Violation::NotUtf8)?;
        frame.message();
        frame.put(if self.crlf { b"\r\n" } else { b"\n" });
        Ok(())
    }

    fn decode_end(&mut self, rest: &[u8]) -> Result<Range<usize>, Violation> {
        self.scan = Scan::new();
        if !self.open_end {
            return Err(Violation::Incomplete);
        }
        self.checked(rest.len())?;
        Ok(0..rest.len())
    }

    fn max_frame(&self) -> usize {
        self.max.saturating_add(2)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{encoded, outcome};
    use super::*;

    fn lines(codec: Lines, bytes: &[u8]) -> Result<Vec<String>, Violation> {
        let outcome = outcome(&codec, bytes, &[3]);
        let lines = outcome.messages.into_iter().map(|line| String::from_utf8(line).unwrap());
        outcome.end.map(|()| lines.collect())
    }

    #[test]
    fn lines_end_with_lf_or_crlf() {
        let seen = lines(Lines::new(), "a\nb\r\n\r\n\n\rc\rd\r\r\n…\n".as_bytes()).unwrap();
        assert_eq!(seen, ["a", "b", "", "", "\rc\rd\r", "…"]);
    }

    #[test]
    fn the_last_line_may_lack_its_end() {
        assert_eq!(lines(Lines::new(), b"a\nb\r").unwrap(), ["a", "b\r"]);
        let closed = Lines::new().open_end(false);
        assert_eq!(lines(closed, b"a\nb"), Err(Violation::Incomplete));
        assert_eq!(lines(closed, b"a\n").unwrap(), ["a"]);
    }

    #[test]
    fn lines_are_text() {
        let seen = outcome(&Lines::new(), b"good\n\xff\nmore\n", &[3]);
        assert_eq!((seen.messages, seen.end), (vec![b"good".into()], Err(Violation::NotUtf8)));
        // A character may be cut by what ends a stream too.
        assert_eq!(lines(Lines::new(), &"…".as_bytes()[..2]), Err(Violation::NotUtf8));
        assert_eq!(encoded(&Lines::new(), b"\xff"), Err(Violation::NotUtf8));
    }

    #[test]
    fn what_is_sent_is_one_line() {
        let (lf, crlf) = (Lines::new(), Lines::new().crlf(true));
        assert_eq!(encoded(&lf, b"a\rb").unwrap(), b"a\rb\n");
        assert_eq!(encoded(&crlf, b"a\r").unwrap(), b"a\r\r\n");
        let more = Err(Violation::malformed("a line with a line's end in it"));
        for (codec, text) in [(lf, "a\nb"), (lf, "a\n"), (lf, "a\r"), (crlf, "a\r\nb")] {
            assert_eq!(encoded(&codec, text.as_bytes()), more, "{text:?}");
        }
    }

    #[test]
    fn no_line_is_longer_than_the_maximum() {
        let codec = Lines::new().max(3);
        let too_long = || Err(Violation::TooLong { limit: 3 });
        for ended in ["abc\n", "abc\r\n", "abc", "ab\r"] {
            assert!(lines(codec, ended.as_bytes()).is_ok(), "{ended:?}");
        }
        for longer in ["abcd\n", "abcd\r\n", "abc\r\r\n", "abcd", "abc\r", "abcde"] {
            assert_eq!(lines(codec, longer.as_bytes()), too_long(), "{longer:?}");
        }
        assert!(matches!(encoded(&codec, b"abcd"), Err(Violation::TooLong { limit: 3 })));
    }

    #[test]
    fn an_endless_line_is_refused_before_it_ends() {
        let mut codec = Lines::new().max(3);
        assert_eq!(codec.decode(b"abcd"), Ok(Decoded::Incomplete { wanted: 5 }));
        assert_eq!(codec.decode(b"abcde"), Err(Violation::TooLong { limit: 3 }));
    }
}
