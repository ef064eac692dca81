//! Benchmarks over HTTP: requests, and what they are answered with.

use sockeye::http::{self, Method, Request, Response};
use sockeye::raw::ServerProtocol;

/// Answers `TRACE` with the request, as the clients of this pair want it, and `GET` with a greeting.
pub fn trace() -> ServerProtocol {
    http::server(|request: &mut Request<'_>| match request.method() {
        Method::Trace => Response::trace(request),
        _ => Response::content("text/plain", "Hello, World!"),
    })
}
