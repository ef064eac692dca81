//! Who answers requests.

use std::sync::Arc;

use super::body::BodyReader;
use super::body::pipe::Inlet;
use super::{IntoResponse, Later, Request, Response};
use crate::codec::http::Status;
use crate::session::Session;

/// Answers requests, of all connections at once: one value for a server, which is called on any of
/// the service's threads.
///
/// Closures and functions that take a `&mut Request<'_>` and return a [`Response`], or what
/// [stands for one](IntoResponse), are handlers:
///
/// ```
/// use sockeye::http::{self, Request};
///
/// fn hello(request: &mut Request<'_>) -> String {
///     format!("Hello, {}!", request.query("name").unwrap_or("World".into()))
/// }
/// let protocol = http::server(hello);
/// ```
///
/// They should not block: with a loop per thread that holds up other sessions. What takes time is
/// answered [later](Response::later).
pub trait Handler: Send + Sync + 'static {
    /// Answers a request that is there as a whole. If it panics, the answer is 500 and the
    /// connection is closed.
    fn handle(&self, request: &mut Request<'_>) -> Response;

    /// The head of a request is there, behind which a body comes: what shall become of it? By default
    /// it is gathered, up to the limit, and [`handle`](Handler::handle) is called with all of it.
    fn begin(&self, request: &mut Request<'_>) -> Reception {
        let _ = request;
        Reception::Gather(None)
    }
}

impl<F, R> Handler for F
where
    F: Fn(&mut Request<'_>) -> R + Send + Sync + 'static,
    R: IntoResponse,
{
    #[inline]
    fn handle(&self, request: &mut Request<'_>) -> Response {
        self(request).into_response()
    }
}

impl Handler for Box<dyn Handler> {
    fn handle(&self, request: &mut Request<'_>) -> Response {
        (**self).handle(request)
    }

    fn begin(&self, request: &mut Request<'_>) -> Reception {
        (**self).begin(request)
    }
}

impl<H: Handler + ?Sized> Handler for Arc<H> {
    fn handle(&self, request: &mut Request<'_>) -> Response {
        (**self).handle(request)
    }

    fn begin(&self, request: &mut Request<'_>) -> Reception {
        (**self).begin(request)
    }
}

/// Answers with this text, always.
impl Handler for &'static str {
    #[inline]
    fn handle(&self, _: &mut Request<'_>) -> Response {
        Response::text(*self)
    }
}

/// Answers with this status, always.
impl Handler for Status {
    fn handle(&self, _: &mut Request<'_>) -> Response {
        Response::new(*self)
    }
}

/// What becomes of a request's body.
#[non_exhaustive]
pub enum Reception {
    /// It is gathered in memory and handed to [`Handler::handle`] as a whole. Up to so many bytes, or
    /// up to the limit of the server; with more, the answer is 413.
    Gather(Option<usize>),
    /// Each piece is handed out as it comes.
    Each(Box<dyn Receiver>),
    /// It goes to another thread; see [`streamed`].
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

    /// Changes the answer that is given without [`Handler::handle`], now or when it comes: what
    /// layers do that let bodies pass in pieces. One whose body is gathered is not changed here.
    #[must_use]
    pub fn map(self, change: impl FnOnce(Response) -> Response + Send + 'static) -> Self {
        match self {
            Self::Gather(limit) => Self::Gather(limit),
            Self::Answer(answer) => Self::Answer(Box::new(answer.map(change))),
            Self::Each(receiver) => {
                Self::Each(Box::new(Changed { receiver, change: Some(Box::new(change)) }))
            }
            Self::Pipe(Piped { inlet, answer }) => {
                Self::Pipe(Piped { inlet, answer: Box::new(answer.map(change)) })
            }
        }
    }
}

/// A body's way to another thread, and the answer meanwhile.
pub struct Piped {
    pub(crate) inlet: Inlet,
    pub(crate) answer: Box<Response>,
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
}

/// A handler of requests whose bodies are read by other threads while they come, with backpressure:
/// at most 256 KiB wait to be read.
///
/// ```
/// use std::io;
/// use sockeye::http::{self, BodyReader, Later, Request, Status};
///
/// let upload = http::streamed(|_: &mut Request<'_>, mut body: BodyReader, later: Later| {
///     std::thread::spawn(move || {
///         match io::copy(&mut body, &mut io::sink()) {
///             Ok(bytes) => later.answer(format!("{bytes} bytes")),
///             Err(error) => later.answer((Status::BAD_REQUEST, error.to_string())),
///         }
///     });
/// });
/// ```
pub fn streamed<F>(take: F) -> impl Handler
where
    F: Fn(&mut Request<'_>, BodyReader, Later) + Send + Sync + 'static,
{
    Streamed(take)
}

struct Streamed<F>(F);

impl<F> Streamed<F>
where
    F: Fn(&mut Request<'_>, BodyReader, Later) + Send + Sync + 'static,
{
    fn start(&self, request: &mut Request<'_>) -> Piped {
        let (inlet, body) = BodyReader::new();
        let (answer, later) = Response::later();
        (self.0)(request, body, later);
        Piped { inlet, answer: Box::new(answer) }
    }
}

impl<F> Handler for Streamed<F>
where
    F: Fn(&mut Request<'_>, BodyReader, Later) + Send + Sync + 'static,
{
    fn handle(&self, request: &mut Request<'_>) -> Response {
        let Piped { inlet, answer } = self.start(request);
        // A request without a body, or one that a layer has had gathered.
        let mut body = bytes::Bytes::copy_from_slice(request.body());
        inlet.put(&mut body);
        inlet.finish(crate::codec::http::Fields::new());
        *answer
    }

    fn begin(&self, request: &mut Request<'_>) -> Reception {
        Reception::Pipe(self.start(request))
    }
}
