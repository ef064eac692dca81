//! What goes around handlers.

use crate::http::{IntoResponse, Next, Reception, Request, Response};

/// Goes around handlers: sees requests before them and answers after them, and may answer in their
/// place. [`Router::layer`](crate::http::Router::layer) puts one there, and the folder
/// [`layers`](crate::http::layers) has some that are ready.
///
/// Closures and functions are layers:
///
/// ```
/// use sockeye::http::{Next, Request, Response, Router, Status};
///
/// fn only_friends(request: &mut Request<'_>, next: Next<'_>) -> Response {
///     match request.header("x-friend") {
///         Some(_) => next.run(request).map(|answer| answer.header("X-Greeting", "hi")),
///         None => Status::FORBIDDEN.into(),
///     }
/// }
/// let router = Router::new().get("/", "Hello, friend!").layer(only_friends);
/// ```
///
/// An answer may be given [later](Response::later), and what is said of it then is not known yet
/// ([`Response::is_later`]). So what changes answers does that with [`Response::map`], as above.
pub trait Layer: Send + Sync + 'static {
    /// A request is there as a whole: answers it, or has [`Next::run`] answer. Called on any service
    /// thread, once for each request; for one whose body the handler gets piece by piece, never.
    fn handle(&self, request: &mut Request<'_>, next: Next<'_>) -> Response;

    /// The head of a request is there, behind which a body comes: see
    /// [`Handler::begin`](crate::http::Handler::begin).
    ///
    /// By default the body is gathered, so that [`handle`](Layer::handle) sees it before anybody
    /// else, whatever the handler wants of it. Where that shall get bodies piece by piece, all
    /// layers around it have a `begin` of their own, as the ready ones do: they look at the head, and ask
    /// [`Next::begin`]. Of what is answered without a body (404, say), `handle` is told at
    /// once.
    fn begin(&self, request: &mut Request<'_>, next: Next<'_>) -> Reception {
        match next.gathering().begin(request) {
            Reception::Answer(answer) => {
                Reception::answer(self.handle(request, Next::ready(&[], *answer)))
            }
            gather => gather,
        }
    }
}

impl<F, R> Layer for F
where
    F: Fn(&mut Request<'_>, Next<'_>) -> R + Send + Sync + 'static,
    R: IntoResponse,
{
    fn handle(&self, request: &mut Request<'_>, next: Next<'_>) -> Response {
        self(request, next).into_response()
    }
}
