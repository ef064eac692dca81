//! How a server is set up.

use std::sync::Arc;

use super::events::{Events, Silent};
use super::filter::Filter;
use super::listening::{Binding, Source};
use super::shared::Shared;
use super::{Acceptors, Overload, Server};
use crate::error::{Error, ErrorKind, Result};
use crate::net::proxy::ProxyProtocol;
use crate::net::{ListeningSocket, Network, Sockets, TcpOptions, ToAddresses, UnixOptions};
use crate::service::Service;
use crate::session::{Limits, RoomLimits, ServerProtocol};

/// Sets up a [`Server`]: what it speaks, where, and within which bounds.
#[must_use = "a builder does nothing until `listen`"]
pub struct Builder {
    service: Service,
    pub(super) protocol: ServerProtocol,
    pub(super) events: Box<dyn Events>,
    pub(super) limits: Limits,
    pub(super) sockets: Sockets,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<crate::tls::ServerConfig>,
    pub(super) filters: Vec<Box<dyn Filter>>,
    pub(super) proxies: Option<ProxyProtocol>,
    pub(super) max_connections: usize,
    pub(super) overload: Overload,
    pub(super) acceptors: Acceptors,
    pub(super) rooms: RoomLimits,
}

impl Builder {
    pub(super) fn new(service: &Service, protocol: ServerProtocol) -> Self {
        Self {
            service: service.clone(),
            protocol,
            events: Box::new(Silent),
            limits: Limits::default(),
            sockets: Sockets::on(service.inner().shared(Network::default)),
            #[cfg(feature = "tls")]
            tls: None,
            filters: Vec::new(),
            proxies: None,
            max_connections: 100_000,
            overload: Overload::default(),
            acceptors: Acceptors::default(),
            rooms: RoomLimits::default(),
        }
    }

    /// The bounds of each session.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The options of the server's TCP sockets.
    pub fn tcp_options(mut self, options: TcpOptions) -> Self {
        self.sockets.tcp = options;
        self
    }

    /// The options of the server's Unix sockets, and of their files.
    pub fn unix_options(mut self, options: UnixOptions) -> Self {
        self.sockets.unix = options;
        self
    }

    /// Speaks TLS on every connection, with this configuration. Default: does not.
    ///
    /// The protocol is the same with TLS and without; what is special to it is told by
    /// [`Handler::on_handshake`](crate::raw::Handler::on_handshake) and
    /// [`Session::tls`](crate::raw::Session::tls).
    #[cfg(feature = "tls")]
    pub fn tls(mut self, config: crate::tls::ServerConfig) -> Self {
        self.tls = Some(config);
        self
    }

    /// Asks `filter` who may connect, behind those that were added before. Each is asked only about
    /// whom the ones before it let in; who is refused in the end, gives back what they gave him.
    ///
    /// Asked when there is a place for one more connection, before [`Events::on_accept`]. Default:
    /// no filter.
    pub fn filter(mut self, filter: impl Filter) -> Self {
        self.filters.push(Box::new(filter));
        self
    }

    /// Expects proxies to say who their clients are, by the PROXY protocol: see
    /// [`proxy`](crate::proxy). Filters, [`Events::on_accept`] and the maker of the handler are then
    /// asked once the header is read. Default: expects none.
    ///
    /// While the header is awaited, the connection counts and is among
    /// [`Server::sessions`], under the proxy's address.
    pub fn proxy_protocol(mut self, proxies: ProxyProtocol) -> Self {
        self.proxies = Some(proxies);
        self
    }

    /// Connections at the same time, those that are still opening included. Default: 100,000.
    pub fn max_connections(mut self, count: usize) -> Self {
        self.max_connections = count;
        self
    }

    /// What happens to one connection more. Default: [`Overload::Refuse`].
    pub fn overload(mut self, overload: Overload) -> Self {
        self.overload = overload;
        self
    }

    /// Who accepts. Default: [`Acceptors::One`].
    pub fn acceptors(mut self, acceptors: Acceptors) -> Self {
        self.acceptors = acceptors;
        self
    }

    /// [Rooms](crate::Rooms) at the same time. Default: 65,536.
    ///
    /// A session that would make one more is refused it: see
    /// [`Session::join_room`](crate::raw::Session::join_room).
    pub fn max_rooms(mut self, count: usize) -> Self {
        self.rooms.rooms = count;
        self
    }

    /// Bytes in the name of a room. Default: 256.
    pub fn max_room_name(mut self, bytes: usize) -> Self {
        self.rooms.name = bytes;
        self
    }

    /// Tells `events` what happens to the server.
    pub fn events(mut self, events: impl Events) -> Self {
        self.events = Box::new(events);
        self
    }

    /// Listens on one address or several: a port (all addresses, IPv6 and IPv4), `"ADDRESS:PORT"`,
    /// `"HOST:SERVICE"`, a [`SocketAddr`](std::net::SocketAddr), `"unix:PATH"` for a Unix socket,
    /// or a list of them: see [`Address`](crate::Address).
    ///
    /// When this returns, the sockets listen. A host name is resolved on this thread, and all of
    /// its addresses are listened on. With port 0 the system chooses:
    /// [`Server::local_addr`] tells. A Unix socket's file is there until the server stops; it is
    /// removed unless somebody else has put another in its place.
    ///
    /// # Errors
    ///
    /// What is wrong with the address and which one it was, most often
    /// [`AddressInUse`](ErrorKind::AddressInUse), [`AddressInvalid`](ErrorKind::AddressInvalid)
    /// (also of a Unix socket whose path is too long or whose folder is not there),
    /// [`PermissionDenied`](ErrorKind::PermissionDenied) and
    /// [`Unresolved`](ErrorKind::Unresolved); [`Stopped`](ErrorKind::Stopped) when the service
    /// does not run.
    pub fn listen(self, addresses: impl ToAddresses) -> Result<Server> {
        let addresses = addresses.to_addresses()?;
        if addresses.is_empty() {
            return Err(Error::new(ErrorKind::AddressInvalid, "listen on no address"));
        }
        self.serve(Source::Addresses(addresses))
    }

    /// Serves a socket that listens already, as systemd and its like pass them on.
    ///
    /// It may be a [`TcpListener`](std::net::TcpListener) or, on Unix, a
    /// `std::os::unix::net::UnixListener`, whose file is left alone.
    ///
    /// What it is bound to cannot be bound again by [`Server::restart`] or a restart of the
    /// service, so these keep the socket open.
    ///
    /// ```no_run
    /// use std::net::TcpListener;
    /// use sockeye::{Server, Service, raw};
    ///
    /// # fn passed_on() -> TcpListener { unimplemented!() }
    /// let service = Service::builder().start()?;
    /// let listener = passed_on(); // of an `OwnedFd`, by `TcpListener::from`
    /// let server = Server::builder(&service, raw::server(|_| raw::Discard))
    ///     .listen_socket(listener)?;
    /// # Ok::<(), sockeye::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Io`](ErrorKind::Io) when it is no listening socket;
    /// [`Stopped`](ErrorKind::Stopped) when the service does not run.
    pub fn listen_socket(self, socket: impl Into<ListeningSocket>) -> Result<Server> {
        self.serve(Source::Socket(socket.into()))
    }

    fn serve(self, source: Source) -> Result<Server> {
        let service = self.service.clone();
        let binding = Binding::new(source, self.acceptors);
        let shared = Shared::new(service.inner(), self, binding);
        let attached = Arc::downgrade(&shared);
        service.inner().attach(attached);
        let server = Server::new(shared, service);
        server.start()?;
        Ok(server)
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("limits", &self.limits)
            .field("filters", &self.filters.len())
            .field("max_connections", &self.max_connections)
            .finish_non_exhaustive()
    }
}
