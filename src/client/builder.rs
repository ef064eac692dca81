//! How a client is set up.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::events::{Events, Silent};
use super::shared::Shared;
use super::{Backoff, Client};
use crate::error::{Error, ErrorKind, Result};
use crate::net::{Network, Resolver, Sockets, TcpOptions, ToAddresses, UnixOptions};
use crate::service::Service;
use crate::session::{ClientProtocol, Limits};

/// Sets up a [`Client`]: what it speaks, with whom, and for how long it tries.
#[must_use = "a builder does nothing until `connect`"]
pub struct Builder {
    pub(super) service: Service,
    pub(super) protocol: ClientProtocol,
    pub(super) events: Box<dyn Events>,
    pub(super) limits: Limits,
    pub(super) sockets: Sockets,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<crate::tls::ClientConfig>,
    #[cfg(all(feature = "http", feature = "tls"))]
    pub(super) tunnel: Option<crate::net::Tunnel>,
    pub(super) connect_timeout: Duration,
    pub(super) backoff: Option<Backoff>,
    pub(super) queue_while_down: usize,
    pub(super) resolver: Option<Resolver>,
    #[cfg(feature = "http")]
    pub(super) at_rest: Option<AtRest>,
}

/// Is told whenever nothing is tried or held any more, and why.
#[cfg(feature = "http")]
pub(super) type AtRest = Box<dyn Fn(Option<Error>) + Send + Sync>;

impl Builder {
    pub(super) fn new(service: &Service, protocol: ClientProtocol) -> Self {
        Self {
            service: service.clone(),
            protocol,
            events: Box::new(Silent),
            limits: Limits::default(),
            sockets: Sockets::on(service.inner().shared(Network::default)),
            #[cfg(feature = "tls")]
            tls: None,
            #[cfg(all(feature = "http", feature = "tls"))]
            tunnel: None,
            connect_timeout: Duration::from_secs(10),
            backoff: None,
            queue_while_down: 0,
            resolver: None,
            #[cfg(feature = "http")]
            at_rest: None,
        }
    }

    /// Tells whoever has the client instead of a program that nothing is tried or held any more.
    /// Called in the connector's turn, after the connection's `on_close` if there was one.
    #[cfg(feature = "http")]
    pub(crate) fn at_rest(mut self, tell: impl Fn(Option<Error>) + Send + Sync + 'static) -> Self {
        self.at_rest = Some(Box::new(tell));
        self
    }

    /// The bounds of the session.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The options of the client's TCP sockets.
    pub fn tcp_options(mut self, options: TcpOptions) -> Self {
        self.sockets.tcp = options;
        self
    }

    /// The options of the client's Unix sockets.
    pub fn unix_options(mut self, options: UnixOptions) -> Self {
        self.sockets.unix = options;
        self
    }

    /// Speaks TLS, with this configuration. Default: does not.
    ///
    /// The client is connected when the handshake is done. The server must prove to be the host
    /// that the address names, unless the configuration names another.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, config: crate::tls::ClientConfig) -> Self {
        self.tls = Some(config);
        self
    }

    /// Speaks TLS with somebody else, through whom it connects to.
    #[cfg(all(feature = "http", feature = "tls"))]
    pub(crate) fn tunnel(mut self, tunnel: crate::net::Tunnel) -> Self {
        self.tunnel = Some(tunnel);
        self
    }

    /// How long one attempt may take, from resolving the name to the open connection. Default:
    /// 10 s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Connects again when an attempt failed or the connection was lost, but not when this side
    /// closed it. Default: does not.
    pub fn reconnect(mut self, backoff: Backoff) -> Self {
        self.backoff = Some(backoff);
        self
    }

    /// Keeps what is sent while the client is not connected, up to so many bytes, and sends it
    /// when it is, after what the handler's `on_open` sends. Default: 0, such messages are refused
    /// with [`Sent::Closed`](crate::Sent::Closed).
    pub fn queue_while_down(mut self, bytes: usize) -> Self {
        self.queue_while_down = bytes;
        self
    }

    /// Resolves names with a function of the program's own, given host and service, on threads
    /// where it may block. Default: the system's resolver.
    pub fn resolver(
        mut self,
        resolve: impl Fn(&str, &str) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
    ) -> Self {
        self.resolver = Some(Resolver::new(Some(Arc::new(resolve))));
        self
    }

    /// Tells `events` what happens to the client.
    pub fn events(mut self, events: impl Events) -> Self {
        self.events = Box::new(events);
        self
    }

    /// Begins to connect and returns at once; [`Client::wait_connected`] waits. Names are resolved
    /// on a thread of their own, and all addresses found are tried as RFC 8305 says: in turn, a
    /// quarter of a second apart, until the first answers. Where too many wait to be accepted on a
    /// Unix socket, the client asks again within the connect timeout.
    ///
    /// # Errors
    ///
    /// [`AddressInvalid`](ErrorKind::AddressInvalid) when the text is no address, and
    /// [`Stopped`](ErrorKind::Stopped) when the service does not run.
    pub fn connect(self, addresses: impl ToAddresses) -> Result<Client> {
        let addresses = addresses.to_addresses()?;
        if addresses.is_empty() {
            return Err(Error::new(ErrorKind::AddressInvalid, "connect to no address"));
        }
        let service = self.service.clone();
        service.inner().must_run("connect")?;
        let (shared, link) = Shared::new(self, addresses);
        let attached = Arc::downgrade(&shared);
        service.inner().attach(attached);
        let client = Client::new(shared, link, service);
        client.connect();
        // A stop that came in between has not seen the attempt; dropping the client ends it.
        client.service().inner().must_run("connect")?;
        Ok(client)
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("limits", &self.limits)
            .field("connect_timeout", &self.connect_timeout)
            .field("backoff", &self.backoff)
            .finish_non_exhaustive()
    }
}
