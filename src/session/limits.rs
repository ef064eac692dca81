//! What bounds a session: bytes, time, and what happens at the bound.

use std::time::Duration;

/// What happens when a message would exceed [`Limits::queue`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Overflow {
    /// Whoever can wait does, so that nothing is lost: above the high mark the session's own
    /// peer is not read from, and threads block in
    /// [`Handle::send_within`](crate::raw::Handle::send_within). Who cannot wait, a group or a
    /// callback that goes on sending, meets the bound, and there the session ends with
    /// [`CloseReason::Overflow`](crate::CloseReason::Overflow): a stream with a hole in it would
    /// be worse than none.
    ///
    /// Two peers that both wait and send more than the marks of both sides before they read can
    /// wait for each other for ever, until an idle limit ends it; raise the marks of one.
    #[default]
    Wait,
    /// The message is skipped and counted ([`Stats::dropped`](crate::Stats::dropped)); the session
    /// goes on. For protocols whose messages stand for themselves.
    Drop,
    /// The session ends with [`CloseReason::Overflow`](crate::CloseReason::Overflow): what is
    /// queued is discarded, nothing more is sent, and `on_close` follows after the callback.
    Disconnect,
}

/// The bounds of each session of a server or client.
///
/// ```
/// use std::time::Duration;
/// use sockeye::{Limits, Overflow};
///
/// let limits = Limits::default()
///     .queue(64 * 1024)
///     .marks(16 * 1024, 48 * 1024)
///     .overflow(Overflow::Drop)
///     .idle(Duration::from_secs(30));
/// ```
#[derive(Clone, Debug)]
pub struct Limits {
    pub(crate) queue: usize,
    pub(crate) low: usize,
    pub(crate) high: usize,
    pub(crate) overflow: Overflow,
    pub(crate) idle: Option<Duration>,
    pub(crate) handshake: Duration,
    pub(crate) close: Duration,
    pub(crate) read_budget: usize,
    pub(crate) jobs: usize,
    pub(crate) groups: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue: 16 << 20,
            low: 256 << 10,
            high: 1 << 20,
            overflow: Overflow::Wait,
            idle: Some(Duration::from_secs(3600)),
            handshake: Duration::from_secs(10),
            close: Duration::from_secs(5),
            read_budget: 256 << 10,
            jobs: 4096,
            groups: 128,
        }
    }
}

impl Limits {
    /// Bytes that may be queued for one session and not be taken by its socket yet. Strict: a
    /// message that would exceed it meets the policy, [`Limits::overflow`]. Default: 16 MiB.
    #[must_use]
    pub fn queue(mut self, bytes: usize) -> Self {
        self.queue = bytes;
        self.high = self.high.min(bytes);
        self.low = self.low.min(bytes);
        self
    }

    /// The marks of backpressure. Above `high` queued bytes sends report
    /// [`Sent::Congested`](crate::Sent::Congested), and under [`Overflow::Wait`] the peer is not
    /// read from; at `low` or below both end, and `on_drain` is called. Default: 256 KiB and
    /// 1 MiB. Kept within `low <= high <=` [`Limits::queue`].
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

    /// How long a session may go without a byte either way before it is closed with
    /// [`Limit::Idle`](crate::Limit::Idle); `None` for ever. Default: one hour.
    #[must_use]
    pub fn idle(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.idle = limit.into();
        self
    }

    /// How long the TLS handshake, with the PROXY protocol's header before it, may take before the
    /// connection is closed with [`Limit::Handshake`](crate::Limit::Handshake), or with
    /// [`Limit::ProxyHeader`](crate::Limit::ProxyHeader) while the header is awaited. A client's
    /// [`connect_timeout`](crate::client::Builder::connect_timeout) bounds it, too. Default: 10 s.
    #[must_use]
    pub fn handshake(mut self, limit: Duration) -> Self {
        self.handshake = limit;
        self
    }

    /// How long a close may take: sending what is queued and waiting for the peer's own end.
    /// After that the connection is reset. Default: 5 s.
    #[must_use]
    pub fn close(mut self, limit: Duration) -> Self {
        self.close = limit;
        self
    }

    /// Bytes read from one session before others have their turn. Default: 256 KiB.
    #[must_use]
    pub fn read_budget(mut self, bytes: usize) -> Self {
        self.read_budget = bytes.max(1);
        self
    }

    /// Jobs and requests that may wait in one session's mailbox
    /// ([`Handle::post`](crate::raw::Handle::post)). Default: 4,096.
    #[must_use]
    pub fn jobs(mut self, count: usize) -> Self {
        self.jobs = count;
        self
    }

    /// Groups and rooms that one session may be a member of
    /// ([`Session::join`](crate::raw::Session::join),
    /// [`Session::join_room`](crate::raw::Session::join_room)), beside the group of all. Default: 128.
    #[must_use]
    pub fn groups(mut self, count: usize) -> Self {
        self.groups = count;
        self
    }
}
