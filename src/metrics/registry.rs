//! What is to be exported, and under which names.

use std::fmt;
use std::sync::{Arc, Mutex};

use super::catalog::Catalog;
use super::openmetrics;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::server::Server;
use crate::service::{Service, lock};
use crate::udp;

/// Names for what is measured: services, servers, clients and sockets, to export it for others.
///
/// It keeps nothing alive; what is gone is not exported any more, and its name is free. A clone is a
/// handle to the same registry. All functions may be called on any thread, and none waits.
///
/// ```
/// use sockeye::{Server, Service, metrics::Registry, raw};
///
/// let service = Service::builder().threads(1).start()?;
/// let server = Server::builder(&service, raw::server(|_| raw::Discard)).listen("127.0.0.1:0")?;
/// let registry = Registry::new();
/// registry.add_service("main", &service)?;
/// registry.add_server("front", &server)?;
///
/// let text = registry.openmetrics();
/// assert!(text.contains("sockeye_server_opened_total{name=\"front\"} 0\n"));
/// assert!(text.ends_with("# EOF\n"));
/// # Ok::<(), sockeye::Error>(())
/// ```
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    limit: usize,
    entries: Mutex<Vec<Arc<Entry>>>,
    #[cfg(feature = "metrics")]
    published: super::facade::Published,
}

struct Entry {
    of: Kind,
    name: String,
    source: Source,
}

/// A name is taken among those of its kind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Service,
    Server,
    Client,
    Socket,
}

/// Adds what is measured, under the name; false when there is nothing to measure any more.
type Source = Box<dyn Fn(&str, &mut Catalog) -> bool + Send + Sync>;

/// Bytes that a name may have.
const NAME: usize = 128;

impl Registry {
    /// An empty registry for at most 1024 entries.
    pub fn new() -> Self {
        Self::with_limit(1024)
    }

    /// An empty registry for at most so many entries.
    pub fn with_limit(entries: usize) -> Self {
        Self(Arc::new(Inner {
            limit: entries,
            entries: Mutex::default(),
            #[cfg(feature = "metrics")]
            published: super::facade::Published::default(),
        }))
    }

    /// Exports what [`Service::metrics`] tells, as `sockeye_service_*`.
    ///
    /// # Errors
    ///
    /// [`Invalid`](ErrorKind::Invalid) when the name is empty, longer than 128 bytes, or that of
    /// another service, and [`LimitReached`](ErrorKind::LimitReached).
    pub fn add_service(&self, name: impl Into<String>, service: &Service) -> Result<()> {
        let read = service.observe();
        self.add(Kind::Service, name.into(), move |name, catalog| {
            read().map(|totals| catalog.add_service(name, &totals)).is_some()
        })
    }

    /// Exports what [`Server::metrics`] tells, as `sockeye_server_*`.
    ///
    /// # Errors
    ///
    /// As [`Registry::add_service`], of servers.
    pub fn add_server(&self, name: impl Into<String>, server: &Server) -> Result<()> {
        let read = server.observe();
        self.add(Kind::Server, name.into(), move |name, catalog| {
            read().map(|sessions| catalog.add_server(name, &sessions)).is_some()
        })
    }

    /// Exports what [`Client::metrics`] tells, as `sockeye_client_*`.
    ///
    /// # Errors
    ///
    /// As [`Registry::add_service`], of clients.
    pub fn add_client(&self, name: impl Into<String>, client: &Client) -> Result<()> {
        let read = client.observe();
        self.add(Kind::Client, name.into(), move |name, catalog| {
            read().map(|sessions| catalog.add_client(name, &sessions)).is_some()
        })
    }

    /// Exports the [`stats`](udp::Handle::stats) of a UDP socket, as `sockeye_udp_*`.
    ///
    /// # Errors
    ///
    /// As [`Registry::add_service`], of sockets.
    pub fn add_socket(&self, name: impl Into<String>, socket: &udp::Socket) -> Result<()> {
        let read = socket.observe();
        self.add(Kind::Socket, name.into(), move |name, catalog| {
            read().map(|stats| catalog.add_socket(name, &stats)).is_some()
        })
    }

    /// Everything as text of [OpenMetrics 1.0](https://prometheus.io/docs/specs/om/open_metrics_spec/),
    /// for a response of the type `application/openmetrics-text; version=1.0.0; charset=utf-8`.
    ///
    /// Times are histograms in seconds, whose bounds are powers of two nanoseconds from 1.024 µs on.
    pub fn openmetrics(&self) -> String {
        let mut text = String::new();
        self.write_openmetrics(&mut text).expect("a string takes everything");
        text
    }

    /// Writes what [`Registry::openmetrics`] gives.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write_openmetrics(&self, out: &mut impl fmt::Write) -> fmt::Result {
        openmetrics::write(&self.read(), out)
    }

    /// Hands everything to the recorder of the `metrics` facade that is installed: counters as absolute
    /// numbers, gauges, and times, in seconds, as values of histograms, as many as have come since the
    /// last call. The names are those of OpenMetrics without their suffixes.
    ///
    /// To be called again and again, as by a [timer](Service::every), about as often as the
    /// recorder's numbers are looked at. While one thread publishes, another's call does nothing. A
    /// panic in the recorder is the caller's.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # let service = sockeye::Service::builder().start()?;
    /// # let registry = sockeye::metrics::Registry::new();
    /// registry.add_service("main", &service)?;
    /// service.every(Duration::from_secs(5), move || registry.publish()).detach();
    /// # Ok::<(), sockeye::Error>(())
    /// ```
    #[cfg(feature = "metrics")]
    pub fn publish(&self) {
        self.0.published.publish(|| self.read());
    }

    fn add(
        &self,
        of: Kind,
        name: String,
        source: impl Fn(&str, &mut Catalog) -> bool + Send + Sync + 'static,
    ) -> Result<()> {
        let failed = |kind, why: &str| {
            let shown = name.chars().take(NAME).collect::<String>();
            Error::new(kind, "register").on(format_args!("{shown:?}")).because(why)
        };
        if name.is_empty() || name.len() > NAME {
            return Err(failed(ErrorKind::Invalid, "a name has from 1 to 128 bytes"));
        }
        // Names of those that are gone are free.
        self.read();
        let mut entries = lock(&self.0.entries);
        if entries.iter().any(|entry| entry.of == of && entry.name == name) {
            return Err(failed(ErrorKind::Invalid, "the name is taken"));
        }
        if entries.len() >= self.0.limit {
            return Err(failed(ErrorKind::LimitReached, "there are as many as there may be"));
        }
        entries.push(Arc::new(Entry { of, name, source: Box::new(source) }));
        Ok(())
    }

    /// Reads all, without a lock: who reads last may drop what the program has given to a server.
    fn read(&self) -> Catalog {
        let mut catalog = Catalog::default();
        let entries = lock(&self.0.entries).clone();
        let gone = entries.iter().filter(|entry| !(entry.source)(&entry.name, &mut catalog));
        let gone: Vec<_> = gone.collect();
        if !gone.is_empty() {
            let is_gone = |entry: &Arc<Entry>| gone.iter().any(|gone| Arc::ptr_eq(gone, entry));
            lock(&self.0.entries).retain(|entry| !is_gone(entry));
        }
        catalog
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = lock(&self.0.entries).iter().map(|entry| entry.name.clone()).collect();
        f.debug_struct("Registry").field("names", &names).finish_non_exhaustive()
    }
}
