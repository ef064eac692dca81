//! What is kept of what has not come to its end.

use std::{mem, str};

use super::content::Content;
use super::message::{Found, Message};
use super::utf8::NotUtf8;
use super::{Code, Event, Failure, Head, Inflate, Opcode, Rules, mask};

/// What is kept of what has not come to its end: the beginning of a head, a control frame, a message.
#[derive(Debug)]
pub(super) struct Partial {
    stage: Stage,
    /// The message whose frames come.
    message: Option<Message>,
    /// Of it, or of the one that was handed out last.
    content: Content,
    /// The control frame that comes, or was handed out last.
    control: [u8; MAX_CONTROL],
}

/// What comes next.
#[derive(Debug)]
enum Stage {
    /// The rest of a head.
    Head { bytes: [u8; Head::MAX], len: usize },
    /// The rest of a frame's payload, of which so many bytes were there.
    Payload { head: Head, taken: u64 },
    /// Nothing that matters.
    Over,
}

impl Default for Partial {
    fn default() -> Self {
        Self {
            stage: Stage::BETWEEN,
            message: None,
            content: Content::default(),
            control: [0; MAX_CONTROL],
        }
    }
}

impl Partial {
    /// Nothing has begun: the next byte is a frame's first, and the frame a message's.
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        self.message.is_none() && matches!(self.stage, Stage::Head { len: 0, .. })
    }

    /// Nothing that comes matters any more.
    pub(super) fn end(&mut self) {
        *self = Self { stage: Stage::Over, ..Self::default() };
    }

    /// Takes from the data until there is something to hand out, or nothing left.
    pub(super) fn advance<'d>(
        &mut self,
        rules: &Rules,
        inflater: &mut impl Inflate,
        data: &mut &'d mut [u8],
    ) -> Result<Option<Found<'d>>, Failure> {
        if self.message.is_none() {
            self.content.clear();
        }
        loop {
            match self.stage {
                Stage::Over => {
                    *data = &mut [];
                    return Ok(None);
                }
                Stage::Head { bytes, len } => match self.take_head(rules, bytes, len, data)? {
                    Some(head) => self.begin_frame(&head),
                    None => return Ok(None),
                },
                Stage::Payload { head, taken } if data.is_empty() && taken < head.len => {
                    return Ok(None);
                }
                Stage::Payload { head, taken } => {
                    let found = self.take_payload(rules, inflater, &head, taken, data)?;
                    if found.is_some() {
                        return Ok(found);
                    }
                }
            }
        }
    }

    /// What was found, with what is kept of it.
    pub(super) fn event<'a>(&'a self, found: Found<'a>) -> Result<Event<'a>, Failure> {
        match found {
            Found::Message(kind) => self.content.message(kind),
            Found::Fragment { kind, first, data, last } => {
                let data = data.unwrap_or_else(|| self.content.bytes());
                Ok(Event::Fragment { kind, first, data, last })
            }
            Found::Control { opcode, len, data } => {
                control(opcode, data.unwrap_or(&self.control[..len]))
            }
        }
    }

    #[cfg(test)]
    pub(super) fn content_capacity(&self) -> usize {
        self.content.capacity()
    }

    /// The head, once all of it is there; what there is of it is kept until then.
    fn take_head(
        &mut self,
        rules: &Rules,
        mut bytes: [u8; Head::MAX],
        kept: usize,
        data: &mut &mut [u8],
    ) -> Result<Option<Head>, Failure> {
        let more = data.len().min(Head::MAX - kept);
        bytes[kept..kept + more].copy_from_slice(&data[..more]);
        let len = kept + more;
        let (head, taken) = match Head::parse(&bytes[..len], rules, self.message.as_ref())? {
            // A head has an end within the longest.
            None => {
                self.stage = Stage::Head { bytes, len };
                (None, more)
            }
            // What was kept was not enough.
            Some((head, end)) => (Some(head), end.saturating_sub(kept)),
        };
        *data = &mut mem::take(data)[taken..];
        Ok(head)
    }

    fn begin_frame(&mut self, head: &Head) {
        self.stage = Stage::Payload { head: *head, taken: 0 };
        if !head.opcode.is_control() {
            self.message.get_or_insert_with(|| Message::new(head)).begin_frame(head);
        }
    }

    /// The next bytes of the frame's payload.
    fn take_payload<'d>(
        &mut self,
        rules: &Rules,
        inflater: &mut impl Inflate,
        head: &Head,
        taken: u64,
        data: &mut &'d mut [u8],
    ) -> Result<Option<Found<'d>>, Failure> {
        let piece = self.next_piece(rules, head, taken, data);
        let end = taken + piece.len() as u64;
        let ends = end == head.len;
        self.stage = if ends { Stage::BETWEEN } else { Stage::Payload { head: *head, taken: end } };
        if head.opcode.is_control() {
            return Ok(self.take_control(head.opcode, taken, piece, ends));
        }
        let Some(message) = &mut self.message else { return Ok(None) };
        let last = ends && head.fin;
        let found = message.take(rules, inflater, &mut self.content, piece, last)?;
        if last {
            self.message = None;
        }
        Ok(found)
    }

    /// As much of the data as belongs to the frame, unmasked.
    fn next_piece<'d>(
        &self,
        rules: &Rules,
        head: &Head,
        taken: u64,
        data: &mut &'d mut [u8],
    ) -> &'d [u8] {
        let compressed = self.message.as_ref().is_some_and(Message::is_compressed);
        let most = if compressed && !rules.whole { MAX_COMPRESSED } else { data.len() };
        let left = usize::try_from(head.len - taken).unwrap_or(usize::MAX);
        let len = left.min(most).min(data.len());
        let (piece, rest) = mem::take(data).split_at_mut(len);
        *data = rest;
        if let Some(key) = head.mask {
            // Only where it is in the mask's four bytes matters.
            mask(piece, key, (taken % 4) as usize);
        }
        piece
    }

    fn take_control<'d>(
        &mut self,
        opcode: Opcode,
        taken: u64,
        piece: &'d [u8],
        ends: bool,
    ) -> Option<Found<'d>> {
        let whole = ends && taken == 0;
        // The head says that it is not longer.
        let taken = (taken as usize).min(MAX_CONTROL);
        let len = (taken + piece.len()).min(MAX_CONTROL);
        if !whole {
            self.control[taken..len].copy_from_slice(&piece[..len - taken]);
        }
        if ends && opcode == Opcode::Close {
            self.stage = Stage::Over;
        }
        ends.then_some(Found::Control { opcode, len, data: whole.then_some(piece) })
    }
}

impl Stage {
    const BETWEEN: Self = Self::Head { bytes: [0; Head::MAX], len: 0 };
}

fn control(opcode: Opcode, payload: &[u8]) -> Result<Event<'_>, Failure> {
    Ok(match opcode {
        Opcode::Ping => Event::Ping(payload),
        Opcode::Pong => Event::Pong(payload),
        _ => Event::Close(close(payload)?),
    })
}

/// RFC 6455 5.5.1, 7.4.
fn close(payload: &[u8]) -> Result<Option<(Code, &str)>, Failure> {
    let Some((&code, reason)) = payload.split_first_chunk() else {
        return match payload {
            [] => Ok(None),
            _ => Err(Failure::protocol("a close frame with half of a code")),
        };
    };
    let code = Code::from(u16::from_be_bytes(code));
    if !code.may_be_sent() {
        return Err(Failure::new(Code::PROTOCOL_ERROR, format!("the close code {code}")));
    }
    Ok(Some((code, str::from_utf8(reason).map_err(|_| NotUtf8)?)))
}

/// RFC 6455 5.5.
const MAX_CONTROL: usize = 125;

/// Bytes of a compressed message that are inflated at a time, where it is handed out as it comes:
/// they become at most 1,030 times as many.
const MAX_COMPRESSED: usize = 1024;
