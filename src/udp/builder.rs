//! How a socket is set up.

use std::fmt;
use std::net::SocketAddr;

use super::port::{Port, Settings};
use super::{Handler, Limits, MulticastGroup, Options, Socket};
use crate::error::{Error, ErrorKind, Result};
use crate::net::{Address, DatagramSocket, Resolver, ToAddresses};
use crate::service::{Attached, Ending, Service};

/// Sets up a [`Socket`]: who handles its datagrams, where, and within which bounds.
#[must_use = "a builder does nothing until `bind` or `connect`"]
pub struct Builder {
    service: Service,
    handler: Box<dyn Handler>,
    options: Options,
    limits: Limits,
    groups: Vec<Result<MulticastGroup>>,
    destination: Option<Result<Vec<Address>>>,
}

impl Builder {
    pub(super) fn new(service: &Service, handler: Box<dyn Handler>) -> Self {
        Self {
            service: service.clone(),
            handler,
            options: Options::default(),
            limits: Limits::default(),
            groups: Vec::new(),
            destination: None,
        }
    }

    /// The options of the socket.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// The bounds of the socket.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Joins a multicast group before anything can come: an address, as a text or a value, or a
    /// [`MulticastGroup`]. May be said several times. The socket's address may then be bound by
    /// others too, as with [`Options::reuse_address`].
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    /// use sockeye::udp::{Interface, MulticastGroup, Socket};
    ///
    /// # let service = sockeye::Service::builder().threads(1).start()?;
    /// # let print = |_: &mut sockeye::udp::Session<'_>, _: std::net::SocketAddr, _: &[u8]| ();
    /// let here = Interface::Address(Ipv4Addr::LOCALHOST);
    /// let group = MulticastGroup::new([239, 255, 0, 1]).on(here);
    /// let socket = Socket::builder(&service, print).join(group).bind("0.0.0.0:0")?;
    /// # Ok::<(), sockeye::Error>(())
    /// ```
    pub fn join<G>(mut self, group: G) -> Self
    where
        G: TryInto<MulticastGroup>,
        Error: From<G::Error>,
    {
        self.groups.push(group.try_into().map_err(Error::from));
        self
    }

    /// Where [`multicast`](super::Handle::multicast) sends to: a group and a port, or any other
    /// address.
    ///
    /// ```no_run
    /// use sockeye::{Service, udp};
    ///
    /// # let service = Service::builder().threads(1).start()?;
    /// # let ignore = |_: &mut udp::Session<'_>, _: std::net::SocketAddr, _: &[u8]| ();
    /// let socket = udp::Socket::builder(&service, ignore)
    ///     .multicast_to("239.255.0.1:3334")
    ///     .bind("0.0.0.0:0")?;
    /// socket.multicast("to all who have joined");
    /// # Ok::<(), sockeye::Error>(())
    /// ```
    pub fn multicast_to(mut self, address: impl ToAddresses) -> Self {
        self.destination = Some(address.to_addresses());
        self
    }

    /// Binds the socket: a port (all addresses, IPv6 and IPv4), `"ADDRESS:PORT"`,
    /// `"HOST:SERVICE"`, a [`SocketAddr`], or a list of them, of which the first is taken that can
    /// be had. With port 0 the system chooses: [`Handle::local_addr`](super::Handle::local_addr)
    /// tells.
    ///
    /// When this returns, what is sent there arrives. A host name is resolved on this thread.
    ///
    /// # Errors
    ///
    /// What is wrong with the address and which one it was, most often
    /// [`AddressInUse`](ErrorKind::AddressInUse), [`AddressInvalid`](ErrorKind::AddressInvalid),
    /// [`PermissionDenied`](ErrorKind::PermissionDenied) and
    /// [`Unresolved`](ErrorKind::Unresolved); those of [`Handle::join`](super::Handle::join);
    /// [`Stopped`](ErrorKind::Stopped) when the service does not run.
    pub fn bind(self, address: impl ToAddresses) -> Result<Socket> {
        let addresses = address.to_addresses()?;
        self.open(&addresses, "bind a socket", DatagramSocket::bind)
    }

    /// Binds the socket to any port and connects it to a peer, named as for [`Builder::bind`]: it
    /// receives from nobody else, and is told what the peer's machine says (ICMP). Nothing is sent
    /// for that.
    ///
    /// # Errors
    ///
    /// As [`Builder::bind`], and [`Unreachable`](ErrorKind::Unreachable) when there is no way to
    /// the peer.
    pub fn connect(self, address: impl ToAddresses) -> Result<Socket> {
        let addresses = address.to_addresses()?;
        self.open(&addresses, "connect a socket", |peer, options| {
            DatagramSocket::connect(peer, None, options)
        })
    }

    fn open(
        self,
        addresses: &[Address],
        attempt: &'static str,
        open: impl Fn(SocketAddr, &Options) -> Result<DatagramSocket>,
    ) -> Result<Socket> {
        let inner = self.service.inner();
        inner.must_run(attempt)?;
        let groups = self.groups.into_iter().collect::<Result<Vec<_>>>()?;
        let options = match groups.is_empty() {
            true => self.options,
            false => self.options.reuse_address(true),
        };
        let mut outcome = Err(Error::new(ErrorKind::AddressInvalid, attempt));
        for target in candidates(addresses)? {
            match open(target, &options) {
                Ok(socket) => {
                    outcome = Ok(socket);
                    break;
                }
                Err(error) if outcome.as_ref().is_err_and(|first| first.address().is_none()) => {
                    outcome = Err(error);
                }
                Err(_) => {}
            }
        }
        let socket = outcome?;
        groups.iter().try_for_each(|group| socket.join(group))?;
        let group = match self.destination {
            Some(addresses) => Some(destination(&addresses?, &socket)?),
            None => None,
        };
        let settings = Settings { options, limits: self.limits, group };
        let port = Port::start(inner, settings, self.handler, socket, groups)?;
        let socket = Socket::new(std::sync::Arc::clone(&port), self.service.clone());
        // A stop that came in between has not seen the socket.
        inner.must_run(attempt).inspect_err(|_| port.suspend(Ending::Abrupt))?;
        Ok(socket)
    }
}

/// Where multicasts go: the first address that the socket can reach.
fn destination(addresses: &[Address], socket: &DatagramSocket) -> Result<SocketAddr> {
    let ipv4 = socket.local_addr().is_ipv4();
    let candidates = candidates(addresses)?;
    let reachable = candidates.iter().find(|addr| addr.is_ipv4() || !ipv4);
    reachable.copied().ok_or_else(|| {
        let error = Error::new(ErrorKind::AddressInvalid, "multicast to");
        match candidates.first() {
            Some(addr) => error.on(addr).because("the socket is one of IPv4"),
            None => error,
        }
    })
}

/// Literals and resolved names, in the order given.
fn candidates(addresses: &[Address]) -> Result<Vec<SocketAddr>> {
    let mut all = Vec::new();
    for address in addresses {
        match address.literal().map(|end| end.socket_addr()) {
            Some(Some(literal)) => all.push(literal),
            Some(None) => {
                let error = Error::new(ErrorKind::AddressInvalid, "use for UDP").on(address);
                return Err(error.because("UDP has IP addresses only"));
            }
            None => all.extend(Resolver::new(None).resolve_now(address)?),
        }
    }
    Ok(all)
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("options", &self.options)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
