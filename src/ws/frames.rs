//! From messages to frames.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use super::Kind;
use super::compression::Packing;
use crate::codec::ws::deflate::Deflate;
use crate::codec::ws::{Code, Head, Masks, Opcode, Role, mask};
use crate::error::Violation;
use crate::session::{Framing, Part, Tag};

/// What the sorts of messages are to a session. What its plain `send` sends is binary.
const BINARY: u8 = 0;
const TEXT: u8 = 1;
pub(super) const PING: u8 = 2;
pub(super) const PONG: u8 = 3;

/// Bytes that a control frame has at most (RFC 6455 5.5).
pub(super) const CONTROL: usize = 125;

pub(super) const fn whole(kind: Kind) -> Tag {
    part(kind, Part::Whole)
}

pub(super) const fn part(kind: Kind, part: Part) -> Tag {
    let kind = match kind {
        Kind::Text => TEXT,
        Kind::Binary => BINARY,
    };
    Tag { kind, part }
}

pub(super) const fn control(kind: u8) -> Tag {
    Tag { kind, part: Part::Beside }
}

/// Makes frames of what one side sends.
pub(super) struct Frames {
    /// A client's.
    masks: Option<Mutex<Masks>>,
    packing: Option<Packing>,
}

impl Frames {
    pub(super) fn new(role: Role, packing: Option<Packing>) -> Self {
        let masks = match role {
            Role::Server => None,
            Role::Client => Some(Mutex::new(Masks::new(random))),
        };
        Self { masks, packing }
    }

    /// It compresses, as was agreed.
    pub(super) fn packs_as(&self, agreed: &Deflate) -> bool {
        self.packing.as_ref().is_some_and(|packing| packing.agreed() == agreed)
    }

    #[inline(always)]
    fn next_mask(&self) -> Option<[u8; 4]> {
        let masks = self.masks.as_ref()?;
        Some(masks.lock().unwrap_or_else(PoisonError::into_inner).next())
    }

    /// Appends a frame, without its payload if that is `shared` and can be: then where it belongs.
    #[inline(always)]
    fn put(
        &self,
        out: &mut Vec<u8>,
        opcode: Opcode,
        fin: bool,
        compressed: bool,
        payload: &[u8],
        shared: bool,
    ) -> Option<usize> {
        let mask_key = self.next_mask();
        Head { fin, compressed, opcode, len: payload.len() as u64, mask: mask_key }.write(out);
        let Some(key) = mask_key else {
            if shared {
                return Some(out.len());
            }
            out.extend_from_slice(payload);
            return None;
        };
        let begin = out.len();
        out.extend_from_slice(payload);
        mask(&mut out[begin..], key, 0);
        None
    }

    /// Appends a close frame; the words are cut off where it would be too long.
    pub(super) fn put_close(&self, out: &mut Vec<u8>, code: Option<Code>, text: &str) {
        let mut payload = Vec::with_capacity(CONTROL);
        if let Some(code) = code {
            payload.extend_from_slice(&code.get().to_be_bytes());
            let most = text.len().min(CONTROL - 2);
            let end = (0..=most).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
            payload.extend_from_slice(&text.as_bytes()[..end]);
        }
        self.put(out, Opcode::Close, true, false, &payload, false);
    }
}

impl Framing for Frames {
    #[inline]
    fn frame(
        &self,
        tag: Tag,
        message: &[u8],
        shared: bool,
        out: &mut Vec<u8>,
    ) -> Result<Option<usize>, Violation> {
        if tag.part == Part::Whole && self.masks.is_none() && self.packing.is_none() {
            let opcode = if tag.kind == TEXT { Opcode::Text } else { Opcode::Binary };
            return Ok(self.put(out, opcode, true, false, message, shared));
        }
        self.unusual_frame(tag, message, shared, out)
    }

    fn undo(&self) {
        if let Some(packing) = &self.packing {
            packing.forget();
        }
    }
}

impl Frames {
    fn unusual_frame(
        &self,
        tag: Tag,
        message: &[u8],
        shared: bool,
        out: &mut Vec<u8>,
    ) -> Result<Option<usize>, Violation> {
        let (opcode, fin) = match (tag.part, tag.kind) {
            (Part::Middle, _) => (Opcode::Continuation, false),
            (Part::Last, _) => (Opcode::Continuation, true),
            (part, TEXT) => (Opcode::Text, part == Part::Whole),
            (part, BINARY) => (Opcode::Binary, part == Part::Whole),
            _ if message.len() > CONTROL => return Err(Violation::TooLong { limit: CONTROL }),
            (_, PING) => (Opcode::Ping, true),
            (_, _) => (Opcode::Pong, true),
        };
        if let (Some(packing), Part::Whole) = (&self.packing, tag.part) {
            let put = |packed: &[u8]| self.put(out, opcode, fin, true, packed, false);
            if let Some(done) = packing.pack(message, put) {
                return Ok(done);
            }
        }
        Ok(self.put(out, opcode, fin, false, message, shared))
    }
}

/// Fills with bytes that nobody can foresee (RFC 6455 10.3).
pub(super) fn random(bytes: &mut [u8]) {
    if getrandom::fill(bytes).is_ok() {
        return;
    }
    // Where the system has none, the standard library's keys are the next best.
    let keys = RandomState::new();
    for (at, chunk) in bytes.chunks_mut(8).enumerate() {
        chunk.copy_from_slice(&keys.hash_one(at).to_ne_bytes()[..chunk.len()]);
    }
}
