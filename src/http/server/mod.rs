//! The server's side of a connection.

mod adaptor;
mod answering;
mod clock;
mod exchange;
mod receiving;
mod times;

use std::sync::Arc;

use super::{Handler, Limits};
use crate::session::{ServerProtocol, Speech};
use adaptor::Adaptor;

/// What a server speaks: HTTP/1.1, and 1.0 to who speaks that, with a handler or a
/// [`Router`](super::Router) that answers the requests of all connections.
///
/// ```no_run
/// use sockeye::http::{self, Request, Router};
/// use sockeye::{Server, Service};
///
/// let site = Router::new()
///     .get("/", "Hello, World!")
///     .get("/greet/{name}", |request: &mut Request<'_>| {
///         format!("Hello, {}!", request.param("name").unwrap_or_default())
///     });
/// let service = Service::builder().loop_per_thread(4).start()?;
/// let server = Server::builder(&service, http::server(site)).listen("127.0.0.1:8080")?;
/// service.wait()?;
/// # Ok::<(), sockeye::Error>(())
/// ```
pub fn server(handler: impl Handler) -> ServerProtocol {
    server_with(Limits::default(), handler)
}

/// The same with other limits.
pub fn server_with(limits: Limits, handler: impl Handler) -> ServerProtocol {
    let site = Arc::new(Site { limits, handler: Box::new(handler) });
    ServerProtocol::new(move |_| Adaptor::new(Arc::clone(&site)), Speech::Mute)
}

/// What all connections of a server have in common.
struct Site {
    limits: Limits,
    handler: Box<dyn Handler>,
}
