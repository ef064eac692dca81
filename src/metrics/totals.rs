//! What a service has measured and counted, with all that runs on it.

use std::sync::Arc;

use super::{Loops, Sessions};
use crate::service::{Inner, Service};
use crate::session::Books;
use crate::udp;

/// What a service has measured and counted since it was made. Servers, clients and sockets that are
/// gone stay counted.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Totals {
    /// What its threads have measured of themselves.
    pub loops: Loops,
    /// The sums over its servers, and those there have been.
    pub servers: Sessions,
    /// The sums over its clients.
    pub clients: Sessions,
    /// The sums over its UDP sockets.
    pub udp: udp::Stats,
}

impl Totals {
    fn of(service: &Inner) -> Self {
        let books = Books::of(service);
        Self {
            loops: Loops::of(service),
            servers: books.servers(),
            clients: books.clients(),
            udp: udp::Stats::of(service),
        }
    }
}

impl Service {
    /// What the service has measured and counted so far, with all that runs, or ran, on it.
    ///
    /// On any thread. It stops nothing, and takes some microseconds for each loop and server.
    ///
    /// ```
    /// let service = sockeye::Service::builder().threads(2).start()?;
    /// let loops = service.metrics().loops;
    /// println!("busy for {:?} in {} turns", loops.turns.sum(), loops.turns.count());
    /// println!("99 % of the time less late than {:?}", loops.lag.quantile(0.99));
    /// # Ok::<(), sockeye::Error>(())
    /// ```
    pub fn metrics(&self) -> Totals {
        Totals::of(self.inner())
    }

    /// Reads the metrics while there is a service.
    pub(super) fn observe(&self) -> impl Fn() -> Option<Totals> + Send + Sync + 'static {
        let service = Arc::downgrade(self.inner());
        move || service.upgrade().map(|service| Totals::of(&service))
    }
}
