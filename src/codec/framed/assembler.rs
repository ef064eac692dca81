//! From pieces of a stream to whole messages.

use std::ops::Range;

use super::{Codec, Decoded};
use crate::error::Violation;

/// Bytes appended at first to the beginning of a message of unknown length; then twice as many.
const STEP: usize = 256;

/// Memory that is kept for the next message that comes in pieces.
const KEPT: usize = 512;

/// Finds the messages of one stream. A message that lies in the data in one piece is borrowed from
/// there; of others what has come is kept, and no more of the data than belongs to them.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    tail: Vec<u8>,
    /// How long the tail must be before it is worth to look at it again.
    wanted: usize,
    /// The tail is a message that was handed out.
    spent: bool,
}

impl Assembler {
    /// The payload of the next frame, if there is one; moves `data` behind what it has taken.
    /// After `None`, `data` is empty.
    pub(crate) fn next<'a, 'd: 'a>(
        &'a mut self,
        codec: &mut impl Codec,
        data: &mut &'d [u8],
    ) -> Result<Option<&'a [u8]>, Violation> {
        self.forget_spent();
        if !self.tail.is_empty()
            && let Some(payload) = self.next_in_tail(codec, data)?
        {
            return Ok(Some(&self.tail[payload]));
        }
        while !data.is_empty() {
            match decode(codec, data, 0)? {
                Decoded::Frame { payload, end } => {
                    let (frame, rest) = data.split_at(end);
                    *data = rest;
                    return Ok(Some(&frame[payload]));
                }
                Decoded::Skip { end } => *data = &data[end..],
                Decoded::Incomplete { wanted } => {
                    self.want(codec, wanted, data.len())?;
                    self.tail.extend_from_slice(data);
                    *data = &[];
                }
            }
        }
        Ok(None)
    }

    /// The stream has ended; the payload of what is left, if that is a message.
    pub(crate) fn end(&mut self, codec: &mut impl Codec) -> Result<Option<&[u8]>, Violation> {
        self.forget_spent();
        if self.tail.is_empty() {
            return Ok(None);
        }
        let payload = codec.decode_end(&self.tail)?;
        self.spent = true;
        let outside = || Violation::malformed("a message that its codec has lost");
        self.tail.get(payload).map(Some).ok_or_else(outside)
    }

    /// Bytes that are kept, and the memory they are kept in.
    #[cfg(test)]
    pub(super) fn kept(&self) -> (usize, usize) {
        (self.tail.len(), self.tail.capacity())
    }

    /// Forgets everything, for another stream.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The same as a place in the tail. After `None`, `data` is empty or the tail is.
    fn next_in_tail(
        &mut self,
        codec: &mut impl Codec,
        data: &mut &[u8],
    ) -> Result<Option<Range<usize>>, Violation> {
        let mut step = STEP;
        while !data.is_empty() {
            let old = self.tail.len();
            let missing = self.wanted.saturating_sub(old);
            let (piece, rest) = data.split_at(missing.max(step).min(data.len()));
            self.tail.extend_from_slice(piece);
            // What comes in tiny pieces is not looked at for each.
            if piece.len() < missing {
                *data = rest;
                break;
            }
            match decode(codec, &self.tail, old)? {
                Decoded::Frame { payload, end } => {
                    *data = &data[end - old..];
                    self.spent = true;
                    return Ok(Some(payload));
                }
                Decoded::Skip { end } => {
                    *data = &data[end - old..];
                    self.forget_tail();
                    break;
                }
                Decoded::Incomplete { wanted } => {
                    self.want(codec, wanted, self.tail.len())?;
                    *data = rest;
                    step *= 2;
                }
            }
        }
        Ok(None)
    }

    fn want(&mut self, codec: &impl Codec, wanted: usize, have: usize) -> Result<(), Violation> {
        self.wanted = wanted.max(have + 1);
        let limit = codec.max_frame();
        if self.wanted > limit { Err(Violation::TooLong { limit }) } else { Ok(()) }
    }

    fn forget_spent(&mut self) {
        if self.spent {
            self.spent = false;
            self.forget_tail();
        }
    }

    fn forget_tail(&mut self) {
        self.tail.clear();
        self.tail.shrink_to(KEPT);
    }
}

/// What the codec finds in data of which it has seen `old` bytes. A codec that is wrong about its
/// data must not be a way to make the program panic, and one that forgets its limit has one.
fn decode(codec: &mut impl Codec, data: &[u8], old: usize) -> Result<Decoded, Violation> {
    let decoded = codec.decode(data)?;
    let (payload, end) = match &decoded {
        Decoded::Frame { payload, end } => (payload.clone(), *end),
        Decoded::Skip { end } => (0..0, *end),
        Decoded::Incomplete { .. } => return Ok(decoded),
    };
    if end <= old || end > data.len() || payload.start > payload.end || payload.end > end {
        return Err(Violation::malformed("a frame that its codec has lost"));
    }
    let limit = codec.max_frame();
    let is_frame = matches!(decoded, Decoded::Frame { .. });
    if is_frame && end > limit { Err(Violation::TooLong { limit }) } else { Ok(decoded) }
}
