//! From pieces of a stream to what the peer says.

use std::{mem, str};

use super::partial::Partial;
use super::utf8::NotUtf8;
use super::{Event, Failure, Head, Inflate, Kind, Opcode, Rules, mask};

/// Takes apart what a peer sends. Between messages it keeps nothing: it is one word then.
#[derive(Debug, Default)]
pub(crate) struct Receiver(Option<Box<Partial>>);

impl Receiver {
    /// The next thing that the data holds, borrowed from there if it lies there in one piece; moves
    /// `data` behind what it has taken. After `None` that is everything. It is to be called until
    /// then, since memory is given back by that call.
    ///
    /// What follows a close, or a failure, is ignored.
    #[inline(always)]
    pub(crate) fn next<'a, 'd: 'a>(
        &'a mut self,
        rules: &Rules,
        inflater: &mut impl Inflate,
        data: &mut &'d mut [u8],
    ) -> Result<Option<Event<'a>>, Failure> {
        if self.0.as_ref().is_none_or(|partial| partial.is_idle()) {
            match whole_frame(rules, data) {
                Ok(Some(event)) => return Ok(Some(event)),
                Ok(None) => {}
                Err(NotUtf8) => return self.fail(data, Failure::not_utf8()),
            }
        }
        self.next_in_pieces(rules, inflater, data)
    }

    /// Memory that is kept: of messages, and all else.
    #[cfg(test)]
    pub(super) fn kept(&self) -> Option<(usize, usize)> {
        self.0.as_ref().map(|partial| (partial.content_capacity(), size_of::<Partial>()))
    }

    #[inline(never)]
    fn next_in_pieces<'a, 'd: 'a>(
        &'a mut self,
        rules: &Rules,
        inflater: &mut impl Inflate,
        data: &mut &'d mut [u8],
    ) -> Result<Option<Event<'a>>, Failure> {
        if data.is_empty() {
            self.0.take_if(|partial| partial.is_idle());
            return Ok(None);
        }
        let partial = self.0.get_or_insert_default();
        let found = match partial.advance(rules, inflater, data) {
            Ok(found) => found,
            Err(failure) => return self.fail(data, failure),
        };
        match (found, &self.0) {
            (Some(found), Some(partial)) => partial.event(found).map(Some),
            _ => Ok(None),
        }
    }

    #[cold]
    fn fail<T>(&mut self, data: &mut &mut [u8], failure: Failure) -> Result<T, Failure> {
        self.0.get_or_insert_default().end();
        *data = &mut [];
        Err(failure)
    }
}

/// A message, or a ping or pong, that is one frame and lies in the data as a whole: most are. The
/// data is left as it is if it begins with anything else, or with a head that is wrong.
#[inline(always)]
fn whole_frame<'d>(rules: &Rules, data: &mut &'d mut [u8]) -> Result<Option<Event<'d>>, NotUtf8> {
    let Ok(Some((head, start))) = Head::parse(data, rules, None) else { return Ok(None) };
    let end = usize::try_from(head.len).unwrap_or(usize::MAX).saturating_add(start);
    if !head.fin || head.compressed || head.opcode == Opcode::Close || end > data.len() {
        return Ok(None);
    }
    let (frame, rest) = mem::take(data).split_at_mut(end);
    *data = rest;
    let payload = &mut frame[start..];
    if let Some(key) = head.mask {
        mask(payload, key, 0);
    }
    let payload = &*payload;
    let fragment = |kind| Event::Fragment { kind, first: true, data: payload, last: true };
    Ok(Some(match head.opcode {
        Opcode::Text => {
            let text = str::from_utf8(payload).map_err(|_| NotUtf8)?;
            if rules.whole { Event::Text(text) } else { fragment(Kind::Text) }
        }
        Opcode::Ping => Event::Ping(payload),
        Opcode::Pong => Event::Pong(payload),
        _ if rules.whole => Event::Binary(payload),
        _ => fragment(Kind::Binary),
    }))
}
