//! A message that has begun.

use super::content::Content;
use super::{Failure, Head, Inflate, Kind, Opcode, Rules, Utf8};

/// What is known of a message that has begun and not come to its end.
#[derive(Debug)]
pub(super) struct Message {
    kind: Kind,
    compressed: bool,
    /// Something of it was handed out.
    started: bool,
    /// The last frame has begun.
    closing: bool,
    /// Bytes of its frames so far, this one included; of a compressed one, what was handed out.
    len: u64,
    utf8: Utf8,
}

/// Something to hand out.
pub(super) enum Found<'d> {
    /// A message, which is kept.
    Message(Kind),
    /// A piece of a message; none: it is kept.
    Fragment { kind: Kind, first: bool, data: Option<&'d [u8]>, last: bool },
    /// A control frame; none: it is kept.
    Control { opcode: Opcode, len: usize, data: Option<&'d [u8]> },
}

impl Message {
    /// Of the first frame.
    pub(super) fn new(head: &Head) -> Self {
        Self {
            kind: if head.opcode == Opcode::Text { Kind::Text } else { Kind::Binary },
            compressed: head.compressed,
            started: false,
            closing: false,
            len: 0,
            utf8: Utf8::default(),
        }
    }

    pub(super) fn is_compressed(&self) -> bool {
        self.compressed
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// A frame of it begins.
    pub(super) fn begin_frame(&mut self, head: &Head) {
        self.closing = head.fin;
        if !self.compressed {
            self.len += head.len;
        }
    }

    /// The next bytes, unmasked.
    pub(super) fn take<'d>(
        &mut self,
        rules: &Rules,
        inflater: &mut impl Inflate,
        content: &mut Content,
        data: &'d [u8],
        last: bool,
    ) -> Result<Option<Found<'d>>, Failure> {
        match (rules.whole, self.compressed) {
            (true, false) => self.append(rules, content, data)?,
            (true, true) => self.inflate(rules, inflater, content, data, last)?,
            (false, false) => {
                self.check(data, last)?;
                return Ok(self.fragment(Some(data), data.len(), last));
            }
            (false, true) => {
                let len = self.inflate_piece(rules, inflater, content, data, last)?;
                return Ok(self.fragment(None, len, last));
            }
        }
        if last {
            self.utf8.finish()?;
        }
        Ok(last.then_some(Found::Message(self.kind)))
    }

    fn append(&mut self, rules: &Rules, content: &mut Content, data: &[u8]) -> Result<(), Failure> {
        // With the last head, the message's length is known.
        let most = if self.closing { self.len } else { rules.max_message as u64 };
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        match self.kind {
            Kind::Text => self.utf8.take(data, |piece| content.push_text(piece, most))?,
            Kind::Binary => content.push_bytes(data, most),
        }
        Ok(())
    }

    fn inflate(
        &mut self,
        rules: &Rules,
        inflater: &mut impl Inflate,
        content: &mut Content,
        data: &[u8],
        last: bool,
    ) -> Result<(), Failure> {
        let before = content.bytes().len();
        inflater.inflate(data, last, rules.max_message, content.inflated())?;
        self.check(&content.bytes()[before..], false)
    }

    /// In the place of what was handed out before.
    fn inflate_piece(
        &mut self,
        rules: &Rules,
        inflater: &mut impl Inflate,
        content: &mut Content,
        data: &[u8],
        last: bool,
    ) -> Result<usize, Failure> {
        content.inflated().clear();
        let left = (rules.max_message as u64).saturating_sub(self.len);
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        inflater.inflate(data, last, left, content.inflated())?;
        self.check(content.bytes(), last)?;
        self.len += content.bytes().len() as u64;
        Ok(content.bytes().len())
    }

    fn check(&mut self, data: &[u8], last: bool) -> Result<(), Failure> {
        if self.kind == Kind::Text {
            self.utf8.feed(data)?;
            if last {
                self.utf8.finish()?;
            }
        }
        Ok(())
    }

    fn fragment<'d>(
        &mut self,
        data: Option<&'d [u8]>,
        len: usize,
        last: bool,
    ) -> Option<Found<'d>> {
        if len == 0 && !last {
            return None;
        }
        let first = !self.started;
        self.started = true;
        Some(Found::Fragment { kind: self.kind, first, data, last })
    }
}
