//! What a session has yet to send: small payloads copied together, big ones shared.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::Bytes;

use super::tag::{Part, Tag};
use super::terms::Framing;
use crate::error::Violation;

/// Shared payloads below this are copied: a copy of 512 B costs about as much as one more
/// `iovec` and a reference count that several threads write to.
const SHARE: usize = 512;

/// Bytes after which copied payloads go into a further chunk, so that none moves when it grows.
const CHUNK: usize = 64 * 1024;

/// Pieces handed to one `writev`.
const SLICES: usize = 64;

/// Bytes in order, in as few pieces as copying little allows. A pure value: no socket, no limit.
#[derive(Default)]
pub(crate) struct OutQueue {
    chunks: VecDeque<Chunk>,
    /// Bytes of the first chunk that are gone already.
    head: usize,
    len: usize,
    /// While a message in parts is not complete: what waits until it is.
    aside: Option<Box<Self>>,
}

enum Chunk {
    Copied(Vec<u8>),
    Shared(Bytes),
}

impl OutQueue {
    pub(crate) fn len(&self) -> usize {
        self.len + self.aside.as_ref().map_or(0, |aside| aside.len)
    }

    /// Bytes it can hold without asking for memory.
    pub(crate) fn capacity(&self) -> usize {
        self.chunks.iter().map(Chunk::capacity).sum()
    }

    /// Nothing may be sent now.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A message in parts has begun, all of which may have been sent.
    pub(super) fn awaits_more(&self) -> bool {
        self.aside.is_some()
    }

    /// Appends bytes, which are all of those `shared`, if that is given.
    pub(super) fn push_payload(&mut self, data: &[u8], shared: Option<&Bytes>) {
        let lane = self.lane();
        match shared {
            Some(shared) if data.len() >= SHARE => lane.push_shared(shared.clone()),
            _ => lane.push(data),
        }
    }

    /// Where whole messages go.
    fn lane(&mut self) -> &mut Self {
        match self.aside {
            None => self,
            Some(ref mut aside) => aside,
        }
    }

    /// What waits for the end of a message that will never be complete is not sent.
    pub(super) fn drop_aside(&mut self) {
        self.aside = None;
    }

    pub(crate) fn push(&mut self, data: &[u8]) {
        self.append(|chunk| chunk.extend_from_slice(data));
    }

    /// Appends what `write` puts behind the bytes that it is given.
    pub(super) fn append<R>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        if let Some(Chunk::Copied(chunk)) = self.chunks.back_mut()
            && chunk.len() < CHUNK
        {
            let before = chunk.len();
            let result = write(chunk);
            self.len += chunk.len() - before;
            return result;
        }
        let mut chunk = Vec::new();
        let result = write(&mut chunk);
        self.len += chunk.len();
        self.chunks.push_back(Chunk::Copied(chunk));
        result
    }

    /// Appends the frame of a message, or of a part of one, of at most `room` bytes; false when it
    /// has more, and nothing was appended.
    #[inline]
    pub(super) fn push_frame(
        &mut self,
        framing: &dyn Framing,
        tag: Tag,
        message: &[u8],
        shared: Option<&Bytes>,
        room: usize,
    ) -> Result<bool, Violation> {
        if let (Part::Whole, None, None) = (tag.part, &self.aside, shared)
            && let Some(Chunk::Copied(chunk)) = self.chunks.back_mut()
            && chunk.len() < CHUNK
        {
            let mut frame = Appended { begin: chunk.len(), chunk };
            framing.frame(tag, message, false, frame.chunk)?;
            let len = frame.chunk.len() - frame.begin;
            if len > room {
                return Ok(false);
            }
            frame.keep();
            self.len += len;
            return Ok(true);
        }
        self.push_unusual_frame(framing, tag, message, shared, room)
    }

    #[inline(never)]
    fn push_unusual_frame(
        &mut self,
        framing: &dyn Framing,
        tag: Tag,
        message: &[u8],
        shared: Option<&Bytes>,
        room: usize,
    ) -> Result<bool, Violation> {
        match (tag.part, self.aside.is_some()) {
            (Part::Whole, _) => return self.lane().frame(framing, tag, message, shared, room),
            (Part::First, true) | (Part::Middle | Part::Last, false) => {
                return Err(Violation::malformed("parts of two messages"));
            }
            _ => {}
        }
        let appended = self.frame(framing, tag, message, shared, room)?;
        match tag.part {
            Part::First if appended => self.aside = Some(Box::default()),
            Part::Last if appended => self.take_aside(),
            _ => {}
        }
        Ok(appended)
    }

    fn take_aside(&mut self) {
        if let Some(aside) = self.aside.take() {
            self.len += aside.len;
            self.chunks.extend(aside.chunks);
        }
    }

    fn frame(
        &mut self,
        framing: &dyn Framing,
        tag: Tag,
        message: &[u8],
        shared: Option<&Bytes>,
        room: usize,
    ) -> Result<bool, Violation> {
        if !matches!(self.chunks.back(), Some(Chunk::Copied(chunk)) if chunk.len() < CHUNK) {
            self.chunks.push_back(Chunk::Copied(Vec::with_capacity(message.len() + 16)));
        }
        let Some(Chunk::Copied(chunk)) = self.chunks.back_mut() else { return Ok(false) };
        let mut frame = Appended { begin: chunk.len(), chunk };
        let shared = shared.filter(|shared| shared.len() >= SHARE);
        let split = framing.frame(tag, message, shared.is_some(), frame.chunk)?;
        let around = frame.chunk.len() - frame.begin;
        let left_out = shared.zip(split);
        if around + left_out.map_or(0, |(message, _)| message.len()) > room {
            return Ok(false);
        }
        let tail = left_out.map(|(_, split)| frame.chunk.split_off(split));
        frame.keep();
        drop(frame);
        self.len += around;
        if let Some((message, _)) = left_out {
            self.push_shared(message.clone());
        }
        if let Some(tail) = tail.filter(|tail| !tail.is_empty()) {
            self.chunks.push_back(Chunk::Copied(tail));
        }
        Ok(true)
    }

    pub(crate) fn push_shared(&mut self, data: Bytes) {
        if data.len() < SHARE {
            return self.push(&data);
        }
        self.len += data.len();
        self.chunks.push_back(Chunk::Shared(data));
    }

    /// Shows the first pieces, and how many bytes they hold together.
    pub(crate) fn peek<R>(&self, look: impl FnOnce(&[IoSlice<'_>], usize) -> R) -> R {
        let first = self.chunks.front().map_or(&[][..], |chunk| &chunk.bytes()[self.head..]);
        if first.len() == self.len {
            return look(&[IoSlice::new(first)], first.len());
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        let (mut count, mut bytes, mut head) = (0, 0, self.head);
        for chunk in &self.chunks {
            let piece = &chunk.bytes()[std::mem::take(&mut head)..];
            if piece.is_empty() {
                continue;
            }
            if count == SLICES {
                break;
            }
            slices[count] = IoSlice::new(piece);
            count += 1;
            bytes += piece.len();
        }
        look(&slices[..count], bytes)
    }

    /// Drops the first `count` bytes. The last chunk's memory is kept for what comes next.
    pub(crate) fn consume(&mut self, count: usize) {
        let mut left = count.min(self.len);
        self.len -= left;
        while let Some(front) = self.chunks.front_mut() {
            let here = front.bytes().len() - self.head;
            if left < here {
                self.head += left;
                return;
            }
            left -= here;
            self.head = 0;
            match front {
                Chunk::Copied(chunk) if self.len == 0 && chunk.capacity() <= 2 * CHUNK => {
                    chunk.clear();
                    self.chunks.truncate(1);
                    return;
                }
                _ => drop(self.chunks.pop_front()),
            }
        }
    }

    /// Drops everything.
    pub(crate) fn clear(&mut self) {
        self.aside = None;
        self.consume(self.len);
    }
}

/// What a frame has appended to a chunk; taken off again unless it is kept, also when a codec
/// panics.
struct Appended<'a> {
    chunk: &'a mut Vec<u8>,
    begin: usize,
}

impl Appended<'_> {
    fn keep(&mut self) {
        self.begin = self.chunk.len();
    }
}

impl Drop for Appended<'_> {
    fn drop(&mut self) {
        self.chunk.truncate(self.begin);
    }
}

impl Chunk {
    fn capacity(&self) -> usize {
        match self {
            Self::Copied(bytes) => bytes.capacity(),
            Self::Shared(bytes) => bytes.len(),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Copied(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Operation {
        Push(usize),
        Share(usize),
        Consume(usize),
        Clear,
    }

    fn operation() -> impl Strategy<Value = Operation> {
        let size = prop_oneof![8 => 0..40usize, 8 => 500..525usize, 1 => 60_000..70_000usize];
        prop_oneof![
            4 => size.clone().prop_map(Operation::Push),
            4 => size.clone().prop_map(Operation::Share),
            5 => prop_oneof![size, Just(usize::MAX)].prop_map(Operation::Consume),
            1 => Just(Operation::Clear),
        ]
    }

    fn shown(queue: &OutQueue) -> Vec<u8> {
        queue.peek(|slices, bytes| {
            let shown: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
            assert_eq!(shown.len(), bytes);
            shown
        })
    }

    proptest! {
        #[test]
        fn bytes_come_out_as_they_went_in(operations in prop::collection::vec(operation(), 1..100)) {
            let (mut queue, mut model) = (OutQueue::default(), VecDeque::new());
            let mut next = 0;
            for operation in operations {
                let mut payload = |size| -> Vec<u8> {
                    next += 1;
                    (0..size).map(|byte| (byte + next) as u8).collect()
                };
                match operation {
                    Operation::Push(size) => {
                        let data = payload(size);
                        queue.push(&data);
                        model.extend(data);
                    }
                    Operation::Share(size) => {
                        let data = payload(size);
                        queue.push_shared(Bytes::from(data.clone()));
                        model.extend(data);
                    }
                    Operation::Consume(count) => {
                        queue.consume(count);
                        model.drain(..count.min(model.len()));
                    }
                    Operation::Clear => {
                        queue.clear();
                        model.clear();
                    }
                }
                prop_assert_eq!(queue.len(), model.len());
                let (shown, model) = (shown(&queue), model.make_contiguous());
                prop_assert!(model.starts_with(&shown));
                prop_assert!(shown.len() == model.len() || queue.chunks.len() > SLICES);
            }
        }
    }

    #[test]
    fn a_drained_queue_keeps_a_small_chunk_and_no_big_one() {
        let mut queue = OutQueue::default();
        queue.push(&[1; 100]);
        queue.consume(100);
        assert!(
            matches!(queue.chunks.front(), Some(Chunk::Copied(chunk)) if chunk.capacity() >= 100)
        );
        queue.push_shared(Bytes::from(vec![2; 1 << 20]));
        queue.push(&vec![3; 1 << 20]);
        queue.clear();
        assert!(queue.capacity() < 1000, "{}", queue.capacity());
    }

    #[test]
    fn small_payloads_share_one_piece() {
        let mut queue = OutQueue::default();
        (0..1000).for_each(|_| queue.push(&[7; 32]));
        queue.push_shared(Bytes::from_static(&[8; 100]));
        assert_eq!(queue.peek(|slices, bytes| (slices.len(), bytes)), (1, 32_100));
    }
}
