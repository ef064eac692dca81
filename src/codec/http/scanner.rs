//! When a head that was incomplete is worth another look.

use memchr::memchr;

use super::HeadLimits;

/// Remembers how far an incomplete head was searched, so that a head that comes byte by byte is not
/// parsed from its beginning with each of them.
///
/// ```
/// use sockeye::http::parse::{HeadLimits, HeadScanner};
///
/// let (mut scanner, limits) = (HeadScanner::new(), HeadLimits::default());
/// let head = b"GET /index.html HTTP/1.1\r\nHost: localhost\r\n\r\n";
/// let looks = (1..=head.len()).filter(|len| scanner.is_due(&head[..*len], &limits));
/// assert_eq!(looks.collect::<Vec<_>>(), [1, 2, 4, 8, 16, 32, head.len()]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct HeadScanner {
    /// How many bytes were there when a look was last due, and when this was last asked.
    parsed: usize,
    searched: usize,
}

impl HeadScanner {
    /// For a head of which nothing was seen.
    pub const fn new() -> Self {
        Self { parsed: 0, searched: 0 }
    }

    /// Whether the head that begins `bytes` is to be parsed: for the first time, at its end, at a
    /// limit, and whenever it has doubled, so that what is wrong with it is seen before its end.
    ///
    /// When the peer finishes, what there is may be worth another look, to tell what is malformed
    /// from what is cut short.
    pub fn is_due(&mut self, bytes: &[u8], limits: &HeadLimits) -> bool {
        let (parsed, searched) = (self.parsed, self.searched);
        self.searched = bytes.len();
        let reaches = |limit: usize| (parsed + 1..=bytes.len()).contains(&limit);
        let due = parsed == 0
            || bytes.len() >= parsed.saturating_mul(2)
            || reaches(limits.bytes)
            || reaches(limits.line.saturating_add(2))
            || has_empty_line(bytes, searched);
        if due {
            self.parsed = bytes.len();
        }
        due
    }

    /// For the next head.
    pub fn reset(&mut self) {
        *self = Self::new();
    }
}

/// Whether an empty line ends at `from` or behind it, however it ends.
fn has_empty_line(bytes: &[u8], from: usize) -> bool {
    let mut at = from.min(bytes.len());
    while let Some(lf) = memchr(b'\n', &bytes[at..]).map(|found| at + found) {
        let before = bytes[..lf].iter().rev().find(|byte| **byte != b'\r');
        if before == Some(&b'\n') {
            return true;
        }
        at = lf + 1;
    }
    false
}
