//! Where datagrams are received: slots that hold the longest, and what is known of each.

use std::net::{IpAddr, SocketAddr};

/// The longest payload that IPv4 (65,507) and IPv6 (65,527, without jumbograms) can carry, and the
/// longest piece that the kernel hands over, fit into a slot; so nothing is ever cut off.
const SLOT: usize = 64 * 1024;

/// Slots lie further apart than they are long: a power of two would put the beginnings of all of
/// them, and with small datagrams that is all there is, into the same few lines of the cache.
const STRIDE: usize = SLOT + 5 * 64;

/// Datagrams that are received at once.
#[cfg(any(target_os = "android", target_os = "linux"))]
pub(crate) const SLOTS: usize = super::mmsg::MOST;
#[cfg(not(any(target_os = "android", target_os = "linux")))]
pub(crate) const SLOTS: usize = 1;

/// Slots, one worker's for all of its sockets. 4 MiB of addresses, of which only what datagrams
/// have touched is memory: a page for each slot while they are small.
pub(crate) struct Arena {
    area: Vec<u8>,
    received: Vec<Received>,
}

/// What is known of a received datagram, or of several of the same size in one piece.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received {
    pub(crate) from: SocketAddr,
    pub(crate) details: Details,
    /// It was longer than the slot.
    pub(crate) truncated: bool,
    pub(super) len: usize,
    /// The size of each but perhaps the last; 0: it is one.
    pub(super) segment: usize,
}

/// What the system says of a datagram where it is asked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Details {
    pub(crate) destination: Option<IpAddr>,
    pub(crate) interface: Option<u32>,
    pub(crate) ecn: Option<u8>,
}

impl Arena {
    pub(crate) fn new() -> Self {
        Self { area: vec![0; SLOTS * STRIDE], received: Vec::with_capacity(SLOTS) }
    }

    /// What was received last, datagram by datagram.
    pub(crate) fn datagrams(&self) -> impl Iterator<Item = (&Received, &[u8])> {
        let pieces = self.received.iter().zip(self.area.chunks(STRIDE));
        pieces.flat_map(|(received, slot)| {
            let data = &slot[..received.len.min(SLOT)];
            let size = if received.segment == 0 { SLOT } else { received.segment };
            // Nothing is a datagram too.
            let empty = data.is_empty().then_some(data);
            empty.into_iter().chain(data.chunks(size)).map(move |datagram| (received, datagram))
        })
    }

    /// Slots with what they hold so far.
    pub(super) fn slots(
        &mut self,
        most: usize,
    ) -> (impl Iterator<Item = &mut [u8]>, &mut Vec<Received>) {
        self.received.clear();
        let slots = self.area.chunks_mut(STRIDE).map(|slot| &mut slot[..SLOT]);
        (slots.take(most), &mut self.received)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_cut_into_datagrams() {
        let mut arena = Arena::new();
        let from = "127.0.0.1:1".parse().unwrap();
        let (mut slots, _) = arena.slots(1);
        slots.next().unwrap()[..5].copy_from_slice(b"abcde");
        drop(slots);
        for (len, segment, expected) in [
            (0, 0, &[&b""[..]][..]),
            (5, 0, &[b"abcde"]),
            (5, 2, &[b"ab", b"cd", b"e"]),
            (4, 2, &[b"ab", b"cd"]),
            (5, 9, &[b"abcde"]),
        ] {
            arena.received.clear();
            let details = Details::default();
            arena.received.push(Received { from, details, truncated: false, len, segment });
            let datagrams = arena.datagrams().map(|(_, data)| data).collect::<Vec<_>>();
            assert_eq!(datagrams, expected, "{len} bytes in segments of {segment}");
        }
    }
}
