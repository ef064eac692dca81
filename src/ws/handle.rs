//! A session as other threads hold it.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use bytes::Bytes;

use super::frames::{self, control, part, whole};
use super::session::farewell;
use super::{Kind, Message, Session};
use crate::error::Result;
use crate::session;
use crate::session::{Part, Sent};

/// A session for any thread: the [handle](crate::raw::Handle) that all protocols have, and what WebSocket
/// has to send.
///
/// What it sends is framed on the caller's thread (with the session's own compressor, if it has one,
/// in the session's turn), and goes in the order sent. Its own `send` sends binary messages, its own
/// `close` closes with code 1000.
#[derive(Clone, PartialEq, Eq)]
pub struct Handle(session::Handle);

impl Handle {
    pub(super) fn of(handle: session::Handle) -> Self {
        Self(handle)
    }

    /// Sends a text; it is copied. Never waits.
    pub fn text(&self, text: impl AsRef<str>) -> Sent {
        self.0.link().send(whole(Kind::Text), text.as_ref().as_bytes())
    }

    /// Sends bytes; they are copied.
    pub fn binary(&self, data: impl AsRef<[u8]>) -> Sent {
        self.0.link().send(whole(Kind::Binary), data.as_ref())
    }

    /// Sends a message of either kind.
    pub fn send_message(&self, message: Message<'_>) -> Sent {
        self.0.link().send(whole(message.kind()), message.as_bytes())
    }

    /// Sends a message, and waits `within` the time for room in the queue if there is none.
    ///
    /// # Errors
    ///
    /// As [`send_within`](crate::raw::Handle::send_within).
    pub fn send_message_within(&self, message: Message<'_>, within: Duration) -> Result<()> {
        self.0.send_tagged_within(whole(message.kind()), message.as_bytes(), within)
    }

    /// Sends the beginning of a message: see [`Session::begin`]. What is wrong with the order of
    /// parts shows in the session's turn, where such a part is dropped.
    pub fn begin(&self, kind: Kind, data: impl Into<Bytes>) -> Sent {
        self.0.link().send_shared(part(kind, Part::First), data.into())
    }

    /// Sends more of a message.
    pub fn go_on(&self, data: impl Into<Bytes>) -> Sent {
        self.0.link().send_shared(part(Kind::Binary, Part::Middle), data.into())
    }

    /// Sends the end of a message.
    pub fn complete(&self, data: impl Into<Bytes>) -> Sent {
        self.0.link().send_shared(part(Kind::Binary, Part::Last), data.into())
    }

    /// Sends a ping of at most 125 bytes, [`Sent::Invalid`] for more.
    pub fn ping(&self, data: impl AsRef<[u8]>) -> Sent {
        self.control(frames::PING, data.as_ref())
    }

    /// Sends a pong that nobody has asked for.
    pub fn pong(&self, data: impl AsRef<[u8]>) -> Sent {
        self.control(frames::PONG, data.as_ref())
    }

    fn control(&self, kind: u8, data: &[u8]) -> Sent {
        match data.len() {
            ..=frames::CONTROL => self.0.link().send(control(kind), data),
            _ => Sent::Invalid,
        }
    }

    /// Closes with a code and words: see [`Session::close`].
    pub fn close(&self, code: u16, reason: impl Into<Box<str>>) {
        self.0.link().end(farewell(code, reason), crate::service::Ending::Graceful);
    }

    /// Queues a job that gets the session: see [`post`](crate::raw::Handle::post).
    ///
    /// # Errors
    ///
    /// As [`post`](crate::raw::Handle::post).
    pub fn post(&self, job: impl FnOnce(&mut Session<'_>) + Send + 'static) -> Result<()> {
        self.0.post(|session| job(&mut Session::of(session.reborrow())))
    }
}

/// For what a server's [`sessions`](crate::Server::sessions) or a group's
/// [`members`](crate::raw::Group::members) give: sessions that speak WebSocket. To one of HTTP, all that
/// is sent is [`Sent::Invalid`].
impl From<session::Handle> for Handle {
    fn from(handle: session::Handle) -> Self {
        Self(handle)
    }
}

impl Deref for Handle {
    type Target = session::Handle;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
