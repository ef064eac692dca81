//! What is kept of messages until it is handed out.

use std::str;

use super::utf8::NotUtf8;
use super::{Event, Failure, Kind};

/// What is kept of messages until it is handed out: one of the two is empty.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// Text that comes uncompressed: checked once, as it comes.
    text: String,
    bytes: Vec<u8>,
}

impl Content {
    /// Appends to it. `most` is how long it may become.
    pub(super) fn push_text(&mut self, more: &str, most: usize) {
        let Self { text, .. } = self;
        text.reserve_exact(growth(text.len(), text.capacity(), more.len(), most));
        text.push_str(more);
    }

    /// The same.
    pub(super) fn push_bytes(&mut self, more: &[u8], most: usize) {
        let Self { bytes, .. } = self;
        bytes.reserve_exact(growth(bytes.len(), bytes.capacity(), more.len(), most));
        bytes.extend_from_slice(more);
    }

    /// What is inflated is appended here, text too.
    pub(super) fn inflated(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    pub(super) fn message(&self, kind: Kind) -> Result<Event<'_>, Failure> {
        Ok(match kind {
            Kind::Binary => Event::Binary(&self.bytes),
            Kind::Text if self.bytes.is_empty() => Event::Text(&self.text),
            // What was inflated is checked once more, since only that makes a `str` of it.
            Kind::Text => Event::Text(str::from_utf8(&self.bytes).map_err(|_| NotUtf8)?),
        })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.text.capacity() + self.bytes.capacity()
    }

    /// Forgets a message, and memory that not every one needs.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.text.shrink_to(KEPT);
        self.bytes.clear();
        self.bytes.shrink_to(KEPT);
    }
}

/// By how much to grow for `more` bytes, if they do not fit: to twice as much, as far as there can
/// be so many. A length that was only announced takes no memory.
fn growth(len: usize, capacity: usize, more: usize, most: usize) -> usize {
    if capacity - len >= more {
        return 0;
    }
    capacity.saturating_mul(2).min(most).max(len + more) - len
}

/// Memory that one message leaves to the next, if that has begun already.
const KEPT: usize = 4096;
