//! From pieces of a stream to whole messages.

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
        if !self.tail.is_empty() {
            return self.next_in_tail(codec, data);
        }
        if data.is_empty() {
            return Ok(None);
        }
        match checked(codec.decode(data)?, 0, data.len())? {
            Decoded::Frame { payload, end } => {
                let (frame, rest) = data.split_at(end);
                *data = rest;
                Ok(Some(&frame[payload]))
            }
            Decoded::Incomplete { wanted } => {
                self.want(codec, wanted, data.len())?;
                self.tail.extend_from_slice(data);
                *data = &[];
                Ok(None)
            }
        }
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

    /// Forgets everything, for another stream.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    fn next_in_tail<'a>(
        &'a mut self,
        codec: &mut impl Codec,
        data: &mut &[u8],
    ) -> Result<Option<&'a [u8]>, Violation> {
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
            match checked(codec.decode(&self.tail)?, old, self.tail.len())? {
                Decoded::Frame { payload, end } => {
                    *data = &data[end - old..];
                    self.spent = true;
                    return Ok(Some(&self.tail[payload]));
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
            self.tail.clear();
            self.tail.shrink_to(KEPT);
        }
    }
}

/// A codec that is wrong about its data must not be a way to make the program panic.
fn checked(decoded: Decoded, begin: usize, len: usize) -> Result<Decoded, Violation> {
    match &decoded {
        Decoded::Frame { payload, end }
            if *end <= begin || *end > len || payload.start > payload.end || payload.end > *end =>
        {
            Err(Violation::malformed("a frame that its codec has lost"))
        }
        _ => Ok(decoded),
    }
}
