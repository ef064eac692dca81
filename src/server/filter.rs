//! Who may connect.

use std::sync::Arc;
use std::time::Instant;

use super::Refusal;
use crate::net::Endpoint;
pub use crate::session::Permit;

/// Decides who may connect to a server, before a handler is made for him.
///
/// Given to [`Builder::filter`](super::Builder::filter). A closure from the peer's address to `true`
/// is a filter, which refuses with [`Refusal::Denied`]; others are in
/// [`middleware`](crate::middleware).
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use std::time::Instant;
/// use sockeye::server::{Filter, Permit, Refusal};
/// use sockeye::{Endpoint, Server, Service, raw};
///
/// /// Lets in so many that it has not let out yet.
/// struct Places(Arc<AtomicUsize>);
/// struct Place(Arc<AtomicUsize>);
///
/// impl Filter for Places {
///     fn admit(&self, _: &Endpoint, _: Instant) -> Result<Permit, Refusal> {
///         let taken = |free: usize| free.checked_sub(1);
///         match self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, taken) {
///             Ok(_) => Ok(Permit::new(Place(Arc::clone(&self.0)))),
///             Err(_) => Err(Refusal::because("the house is full")),
///         }
///     }
/// }
///
/// impl Drop for Place {
///     fn drop(&mut self) {
///         self.0.fetch_add(1, Ordering::AcqRel);
///     }
/// }
///
/// let service = Service::builder().threads(1).start()?;
/// let server = Server::builder(&service, raw::server(|_| raw::Discard))
///     .filter(|peer: &Endpoint| peer.ip().is_none_or(|ip| ip.is_loopback()))
///     .filter(Places(Arc::new(AtomicUsize::new(2))))
///     .listen("127.0.0.1:0")?;
/// # Ok::<(), sockeye::Error>(())
/// ```
pub trait Filter: Send + Sync + 'static {
    /// Lets a peer in, with a permit that is held until his connection is gone, or says why not.
    ///
    /// Called on service threads, several at a time, and never with a lock held; it should not
    /// block, as others wait to be accepted meanwhile. `now` is when he was accepted, or when the
    /// proxy before him had told who he is. If this panics, he is refused ([`Refusal::Failed`]).
    ///
    /// # Errors
    ///
    /// The reason. The connection is then reset, counted in
    /// [`Sessions::refused`](crate::metrics::Sessions::refused), and told to
    /// [`Events::on_refused`](super::Events::on_refused).
    fn admit(&self, peer: &Endpoint, now: Instant) -> Result<Permit, Refusal>;
}

/// One filter for several servers.
impl<T: Filter + ?Sized> Filter for Arc<T> {
    fn admit(&self, peer: &Endpoint, now: Instant) -> Result<Permit, Refusal> {
        T::admit(self, peer, now)
    }
}

impl<F: Fn(&Endpoint) -> bool + Send + Sync + 'static> Filter for F {
    fn admit(&self, peer: &Endpoint, _now: Instant) -> Result<Permit, Refusal> {
        if self(peer) { Ok(Permit::none()) } else { Err(Refusal::Denied) }
    }
}
