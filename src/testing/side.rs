//! What one side of an in-memory connection is to be.

use std::fmt;

use crate::net::Faults;
use crate::session::{ClientProtocol, Limits, ServerProtocol};

/// One side of an in-memory connection: what it speaks, its limits, and what goes wrong on it.
///
/// Whatever a server or a client speaks is a side with nothing special about it, and can be given
/// in its place:
///
/// ```
/// use sockeye::testing::{Faults, Harness, Side};
/// use sockeye::{Limits, raw};
///
/// let plain = Harness::new(raw::client(raw::Discard));
/// let special = Harness::new(
///     Side::new(raw::client(raw::Discard))
///         .limits(Limits::default().queue(1000))
///         .faults(Faults::seeded(7).short_writes(100)),
/// );
/// ```
#[must_use]
pub struct Side {
    pub(super) speaks: Speaks,
    pub(super) faults: Faults,
    pub(super) limits: Limits,
    pub(super) capacity: usize,
}

/// What a side speaks, by how often it can be opened: a server's makes a handler for each
/// connection, a client's has one for all.
pub(super) enum Speaks {
    Server(ServerProtocol),
    Client(ClientProtocol),
}

impl Side {
    /// A side without faults and with the default limits.
    pub fn new(speaks: impl Into<Self>) -> Self {
        speaks.into()
    }

    /// What goes wrong when this side reads and writes. Default: nothing.
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// The bounds of the session.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Bytes that can be under way in each direction, written by one side and not yet read by the
    /// other; of two sides, the smaller number counts. Default: 64 KiB.
    pub fn capacity(mut self, bytes: usize) -> Self {
        self.capacity = bytes;
        self
    }

    fn speaking(speaks: Speaks) -> Self {
        Self { speaks, faults: Faults::default(), limits: Limits::default(), capacity: 64 << 10 }
    }
}

impl From<ServerProtocol> for Side {
    fn from(protocol: ServerProtocol) -> Self {
        Self::speaking(Speaks::Server(protocol))
    }
}

impl From<ClientProtocol> for Side {
    fn from(protocol: ClientProtocol) -> Self {
        Self::speaking(Speaks::Client(protocol))
    }
}

impl fmt::Debug for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let speaks = match self.speaks {
            Speaks::Server(_) => "a server",
            Speaks::Client(_) => "a client",
        };
        f.debug_struct("Side")
            .field("speaks_as", &speaks)
            .field("faults", &self.faults)
            .field("limits", &self.limits)
            .field("capacity", &self.capacity)
            .finish()
    }
}
