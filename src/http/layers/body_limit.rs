//! How much a request may bring.

use crate::http::{Layer, Next, Reception, Request, Response};

/// Bounds the bodies of requests: 413 beyond, and the connection is closed.
///
/// Bodies that are gathered in memory may have so many bytes, be that more or less than what the
/// [`Limits`](crate::http::Limits) of the server say. Those that the handler gets in pieces may have no more
/// than that and than those say. Of several such layers the innermost counts.
///
/// ```
/// use sockeye::http::{Request, Router, layers::BodyLimit};
///
/// let upload = |request: &mut Request<'_>| format!("{} bytes", request.body().len());
/// let router = Router::new()
///     .nest("/", Router::new().put("/video", upload).layer(BodyLimit::new(256 << 20)))
///     .put("/name", upload)
///     .layer(BodyLimit::new(64));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BodyLimit(usize);

impl BodyLimit {
    /// For bodies of so many bytes.
    pub fn new(bytes: usize) -> Self {
        Self(bytes)
    }
}

impl Layer for BodyLimit {
    fn handle(&self, request: &mut Request<'_>, next: Next<'_>) -> Response {
        next.run(request)
    }

    fn begin(&self, request: &mut Request<'_>, next: Next<'_>) -> Reception {
        match next.begin(request) {
            Reception::Gather(limit) => Reception::Gather(Some(limit.unwrap_or(self.0))),
            reception => reception.limited(self.0 as u64),
        }
    }
}
