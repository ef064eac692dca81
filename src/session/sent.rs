//! What became of a message.

use crate::error::ErrorKind;

/// What became of a message that was sent. May be ignored: the bound of the queue holds anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sent {
    /// It is queued and will be sent in its turn.
    Queued,
    /// It is queued, but so much else is ([`Limits::marks`](crate::Limits::marks)) that a sender
    /// who can should pause until `on_drain`.
    Congested,
    /// It was skipped and counted, as [`Overflow::Drop`](crate::Overflow::Drop) wants it.
    Dropped,
    /// It was not queued, because there is no room; later there may be
    /// ([`Handle::send_within`](crate::raw::Handle::send_within) waits for it).
    Full,
    /// It was not queued, because the protocol cannot send it: it is longer than its codec allows,
    /// or has the codec's delimiter in it.
    Invalid,
    /// It was not queued, and because of it the session ends: see
    /// [`Overflow`](crate::Overflow).
    Overflow,
    /// It was not queued: the session is closed or closing, or the client not connected.
    Closed,
}

impl Sent {
    /// Why the message is not queued.
    pub(crate) fn refusal(self) -> Option<ErrorKind> {
        match self {
            Self::Queued | Self::Congested => None,
            Self::Closed => Some(ErrorKind::Closed),
            Self::Invalid => Some(ErrorKind::Invalid),
            Self::Full | Self::Dropped | Self::Overflow => Some(ErrorKind::LimitReached),
        }
    }

    /// True when the message is queued.
    pub fn is_queued(self) -> bool {
        matches!(self, Self::Queued | Self::Congested)
    }
}
