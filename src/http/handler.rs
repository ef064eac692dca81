//! Who answers requests.

use std::sync::Arc;

use super::body::BodyReader;
use super::{IntoResponse, Later, Piped, Reception, Request, Response};
use crate::codec::http::Status;

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
        Piped { inlet, answer: Box::new(answer), limit: u64::MAX }
    }
}

impl<F> Handler for Streamed<F>
where
    F: Fn(&mut Request<'_>, BodyReader, Later) + Send + Sync + 'static,
{
    fn handle(&self, request: &mut Request<'_>) -> Response {
        let Piped { inlet, answer, .. } = self.start(request);
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
