//! What a server, a client, or all of a service's have counted: as values, at one moment.

use super::kind::{KINDS, Kind};
use super::{CloseReason, Stats};
use crate::service::distribution::Distribution;

/// What a server or a client has counted since it was made, or a service's together.
///
/// Each count is exact and never falls, but they are read one after the other while sessions go on.
/// What follows in life is read first, so that of no session the end is told and not its beginning:
/// closed are never more than opened, and opened and failed never more than begun. At rest all agree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sessions {
    /// Connections that a server has accepted and not refused; attempts to connect that a client has
    /// begun.
    pub begun: u64,
    /// Connections refused by a server, before a handler was made for them. Those refused behind a
    /// proxy's header had begun, and have failed too.
    pub refused: u64,
    /// Sessions opened: those whose handler was called.
    pub opened: u64,
    /// Connections and attempts that ended before they opened: in the handshake, or because nobody
    /// answered, or given up.
    pub failed: u64,
    /// Sessions closed, by reason.
    pub closed: Closed,
    /// Bytes and messages of all sessions. What a turn has counted is added at its end.
    pub stats: Stats,
    /// Bytes in the queues of all sessions, as their last turns have left them. What other threads
    /// have sent since waits in mailboxes, and is in
    /// [`Handle::pending`](crate::raw::Handle::pending).
    pub queued: u64,
    /// The most that a turn has left in the queue of a single session so far: how near they came to
    /// [`Limits::queue`](crate::Limits::queue).
    pub queued_most: u64,
    /// Panics in handlers, and in what makes and drops them.
    pub panics: u64,
    /// Other errors told to the `on_error` of the server's or client's events: failures to accept or
    /// to connect, failed handshakes.
    pub errors: u64,
    /// How long handshakes took that succeeded, from the first turn on: of TLS, and of what else comes
    /// before `on_open`.
    pub handshakes: Distribution,
    /// How long sessions were open that have closed.
    pub durations: Distribution,
}

impl Sessions {
    /// Sessions open at this moment.
    pub fn active(&self) -> u64 {
        self.opened.saturating_sub(self.closed.total())
    }

    /// Connections and attempts at this moment that have not opened yet.
    pub fn opening(&self) -> u64 {
        self.begun.saturating_sub(self.opened + self.failed)
    }
}

/// How many sessions have closed for each reason.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Closed(pub(super) [u64; KINDS]);

impl Closed {
    /// Those of all reasons.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Those closed for the reason of this [name](CloseReason::name); none if there is no such reason.
    ///
    /// ```
    /// let closed = sockeye::metrics::Closed::default();
    /// assert_eq!(closed.because("timeout_idle"), 0);
    /// ```
    pub fn because(&self, name: &str) -> u64 {
        self.iter().find(|(known, _)| *known == name).map_or(0, |(_, count)| count)
    }

    /// All names of reasons, with those closed for each, none included.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        Kind::ALL.into_iter().map(Kind::name).zip(self.0.iter().copied())
    }
}

impl std::fmt::Debug for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.iter().filter(|(_, count)| *count > 0)).finish()
    }
}

impl CloseReason {
    /// A short name of what kind of reason it is, to count and to filter by: `local`, `aborted`,
    /// `remote`, `reset`, `truncated`, `tls`, `timeout_idle`, `timeout_handshake`,
    /// `timeout_proxy_header`, `timeout_close`,
    /// `overflow`, `protocol`, `rate_limited`, `because`, `panic`, `shutdown` or `io`.
    ///
    /// ```
    /// use sockeye::{CloseReason, Limit};
    ///
    /// assert_eq!(CloseReason::Timeout(Limit::Idle).name(), "timeout_idle");
    /// ```
    pub fn name(&self) -> &'static str {
        Kind::of(self).name()
    }
}
