//! Why a session ended.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Violation};

/// Why a session ended, told to `on_close`: who ended it, and what for. The first reason counts.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum CloseReason {
    /// This side closed it: `close` in a callback or on a handle, or its server or client was
    /// dropped.
    Local,
    /// This side aborted it: `abort` in a callback or on a handle.
    Aborted,
    /// The peer finished sending and wanted no more (TCP: FIN).
    Remote,
    /// One side said goodbye in its protocol's words, and the other answered. (WebSocket's close frame.)
    Farewell(Farewell),
    /// The peer, or something on the way, cut the connection (TCP: RST).
    Reset,
    /// The peer's stream ended without the goodbye that TLS demands (`close_notify`): what came may
    /// not be all that was sent.
    Truncated,
    /// TLS failed: a handshake, a record, or an alert of the peer's, which the error names.
    Tls(Error),
    /// A time limit passed.
    Timeout(Limit),
    /// The session's queue was full and its policy says to end it then: see
    /// [`Overflow`](crate::Overflow).
    Overflow,
    /// The peer has sent what its protocol forbids.
    Protocol(Violation),
    /// The peer has sent more than it may in the time: a rate limit
    /// of [`middleware`](crate::middleware).
    RateLimited,
    /// This side closed it for a reason of the program's own:
    /// [`Session::close_because`](crate::raw::Session::close_because).
    Because(Cow<'static, str>),
    /// A callback panicked; the error holds the panic's message.
    Panic(Error),
    /// The server, client or service was shut down or stopped.
    Shutdown,
    /// The operating system failed.
    Io(Arc<io::Error>),
}

/// A goodbye in a protocol's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Farewell {
    /// Who said it first.
    pub by: By,
    /// The protocol's number for why; WebSocket: the close code, 1005 where there was none
    /// (RFC 6455 7.4.1).
    pub code: u16,
    /// Why, in words; often none.
    pub text: Box<str>,
}

/// One of the two sides of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// This one.
    Us,
    /// The other one.
    Peer,
}

/// The time limits of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// No byte went either way for longer than [`Limits::idle`](crate::Limits::idle).
    Idle,
    /// The TLS handshake, with the PROXY protocol's header before it, took longer than
    /// [`Limits::handshake`](crate::Limits::handshake).
    Handshake,
    /// The PROXY protocol's header alone took longer than that.
    ProxyHeader,
    /// The peer did not take what was queued within [`Limits::close`](crate::Limits::close) of
    /// the close: part of it was not sent.
    Close,
    /// The peer did not answer this side's goodbye within
    /// [`Limits::close`](crate::Limits::close) of it.
    Goodbye,
    /// The peer did not answer so many heartbeats in a row.
    Pong,
    /// The head of an HTTP message took too long.
    Head,
    /// Nothing of the body of an HTTP message came for too long.
    Body,
    /// A request of HTTP was not answered in time.
    Request,
    /// A kept connection of HTTP had no further request for too long.
    KeepAlive,
    /// The peer took nothing of what was queued for too long.
    Send,
}

impl CloseReason {
    /// True when the connection ended as it should: by either side's decision, with everything
    /// queued handed to the operating system.
    pub fn is_clean(&self) -> bool {
        matches!(
            self,
            Self::Local | Self::Because(_) | Self::Remote | Self::Farewell(_) | Self::Shutdown
        )
    }

    pub(crate) fn of(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            // What shutting down says of a socket that was reset meanwhile.
            | io::ErrorKind::NotConnected => Self::Reset,
            _ => Self::of_inner(&error).unwrap_or_else(|| Self::Io(Arc::new(error))),
        }
    }

    /// What `net` has wrapped, as it is no failure of the system's.
    fn of_inner(error: &io::Error) -> Option<Self> {
        let inner = error.get_ref()?;
        if let Some(violation) = inner.downcast_ref::<Violation>() {
            return Some(Self::Protocol(violation.clone()));
        }
        let failure = inner.downcast_ref::<Error>()?;
        (failure.kind() == ErrorKind::Tls).then(|| Self::Tls(failure.clone()))
    }

    /// The program wants it so, or knows of it already.
    pub(crate) fn is_asked(&self) -> bool {
        match self {
            Self::Local | Self::Aborted | Self::Because(_) | Self::Shutdown | Self::Panic(_) => {
                true
            }
            Self::Farewell(farewell) => farewell.by == By::Us,
            _ => false,
        }
    }

    /// What the reason is to an attempt that it has ended.
    pub(crate) fn to_error(&self, attempt: &'static str) -> Error {
        match self {
            Self::Tls(error) => error.clone().attempting(attempt),
            Self::Timeout(_) => Error::new(ErrorKind::TimedOut, attempt).because(self),
            Self::Protocol(_) => Error::new(ErrorKind::Invalid, attempt).because(self),
            Self::Io(error) => Error::io(attempt, error.kind().into()).because(error),
            _ => Error::new(ErrorKind::Closed, attempt).because(self),
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("closed by this side"),
            Self::Aborted => f.write_str("aborted by this side"),
            Self::Remote => f.write_str("closed by the peer"),
            Self::Farewell(Farewell { by, code, text }) => {
                let who = if *by == By::Us { "this side" } else { "the peer" };
                let colon = if text.is_empty() { "" } else { ": " };
                write!(f, "closed by {who} with {code}{colon}{text}")
            }
            Self::Reset => f.write_str("reset by the peer"),
            Self::Truncated => f.write_str("cut off without a goodbye"),
            Self::Tls(error) => write!(f, "{error}"),
            Self::Timeout(Limit::Handshake) => f.write_str("the handshake took too long"),
            Self::Timeout(Limit::ProxyHeader) => {
                f.write_str("the PROXY protocol header took too long")
            }
            Self::Timeout(Limit::Idle) => f.write_str("idle for too long"),
            Self::Timeout(Limit::Close) => f.write_str("the peer did not take the rest in time"),
            Self::Timeout(Limit::Goodbye) => {
                f.write_str("the peer did not answer the goodbye in time")
            }
            Self::Timeout(Limit::Pong) => f.write_str("the peer did not answer the heartbeats"),
            Self::Timeout(Limit::Head) => f.write_str("the head took too long"),
            Self::Timeout(Limit::Body) => f.write_str("the body took too long"),
            Self::Timeout(Limit::Request) => f.write_str("the answer took too long"),
            Self::Timeout(Limit::KeepAlive) => f.write_str("no further request came in time"),
            Self::Timeout(Limit::Send) => f.write_str("the peer took nothing for too long"),
            Self::Overflow => f.write_str("the send queue overflowed"),
            Self::Protocol(violation) => write!(f, "the peer has sent {violation}"),
            Self::RateLimited => f.write_str("the peer has sent too much in the time"),
            Self::Because(why) => f.write_str(why),
            Self::Panic(error) => write!(f, "{error}"),
            Self::Shutdown => f.write_str("shut down"),
            Self::Io(error) => write!(f, "failed: {error}"),
        }
    }
}
