//! What bounds a socket: datagrams, bytes, time, and what happens at the bound.

use std::time::Duration;

use crate::Overflow;

/// The bounds of a socket, and what happens to a datagram that would exceed that of the queue:
///
/// * [`Overflow::Wait`]: it is refused with [`Sent::Full`](crate::Sent::Full), and threads may wait
///   for room with [`Handle::send_to_within`](crate::udp::Handle::send_to_within). Above the high
///   mark the socket does not receive, so that an echo loses nothing here.
/// * [`Overflow::Drop`]: it is skipped and counted.
/// * [`Overflow::Disconnect`]: the socket closes with
///   [`CloseReason::Overflow`](crate::CloseReason::Overflow).
///
/// ```
/// use sockeye::{Overflow, udp};
///
/// let limits = udp::Limits::default().queue(1 << 20).datagrams(1000).overflow(Overflow::Drop);
/// ```
#[derive(Clone, Debug)]
pub struct Limits {
    pub(super) queue: usize,
    pub(super) datagrams: usize,
    pub(super) low: usize,
    pub(super) high: usize,
    pub(super) overflow: Overflow,
    pub(super) close: Duration,
    pub(super) read_budget: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue: 16 << 20,
            datagrams: 65_536,
            low: 256 << 10,
            high: 1 << 20,
            overflow: Overflow::Wait,
            close: Duration::from_secs(5),
            read_budget: 256 << 10,
        }
    }
}

impl Limits {
    /// Bytes that may be queued and not be taken by the system yet. Strict. Default: 16 MiB.
    #[must_use]
    pub fn queue(mut self, bytes: usize) -> Self {
        self.queue = bytes;
        self.high = self.high.min(bytes);
        self.low = self.low.min(bytes);
        self
    }

    /// Datagrams that may be queued. Strict. Half of them are a high mark as well, a quarter a low
    /// one. Default: 65,536.
    #[must_use]
    pub fn datagrams(mut self, count: usize) -> Self {
        self.datagrams = count;
        self
    }

    /// The marks of backpressure. Above `high` queued bytes sends report
    /// [`Sent::Congested`](crate::Sent::Congested), and under [`Overflow::Wait`] nothing is
    /// received; at `low` or below both end, and `on_drain` is called. Default: 256 KiB and 1 MiB.
    /// Kept within `low <= high <=` [`Limits::queue`].
    #[must_use]
    pub fn marks(mut self, low: usize, high: usize) -> Self {
        self.high = high.min(self.queue);
        self.low = low.min(self.high);
        self
    }

    /// What happens at the bound of the queue. Default: [`Overflow::Wait`].
    #[must_use]
    pub fn overflow(mut self, policy: Overflow) -> Self {
        self.overflow = policy;
        self
    }

    /// How long a close may take, sending what is queued; the rest is dropped. Default: 5 s.
    #[must_use]
    pub fn close(mut self, limit: Duration) -> Self {
        self.close = limit;
        self
    }

    /// Bytes received before others have their turn; a datagram counts as 512 more than it has.
    /// Default: 256 KiB.
    #[must_use]
    pub fn read_budget(mut self, bytes: usize) -> Self {
        self.read_budget = bytes.max(1);
        self
    }

    /// Whether so much is above a high mark.
    pub(super) fn is_high(&self, bytes: usize, datagrams: usize) -> bool {
        bytes > self.high || datagrams > self.datagrams / 2
    }

    /// Whether so much is at the low marks or below.
    pub(super) fn is_low(&self, bytes: usize, datagrams: usize) -> bool {
        bytes <= self.low && datagrams <= self.datagrams / 4
    }

    /// Whether there is room for a datagram of `len` bytes behind so much.
    pub(super) fn has_room(&self, bytes: usize, datagrams: usize, len: usize) -> bool {
        bytes.saturating_add(len) <= self.queue && datagrams < self.datagrams
    }
}
