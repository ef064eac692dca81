//! Datagrams in order: small ones one behind the other in one buffer, big shared ones by reference.

use std::collections::VecDeque;
use std::net::SocketAddr;

use bytes::Bytes;

use crate::net::Parcel;

/// Shared payloads below this are copied: see the sessions' queue.
const SHARE: usize = 512;

/// Datagrams longer than this are not cut by the system: with their headers they fit into a frame
/// of Ethernet, over IPv6 too. What does not fit would have to be fragmented, and cut pieces are
/// not.
const SEGMENT: usize = 1452;

/// Datagrams, and their bytes, that the system cuts one piece into: `UDP_MAX_SEGMENTS` of Linux
/// before 6.9, and the longest datagram of IPv4.
const SEGMENTS: usize = 64;
const PIECE: usize = 65_507;

/// Datagrams that wait to be sent. A pure value: no socket, no limit.
#[derive(Default)]
pub(super) struct Queue {
    items: VecDeque<Item>,
    copied: Vec<u8>,
    /// Copied bytes that are gone already.
    head: usize,
    bytes: usize,
}

struct Item {
    /// `None`: to the socket's peer.
    to: Option<SocketAddr>,
    len: usize,
    shared: Option<Bytes>,
}

/// A payload on its way into the queue.
pub(super) enum Payload<'a> {
    Borrowed(&'a [u8]),
    Shared(Bytes),
}

impl Payload<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Borrowed(data) => data.len(),
            Self::Shared(data) => data.len(),
        }
    }
}

impl Queue {
    /// Datagrams.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Memory that it holds, about.
    pub(super) fn capacity(&self) -> usize {
        self.copied.capacity() + self.items.capacity() * size_of::<Item>()
    }

    pub(super) fn push(&mut self, to: Option<SocketAddr>, data: Payload<'_>) {
        let len = data.len();
        self.bytes += len;
        let shared = match data {
            Payload::Shared(data) if len >= SHARE => Some(data),
            Payload::Shared(data) => self.copy(&data),
            Payload::Borrowed(data) => self.copy(data),
        };
        self.items.push_back(Item { to, len, shared });
    }

    fn copy(&mut self, data: &[u8]) -> Option<Bytes> {
        // Never more than half of it is gone, so that each byte is moved once at most.
        if self.head > self.copied.len() / 2 {
            self.copied.drain(..self.head);
            self.head = 0;
        }
        self.copied.extend_from_slice(data);
        None
    }

    /// Takes over all of another one's.
    pub(super) fn append(&mut self, other: &mut Self) {
        if self.is_empty() {
            return std::mem::swap(self, other);
        }
        let mut other = std::mem::take(other);
        self.copied.extend_from_slice(&other.copied[other.head..]);
        self.items.append(&mut other.items);
        self.bytes += other.bytes;
    }

    /// The datagrams from the first on, joined where `segments` may be.
    pub(super) fn parcels(&self, segments: bool) -> impl Iterator<Item = Parcel<'_>> {
        let (mut next, mut at) = (0, self.head);
        std::iter::from_fn(move || {
            let first = self.items.get(next)?;
            let (count, bytes) = self.run(next, segments);
            next += count;
            if let Some(data) = &first.shared {
                return Some(Parcel { to: first.to, data, segment: None });
            }
            let data = &self.copied[at..at + bytes];
            at += bytes;
            let segment = if count > 1 { u16::try_from(first.len).ok() } else { None };
            Some(Parcel { to: first.to, data, segment })
        })
    }

    /// Drops the first parcels, and tells how many datagrams and bytes they had.
    pub(super) fn pop(&mut self, parcels: usize, segments: bool) -> (usize, usize) {
        let (mut datagrams, mut bytes) = (0, 0);
        for _ in 0..parcels {
            let (count, _) = self.run(0, segments);
            for item in self.items.drain(..count.min(self.items.len())) {
                datagrams += 1;
                bytes += item.len;
                if item.shared.is_none() {
                    self.head += item.len;
                }
            }
        }
        self.bytes -= bytes;
        if self.items.is_empty() {
            self.copied.clear();
            self.head = 0;
        }
        (datagrams, bytes)
    }

    /// Drops everything, and tells how many datagrams that were.
    pub(super) fn clear(&mut self) -> usize {
        let count = self.items.len();
        self.items.clear();
        self.copied.clear();
        (self.head, self.bytes) = (0, 0);
        count
    }

    /// Who gets the first datagram; `None`: the socket's peer.
    pub(super) fn first(&self) -> Option<SocketAddr> {
        self.items.front().and_then(|item| item.to)
    }

    /// Whether the first parcel has several datagrams.
    pub(super) fn joins(&self, segments: bool) -> bool {
        self.run(0, segments).0 > 1
    }

    /// How many datagrams from this one on make one parcel, and their bytes: of one peer and one
    /// size, but that the last may be shorter.
    fn run(&self, first: usize, segments: bool) -> (usize, usize) {
        let Some(Item { to, len: size, shared }) = self.items.get(first) else { return (0, 0) };
        let (mut count, mut bytes) = (1, *size);
        if !segments || shared.is_some() || *size == 0 || *size > SEGMENT {
            return (count, bytes);
        }
        for item in self.items.range(first + 1..).take(SEGMENTS - 1) {
            let fits = item.len > 0 && item.len <= *size && bytes + item.len <= PIECE;
            if !fits || item.shared.is_some() || item.to != *to {
                break;
            }
            count += 1;
            bytes += item.len;
            if item.len < *size {
                break;
            }
        }
        (count, bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn addr(port: u16) -> Option<SocketAddr> {
        Some(SocketAddr::from(([127, 0, 0, 1], port)))
    }

    /// What the system makes of parcels.
    fn cut(queue: &Queue, segments: bool) -> Vec<(Option<SocketAddr>, Vec<u8>)> {
        let mut datagrams = Vec::new();
        for Parcel { to, data, segment } in queue.parcels(segments) {
            let size = segment.map_or(usize::MAX, usize::from);
            assert!(segments || segment.is_none());
            assert!(data.len() <= PIECE && data.len().div_ceil(size.max(1)) <= SEGMENTS);
            if data.is_empty() {
                datagrams.push((to, Vec::new()));
            }
            datagrams.extend(data.chunks(size.max(1)).map(|data| (to, data.to_vec())));
        }
        datagrams
    }

    #[derive(Clone, Debug)]
    enum Operation {
        Push(u16, usize),
        Share(u16, usize),
        Append(u16, usize),
        Pop(usize, bool),
    }

    fn operation() -> impl Strategy<Value = Operation> {
        let size = prop_oneof![6 => Just(32usize), 3 => 0..40usize, 1 => 500..3000usize];
        let to = 0..2u16;
        prop_oneof![
            6 => (to.clone(), size.clone()).prop_map(|(to, len)| Operation::Push(to, len)),
            2 => (to.clone(), size.clone()).prop_map(|(to, len)| Operation::Share(to, len)),
            1 => (to, size).prop_map(|(to, len)| Operation::Append(to, len)),
            1 => (0..4usize, any::<bool>()).prop_map(|(count, cut)| Operation::Pop(count, cut)),
        ]
    }

    proptest! {
        #[test]
        fn datagrams_come_out_as_they_went_in(
            operations in prop::collection::vec(operation(), 1..200),
        ) {
            let (mut queue, mut model) = (Queue::default(), VecDeque::new());
            let mut byte = 0;
            let mut payload = |len| {
                byte += 1;
                vec![byte as u8; len]
            };
            for operation in operations {
                match operation {
                    Operation::Push(to, len) => {
                        let data = payload(len);
                        queue.push(addr(to), Payload::Borrowed(&data));
                        model.push_back((addr(to), data));
                    }
                    Operation::Share(to, len) => {
                        let data = payload(len);
                        queue.push(addr(to), Payload::Shared(data.clone().into()));
                        model.push_back((addr(to), data));
                    }
                    Operation::Append(to, len) => {
                        let (data, mut other) = (payload(len), Queue::default());
                        other.push(addr(to), Payload::Borrowed(&data));
                        queue.append(&mut other);
                        prop_assert_eq!((other.len(), other.bytes()), (0, 0));
                        model.push_back((addr(to), data));
                    }
                    Operation::Pop(parcels, segments) => {
                        let (datagrams, bytes) = queue.pop(parcels, segments);
                        prop_assert!(datagrams >= parcels.min(model.len()));
                        let gone = model.drain(..datagrams).map(|(_, data)| data.len());
                        prop_assert_eq!(bytes, gone.sum::<usize>());
                    }
                }
                prop_assert_eq!(queue.len(), model.len());
                prop_assert_eq!(queue.bytes(), model.iter().map(|(_, data)| data.len()).sum::<usize>());
                prop_assert_eq!(&cut(&queue, false), model.make_contiguous());
                prop_assert_eq!(&cut(&queue, true), model.make_contiguous());
            }
        }
    }

    #[test]
    fn runs_to_one_peer_are_one_parcel() {
        let mut queue = Queue::default();
        for (to, len) in [(1, 32), (1, 32), (1, 7), (1, 7), (2, 32), (2, 33), (1, 33)] {
            queue.push(addr(to), Payload::Borrowed(&vec![0; len]));
        }
        let parcels = |segments| {
            let shown = |parcel: Parcel<'_>| (parcel.data.len(), parcel.segment);
            queue.parcels(segments).map(shown).collect::<Vec<_>>()
        };
        assert_eq!(parcels(true), [(71, Some(32)), (7, None), (32, None), (33, None), (33, None)]);
        assert_eq!(parcels(false).len(), 7);
    }
}
