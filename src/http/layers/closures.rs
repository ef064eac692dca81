//! Layers of closures that let bodies pass in pieces.

use std::sync::Arc;

use crate::http::{IntoResponse, Layer, Next, Reception, Request, Response};

/// A layer that looks at requests before anybody else, and answers those that it has an answer for.
///
/// It is asked when the head is there, before a body has come. If the body is then gathered, it is
/// asked once more, with the whole of it.
///
/// ```
/// use sockeye::http::{Request, Router, Status, layers};
///
/// let router = Router::new().layer(layers::before(|request: &mut Request<'_>| {
///     match request.header("x-api-key") {
///         Some("qwerty") => Ok(()),
///         _ => Err(Status::FORBIDDEN),
///     }
/// }));
/// ```
pub fn before<F, R>(check: F) -> impl Layer
where
    F: Fn(&mut Request<'_>) -> Result<(), R> + Send + Sync + 'static,
    R: IntoResponse,
{
    Before(check)
}

/// A layer that changes answers, whenever they are given.
///
/// ```
/// use sockeye::http::{Response, Router, layers};
///
/// let router = Router::new()
///     .get("/", "Hello, World!")
///     .layer(layers::after(|answer: Response| answer.header("Server", "sockeye")));
/// ```
pub fn after<F>(change: F) -> impl Layer
where
    F: Fn(Response) -> Response + Send + Sync + 'static,
{
    After(Arc::new(change))
}

struct Before<F>(F);

impl<F, R> Layer for Before<F>
where
    F: Fn(&mut Request<'_>) -> Result<(), R> + Send + Sync + 'static,
    R: IntoResponse,
{
    fn handle(&self, request: &mut Request<'_>, next: Next<'_>) -> Response {
        next.run_checked((self.0)(request), request)
    }

    fn begin(&self, request: &mut Request<'_>, next: Next<'_>) -> Reception {
        next.begin_checked((self.0)(request), request)
    }
}

struct After<F>(Arc<F>);

impl<F: Fn(Response) -> Response + Send + Sync + 'static> Layer for After<F> {
    fn handle(&self, request: &mut Request<'_>, next: Next<'_>) -> Response {
        let change = Arc::clone(&self.0);
        next.run(request).map(move |answer| change(answer))
    }

    fn begin(&self, request: &mut Request<'_>, next: Next<'_>) -> Reception {
        let change = Arc::clone(&self.0);
        next.begin(request).map(move |answer| change(answer))
    }
}
