//! Text that comes in pieces.

use std::str;

/// Checks text as it comes, and fails at the first byte that no text could have there, within a
/// character too.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Utf8 {
    /// The character that has begun and not come to its end.
    begun: [u8; 4],
    len: u8,
}

/// A byte that no text has there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotUtf8;

impl Utf8 {
    /// The next bytes.
    pub(crate) fn feed(&mut self, data: &[u8]) -> Result<(), NotUtf8> {
        self.take(data, |_| ())
    }

    /// The next bytes; what is whole of them, and of those before, is given away.
    pub(crate) fn take(
        &mut self,
        mut data: &[u8],
        mut give: impl FnMut(&str),
    ) -> Result<(), NotUtf8> {
        while self.len > 0
            && let Some((&byte, rest)) = data.split_first()
        {
            data = rest;
            self.go_on(byte, &mut give)?;
        }
        let (whole, begun) = data.split_at(whole_characters(data));
        if !whole.is_empty() {
            give(str::from_utf8(whole).map_err(|_| NotUtf8)?);
        }
        for &byte in begun {
            self.go_on(byte, &mut give)?;
        }
        Ok(())
    }

    /// Nothing follows.
    pub(crate) fn finish(&self) -> Result<(), NotUtf8> {
        if self.len == 0 { Ok(()) } else { Err(NotUtf8) }
    }

    /// The next byte of a character that came in pieces.
    fn go_on(&mut self, byte: u8, give: &mut impl FnMut(&str)) -> Result<(), NotUtf8> {
        let end = usize::from(self.len) + 1;
        // Four bytes are never the beginning of a character: they are one, or impossible.
        let Some(begun) = self.begun.get_mut(..end) else { return Err(NotUtf8) };
        begun[end - 1] = byte;
        match str::from_utf8(begun) {
            Ok(character) => {
                give(character);
                self.len = 0;
            }
            Err(error) if error.error_len().is_some() => return Err(NotUtf8),
            Err(_) => self.len += 1,
        }
        Ok(())
    }
}

/// How many of these bytes are in front of a character that has no end in them.
fn whole_characters(data: &[u8]) -> usize {
    for (back, byte) in data.iter().rev().take(3).enumerate() {
        let len = match byte {
            0x80..=0xBF => continue,
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xFF => 4,
            _ => 1,
        };
        return if len > back + 1 { data.len() - back - 1 } else { data.len() };
    }
    data.len()
}
