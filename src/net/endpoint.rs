//! One end of a connection, as the system knows it.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;

use super::UnixName;

/// One end of a connection: where a peer is, or where a server listens. Cheap to clone.
///
/// ```
/// use std::net::SocketAddr;
/// use sockeye::Endpoint;
///
/// let end = Endpoint::from("127.0.0.1:80".parse::<SocketAddr>().unwrap());
/// assert_eq!((end.to_string().as_str(), end.port()), ("127.0.0.1:80", Some(80)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// TCP or UDP. An IPv4 peer of a dual-stack listener is shown as what it is, an IPv4 address.
    Inet(SocketAddr),
    /// A Unix socket. A client's has no name, as a rule.
    Unix(UnixName),
    /// An in-memory stream, by the number of its pair. Both ends have the same.
    Memory(u64),
    /// Where a server listens for in-memory streams: the name behind `memory:`.
    MemoryName(Arc<str>),
}

impl Endpoint {
    /// The IP address, or `None` where there is no network in between.
    pub fn ip(&self) -> Option<IpAddr> {
        self.socket_addr().map(|addr| addr.ip())
    }

    /// The port, or `None` where there is no network in between.
    pub fn port(&self) -> Option<u16> {
        self.socket_addr().map(|addr| addr.port())
    }

    /// IP address and port, or `None` where there is no network in between.
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Inet(addr) => Some(*addr),
            Self::Unix(_) | Self::Memory(_) | Self::MemoryName(_) => None,
        }
    }

    /// The file of a Unix socket, if it is one that has a file.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Unix(name) => name.path(),
            Self::Inet(_) | Self::Memory(_) | Self::MemoryName(_) => None,
        }
    }

    /// An end as a connected socket tells it: IPv4 in the guise of IPv6 (`::ffff:192.0.2.1`, RFC
    /// 4291 2.5.5.2) is what dual-stack sockets say, and what nobody wants to read or to compare.
    pub(crate) fn connected(addr: SocketAddr) -> Self {
        match addr.ip().to_canonical() {
            ip @ IpAddr::V4(_) => Self::Inet(SocketAddr::new(ip, addr.port())),
            IpAddr::V6(_) => Self::Inet(addr),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inet(addr) => addr.fmt(f),
            Self::Unix(name) => name.fmt(f),
            Self::Memory(number) => write!(f, "memory:{number}"),
            Self::MemoryName(name) => write!(f, "memory:{name}"),
        }
    }
}

/// So that the standard library's sockets can be given one, for tests above all.
impl ToSocketAddrs for Endpoint {
    type Iter = std::option::IntoIter<SocketAddr>;

    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        Ok(self.socket_addr().into_iter())
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(addr: SocketAddr) -> Self {
        Self::Inet(addr)
    }
}

impl From<UnixName> for Endpoint {
    fn from(name: UnixName) -> Self {
        Self::Unix(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_no_more_room_than_a_socket_address() {
        assert!(size_of::<Endpoint>() <= 32);
        assert!(size_of::<Option<Endpoint>>() <= 32);
    }

    #[test]
    fn mapped_peers_are_shown_as_ipv4() {
        let shown = |text: &str| Endpoint::connected(text.parse().unwrap()).to_string();
        assert_eq!(shown("[::ffff:192.0.2.1]:80"), "192.0.2.1:80");
        assert_eq!(shown("[fe80::1%3]:80"), "[fe80::1%3]:80");
        assert_eq!(shown("192.0.2.1:80"), "192.0.2.1:80");
    }

    #[test]
    fn unix_sockets_are_shown_as_their_addresses() {
        let path = Endpoint::Unix(UnixName::of_path("/run/a b.sock".as_ref()).unwrap());
        assert_eq!(path.to_string(), "unix:/run/a b.sock");
        assert_eq!(path.path(), Some(Path::new("/run/a b.sock")));
        let name = Endpoint::Unix(UnixName::Abstract(b"a\0\xff".as_slice().into()));
        assert_eq!((name.to_string().as_str(), name.path()), ("unix:@a\\x00\\xff", None));
        let odd = Endpoint::Unix(UnixName::of_path("@a".as_ref()).unwrap());
        assert_eq!(odd.to_string(), "unix:./@a");
        assert_eq!(Endpoint::Unix(UnixName::Unnamed).to_string(), "unix:");
        assert_eq!((path.ip(), path.port(), path.socket_addr()), (None, None, None));
    }

    #[test]
    fn memory_has_neither_address_nor_port() {
        let end = Endpoint::Memory(7);
        assert_eq!(end.to_string(), "memory:7");
        assert_eq!((end.ip(), end.port(), end.socket_addr()), (None, None, None));
    }
}
