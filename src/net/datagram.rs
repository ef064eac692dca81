//! A UDP socket that never blocks: bound, or connected to one peer.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};

use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::arena::{Arena, Details, Received};
use super::{MulticastGroup, UdpOptions, os};
use crate::error::{Error, Result};

/// Whether many datagrams go through one system call here.
const BATCHES: bool = cfg!(any(target_os = "android", target_os = "linux"));

/// A UDP socket. Dropping the last reference closes it.
#[derive(Debug)]
pub(crate) struct DatagramSocket {
    inner: UdpSocket,
    local: SocketAddr,
    peer: Option<SocketAddr>,
    #[cfg_attr(not(any(target_os = "android", target_os = "linux")), expect(dead_code))]
    batching: bool,
    /// The system says more of a datagram than data and sender.
    #[cfg_attr(not(any(target_os = "android", target_os = "linux")), expect(dead_code))]
    control: bool,
    segmenting: AtomicBool,
}

/// One or, cut into segments, several datagrams on their way to one peer.
pub(crate) struct Parcel<'a> {
    /// `None`: the socket's peer.
    pub(crate) to: Option<SocketAddr>,
    pub(crate) data: &'a [u8],
    /// The size of each datagram but perhaps the last.
    #[cfg_attr(not(any(test, target_os = "android", target_os = "linux")), expect(dead_code))]
    pub(crate) segment: Option<u16>,
}

impl DatagramSocket {
    /// A socket for whoever sends to this address. Port 0 lets the system choose.
    pub(crate) fn bind(addr: SocketAddr, options: &UdpOptions) -> Result<Self> {
        let failed = |error| Error::io("bind", error).on(addr);
        let socket = match socket(addr) {
            Err(error) if is_dual_stack(addr, options) && os::family_missing(&error) => {
                return Self::bind((Ipv4Addr::UNSPECIFIED, addr.port()).into(), options);
            }
            other => other.map_err(failed)?,
        };
        options.apply(&socket, addr).map_err(failed)?;
        socket.bind(&addr.into()).map_err(failed)?;
        Self::new(socket, None, options).map_err(failed)
    }

    /// A socket for one peer, to which it is connected at once: nothing is sent for that.
    pub(crate) fn connect(
        peer: SocketAddr,
        local: Option<SocketAddr>,
        options: &UdpOptions,
    ) -> Result<Self> {
        let failed = |error| Error::io("connect to", error).on(peer);
        let socket = socket(peer).map_err(failed)?;
        options.apply(&socket, peer).map_err(failed)?;
        if let Some(local) = local.or(options.local_address) {
            let bound = socket.bind(&local.into());
            bound.map_err(|error| Error::io("bind", error).on(local))?;
        }
        socket.connect(&peer.into()).map_err(failed)?;
        Self::new(socket, Some(peer), options).map_err(failed)
    }

    fn new(socket: Socket, peer: Option<SocketAddr>, options: &UdpOptions) -> io::Result<Self> {
        let socket = std::net::UdpSocket::from(socket);
        let local = socket.local_addr()?;
        let batching = BATCHES && options.batching;
        let control = batching && (options.details || options.coalescing);
        let inner = UdpSocket::from_std(socket);
        if control {
            ask(&inner, local, options)?;
        }
        let segmenting = AtomicBool::new(batching && options.segmenting);
        Ok(Self { inner, local, peer, batching, control, segmenting })
    }

    /// Where it is bound, with the port that the system chose.
    pub(crate) fn local_addr(&self) -> SocketAddr {
        canonical(self.local)
    }

    pub(crate) fn peer_addr(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// Tells of [`Watch::Datagrams`], with edge-triggered events.
    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let interest = if ON_DEMAND { Watch::Datagrams } else { Watch::Both }.interest();
        registry.register(&mut self.inner, token, interest)
    }

    /// Tells of something else from now on.
    #[cfg(unix)]
    pub(crate) fn watch(&self, registry: &Registry, token: Token, what: Watch) -> io::Result<()> {
        use std::os::fd::AsRawFd as _;
        let fd = self.inner.as_raw_fd();
        registry.reregister(&mut mio::unix::SourceFd(&fd), token, what.interest())
    }

    #[cfg(not(unix))]
    pub(crate) fn watch(&self, _: &Registry, _: Token, _: Watch) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn join(&self, group: &MulticastGroup) -> Result<()> {
        group.join(SockRef::from(&self.inner))
    }

    pub(crate) fn leave(&self, group: &MulticastGroup) -> Result<()> {
        group.leave(SockRef::from(&self.inner))
    }

    /// Receives datagrams, `most` or as many as one call can. True when there are no more for now,
    /// which an event will tell of; else only `WouldBlock` says that.
    pub(crate) fn receive(&self, arena: &mut Arena, most: usize) -> io::Result<bool> {
        #[cfg(any(target_os = "android", target_os = "linux"))]
        if self.batching {
            use std::os::fd::AsFd as _;
            let (slots, received) = arena.slots(most);
            let tell = |one: Received| received.push(Received { from: canonical(one.from), ..one });
            let count = super::mmsg::receive(self.inner.as_fd(), slots, self.control, tell)?;
            return Ok(count < most);
        }
        let _ = most;
        let (mut slots, received) = arena.slots(1);
        let Some(slot) = slots.next() else { return Ok(false) };
        let (len, from) = self.inner.recv_from(slot)?;
        let (from, details) = (canonical(from), Details::default());
        received.push(Received { from, details, truncated: false, len, segment: 0 });
        Ok(false)
    }

    /// Sends parcels and returns how many the socket took: at least one. An error is the first
    /// one's.
    pub(crate) fn send<'a>(
        &self,
        mut parcels: impl Iterator<Item = Parcel<'a>>,
    ) -> io::Result<usize> {
        #[cfg(any(target_os = "android", target_os = "linux"))]
        if self.batching {
            use std::os::fd::AsFd as _;
            return super::mmsg::send(self.inner.as_fd(), parcels);
        }
        let Some(parcel) = parcels.next() else { return Ok(0) };
        match parcel.to {
            Some(to) => self.inner.send_to(parcel.data, to)?,
            None => self.inner.send(parcel.data)?,
        };
        Ok(1)
    }

    /// Whether parcels may have segments.
    pub(crate) fn segments(&self) -> bool {
        self.segmenting.load(Ordering::Relaxed)
    }

    /// Goes on without segments, if this error of a parcel that had some tells that the route
    /// cannot cut: EIO, EINVAL, EMSGSIZE (`udp_send_skb`). False if it tells anything else.
    pub(crate) fn stop_segmenting(&self, error: &io::Error) -> bool {
        let cannot = matches!(error.raw_os_error(), Some(5 | 22 | 90));
        cannot && self.segmenting.swap(false, Ordering::Relaxed)
    }
}

/// What a socket's events tell of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Watch {
    /// That something came. Not of room to send, which each datagram that leaves would make.
    Datagrams,
    /// Of room to send as well, for who waits for it.
    Both,
    /// Of room only, for who does not receive before there is some.
    Room,
}

impl Watch {
    fn interest(self) -> Interest {
        match self {
            Self::Datagrams => Interest::READABLE,
            Self::Both => Interest::READABLE | Interest::WRITABLE,
            Self::Room => Interest::WRITABLE,
        }
    }
}

/// Elsewhere events of room are few: they follow only upon a `WouldBlock`.
const ON_DEMAND: bool = cfg!(unix);

/// Whether this error tells of an earlier datagram, which the peer's machine or one on the way
/// refused, and not of the present one: of a connected socket, or of any where
/// [`TELLS_UNCONNECTED`].
pub(crate) fn is_late(error: &io::Error) -> bool {
    let kind = matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::HostUnreachable
    );
    kind || error.raw_os_error() == Some(WSAENETRESET)
}

/// Whether the system tells sockets without a peer, too, that some datagram was refused, but not
/// whose: Windows does (`recvfrom`, WSAECONNRESET), unless it is told not to (SIO_UDP_CONNRESET),
/// for which there is no safe function.
pub(crate) const TELLS_UNCONNECTED: bool = cfg!(windows);

/// Windows says this of a datagram that has passed too many routers (`recvfrom`). No other system
/// has this number.
const WSAENETRESET: i32 = 10052;

/// IPv4 in the guise of IPv6 (RFC 4291 2.5.5.2) is what dual-stack sockets say, and what nobody
/// wants to read or to compare.
fn canonical(addr: SocketAddr) -> SocketAddr {
    match addr {
        SocketAddr::V4(_) => addr,
        SocketAddr::V6(v6) => match v6.ip().to_canonical() {
            ip @ IpAddr::V4(_) => SocketAddr::new(ip, v6.port()),
            IpAddr::V6(_) => addr,
        },
    }
}

fn socket(addr: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Whether IPv4 alone is better than nothing.
fn is_dual_stack(addr: SocketAddr, options: &UdpOptions) -> bool {
    options.dual_stack && addr.ip() == Ipv6Addr::UNSPECIFIED
}

#[cfg(any(target_os = "android", target_os = "linux"))]
fn ask(socket: &UdpSocket, local: SocketAddr, options: &UdpOptions) -> io::Result<()> {
    use std::os::fd::AsFd as _;
    if options.details {
        super::mmsg::tell_destination(socket.as_fd(), local.is_ipv6())?;
        let socket = SockRef::from(socket);
        socket.set_recv_tos_v4(true)?;
        if local.is_ipv6() {
            socket.set_recv_tclass_v6(true)?;
        }
    }
    if options.coalescing {
        // Before Linux 5.0 there is none.
        let _ = super::mmsg::coalesce(socket.as_fd());
    }
    Ok(())
}

#[cfg(not(any(target_os = "android", target_os = "linux")))]
fn ask(_: &UdpSocket, _: SocketAddr, _: &UdpOptions) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_is_told_late() {
        for kind in [io::ErrorKind::ConnectionRefused, io::ErrorKind::ConnectionReset] {
            assert!(is_late(&kind.into()), "{kind}");
        }
        assert!(is_late(&io::Error::from_raw_os_error(WSAENETRESET)));
        for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::InvalidInput] {
            assert!(!is_late(&kind.into()), "{kind}");
        }
    }
}
