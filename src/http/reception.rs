//! What becomes of a request's body.

use super::body::pipe::Inlet;
use super::{IntoResponse, Limits, Request, Response};
use crate::session::Session;

/// What becomes of a request's body.
#[non_exhaustive]
pub enum Reception {
    /// It is gathered in memory and handed to [`Handler::handle`](super::Handler::handle) as a whole.
    /// Up to so many bytes, or up to the limit of the server; with more, the answer is 413.
    Gather(Option<usize>),
    /// Each piece is handed out as it comes.
    Each(Box<dyn Receiver>),
    /// It goes to another thread; see [`streamed`](super::streamed).
    #[doc(hidden)]
    Pipe(Piped),
    /// It is not wanted: this is the answer, before the client has sent it if he waits to be asked
    /// (`Expect: 100-continue`).
    Answer(Box<Response>),
}

impl Reception {
    /// It is not wanted: this is the answer.
    pub fn answer(response: impl IntoResponse) -> Self {
        Self::Answer(Box::new(response.into_response()))
    }

    /// Changes the answer that is given without [`Handler::handle`](super::Handler::handle), now or
    /// when it comes: what layers do that let bodies pass in pieces. One whose body is gathered is not
    /// changed here.
    #[must_use]
    pub fn map(self, change: impl FnOnce(Response) -> Response + Send + 'static) -> Self {
        match self {
            Self::Gather(limit) => Self::Gather(limit),
            Self::Answer(answer) => Self::Answer(Box::new(answer.map(change))),
            Self::Each(receiver) => {
                Self::Each(Box::new(Changed { receiver, change: Some(Box::new(change)) }))
            }
            Self::Pipe(piped) => {
                Self::Pipe(Piped { answer: Box::new(piped.answer.map(change)), ..piped })
            }
        }
    }

    /// Bytes that the body may have, at a server with these limits.
    pub(super) fn limit(&self, limits: &Limits) -> u64 {
        match self {
            Self::Gather(limit) => limit.unwrap_or(limits.body) as u64,
            Self::Each(receiver) => receiver.limit().min(limits.streamed),
            Self::Pipe(piped) => piped.limit.min(limits.streamed),
            Self::Answer(_) => 0,
        }
    }

    /// A body that comes in pieces has at most so many bytes.
    pub(super) fn limited(self, limit: u64) -> Self {
        match self {
            Self::Each(receiver) => {
                let limit = limit.min(receiver.limit());
                Self::Each(Box::new(Limited { receiver, limit }))
            }
            Self::Pipe(piped) => Self::Pipe(Piped { limit: limit.min(piped.limit), ..piped }),
            whole => whole,
        }
    }
}

/// A body's way to another thread, and the answer meanwhile.
pub struct Piped {
    pub(crate) inlet: Inlet,
    pub(crate) answer: Box<Response>,
    /// Bytes that it takes.
    pub(crate) limit: u64,
}

/// Gets a body in pieces, on the session's thread.
pub trait Receiver: Send {
    /// A piece has come, borrowed from the thread's read buffer. An answer ends the request here: the
    /// rest is not wanted.
    ///
    /// [`Session::pause`] and [`Session::resume`] hold up the client.
    fn on_data(&mut self, session: &mut Session<'_>, data: &[u8]) -> Option<Response>;

    /// The body is complete: the answer. Not called for one that was cut off; then the receiver is
    /// dropped.
    fn on_end(self: Box<Self>, request: &mut Request<'_>) -> Response;

    /// Bytes that it takes, asked before the first; 413 beyond. By default as many as the
    /// [limits](crate::http::Limits::streamed) of the server allow, which bound it anyway.
    fn limit(&self) -> u64 {
        u64::MAX
    }
}

/// A receiver whose answer is changed.
struct Changed {
    receiver: Box<dyn Receiver>,
    change: Option<Box<dyn FnOnce(Response) -> Response + Send>>,
}

impl Receiver for Changed {
    fn on_data(&mut self, session: &mut Session<'_>, data: &[u8]) -> Option<Response> {
        let answer = self.receiver.on_data(session, data)?;
        Some(match self.change.take() {
            Some(change) => answer.map(change),
            None => answer,
        })
    }

    fn on_end(self: Box<Self>, request: &mut Request<'_>) -> Response {
        let answer = self.receiver.on_end(request);
        match self.change {
            Some(change) => answer.map(change),
            None => answer,
        }
    }

    fn limit(&self) -> u64 {
        self.receiver.limit()
    }
}

/// A receiver that gets less than it would take.
struct Limited {
    receiver: Box<dyn Receiver>,
    limit: u64,
}

impl Receiver for Limited {
    fn on_data(&mut self, session: &mut Session<'_>, data: &[u8]) -> Option<Response> {
        self.receiver.on_data(session, data)
    }

    fn on_end(self: Box<Self>, request: &mut Request<'_>) -> Response {
        self.receiver.on_end(request)
    }

    fn limit(&self) -> u64 {
        self.limit
    }
}
