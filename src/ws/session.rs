//! What callbacks get.

use std::ops::{Deref, DerefMut};

use bytes::Bytes;

use super::frames::{self, control, part, whole};
use super::{Handle, Kind, Message};
use crate::session;
use crate::session::{By, CloseReason, Farewell, Part, Sent};

/// A connection during one of its callbacks: the [session](crate::raw::Session) that all protocols have,
/// and what WebSocket has to send.
///
/// Its own `send` sends binary messages, its own `close` closes with code 1000.
pub struct Session<'a>(session::Session<'a>);

impl<'a> Session<'a> {
    pub(super) fn of(session: session::Session<'a>) -> Self {
        Self(session)
    }

    /// Sends a text; it is copied.
    #[inline]
    pub fn text(&mut self, text: impl AsRef<str>) -> Sent {
        self.0.send_tagged(whole(Kind::Text), text.as_ref().as_bytes(), None)
    }

    /// Sends bytes; they are copied.
    #[inline]
    pub fn binary(&mut self, data: impl AsRef<[u8]>) -> Sent {
        self.0.send_tagged(whole(Kind::Binary), data.as_ref(), None)
    }

    /// Sends bytes that may be shared with other sessions; from 512 bytes on a server does not copy
    /// them, unless it compresses.
    pub fn binary_shared(&mut self, data: Bytes) -> Sent {
        self.0.send_tagged(whole(Kind::Binary), &data, Some(&data))
    }

    /// Sends a message of either kind.
    #[inline]
    pub fn send_message(&mut self, message: Message<'_>) -> Sent {
        self.0.send_tagged(whole(message.kind()), message.as_bytes(), None)
    }

    /// Sends the beginning of a message whose end comes later: with [`go_on`](Self::go_on) and
    /// [`complete`](Self::complete), also in later callbacks. It is not compressed.
    ///
    /// Other messages wait behind the whole of it, within the bounds of the queue; pings, pongs and a
    /// close do not. Only one message can be sent in parts at a time: [`Sent::Invalid`] for a second.
    /// Parts of text may be cut within a character, but all of it must be UTF-8, or the peer will
    /// close.
    ///
    /// ```
    /// use sockeye::ws::{self, Kind};
    ///
    /// fn send_halves(session: &mut ws::Session<'_>, one: &str, other: &str) {
    ///     session.begin(Kind::Text, one);
    ///     session.complete(other);
    /// }
    /// ```
    pub fn begin(&mut self, kind: Kind, data: impl AsRef<[u8]>) -> Sent {
        self.0.send_tagged(part(kind, Part::First), data.as_ref(), None)
    }

    /// Sends more of a message; [`Sent::Invalid`] when none was begun.
    pub fn go_on(&mut self, data: impl AsRef<[u8]>) -> Sent {
        self.0.send_tagged(part(Kind::Binary, Part::Middle), data.as_ref(), None)
    }

    /// Sends the end of a message; [`Sent::Invalid`] when none was begun.
    pub fn complete(&mut self, data: impl AsRef<[u8]>) -> Sent {
        self.0.send_tagged(part(Kind::Binary, Part::Last), data.as_ref(), None)
    }

    /// Sends a ping of at most 125 bytes, [`Sent::Invalid`] for more. The peer answers with a pong of
    /// the same bytes.
    pub fn ping(&mut self, data: impl AsRef<[u8]>) -> Sent {
        self.0.send_tagged(control(frames::PING), data.as_ref(), None)
    }

    /// Sends a pong that nobody has asked for: a sign of life. Pings are answered without.
    pub fn pong(&mut self, data: impl AsRef<[u8]>) -> Sent {
        self.0.send_tagged(control(frames::PONG), data.as_ref(), None)
    }

    /// Closes with a code and words of at most 123 bytes (what is more is cut off): what is queued is
    /// sent before, the peer's answer is awaited and the stream ended, all within
    /// [`Limits::close`](crate::Limits::close).
    ///
    /// `on_close` gets [`CloseReason::Farewell`]. A code that [may not be sent](super::Code::may_be_sent) is
    /// sent as 1011.
    pub fn close(&mut self, code: u16, reason: impl Into<Box<str>>) {
        self.0.end(farewell(code, reason));
    }

    /// The session for other threads, and for later.
    pub fn handle(&self) -> Handle {
        Handle::of(self.0.handle())
    }
}

/// This side's, which has yet to be said.
pub(super) fn farewell(code: u16, text: impl Into<Box<str>>) -> CloseReason {
    CloseReason::Farewell(Farewell { by: By::Us, code, text: text.into() })
}

impl<'a> Deref for Session<'a> {
    type Target = session::Session<'a>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Session<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl std::fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
