//! Multicast: groups that a socket joins and leaves, and what is set for those it sends to.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use socket2::{SockRef, Socket};

use crate::error::{Error, ErrorKind, Result};

/// A group of a multicast, which a UDP socket joins: its address, on one network interface, from
/// everybody or from one source.
///
/// ```
/// use std::net::Ipv4Addr;
/// use sockeye::udp::{Interface, MulticastGroup};
///
/// let group: MulticastGroup = "239.255.0.1".parse()?;
/// let here = group.on(Interface::Address(Ipv4Addr::LOCALHOST));
/// let single = MulticastGroup::new([232, 1, 1, 1]).from(Ipv4Addr::new(192, 0, 2, 7));
/// assert_eq!(single.to_string(), "232.1.1.1 from 192.0.2.7");
/// # Ok::<(), sockeye::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MulticastGroup {
    address: IpAddr,
    interface: Interface,
    source: Option<IpAddr>,
}

/// A network interface of this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Interface {
    /// The one that the system chooses, by its routing table.
    #[default]
    Any,
    /// The one with this index. For IPv6, and on most systems, Linux, macOS and Windows among
    /// them, for IPv4 without a source.
    Index(u32),
    /// The one with this address. For IPv4.
    Address(Ipv4Addr),
}

impl MulticastGroup {
    /// A group on any interface, from every source.
    pub fn new(address: impl Into<IpAddr>) -> Self {
        Self { address: address.into(), interface: Interface::Any, source: None }
    }

    /// The same group on this interface.
    #[must_use]
    pub fn on(self, interface: Interface) -> Self {
        Self { interface, ..self }
    }

    /// The same group from one source only (RFC 4607). IPv4 only, on the systems that have it, and
    /// the interface is named by its address.
    #[must_use]
    pub fn from(self, source: impl Into<IpAddr>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// The group's address.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    pub(super) fn join(&self, socket: SockRef<'_>) -> Result<()> {
        let joined = match (self.address, self.source) {
            (IpAddr::V4(group), None) => any_source::join(&socket, group, self.interface),
            (IpAddr::V4(group), Some(IpAddr::V4(source))) => {
                one_source::join(&socket, group, source, self.interface)
            }
            (IpAddr::V6(group), None) => self
                .interface
                .index()
                .and_then(|interface| socket.join_multicast_v6(&group, interface)),
            (_, Some(_)) => not_here(),
        };
        joined.map_err(|error| self.error("join the group", error))
    }

    pub(super) fn leave(&self, socket: SockRef<'_>) -> Result<()> {
        let left = match (self.address, self.source) {
            (IpAddr::V4(group), None) => any_source::leave(&socket, group, self.interface),
            (IpAddr::V4(group), Some(IpAddr::V4(source))) => {
                one_source::leave(&socket, group, source, self.interface)
            }
            (IpAddr::V6(group), None) => self
                .interface
                .index()
                .and_then(|interface| socket.leave_multicast_v6(&group, interface)),
            (_, Some(_)) => not_here(),
        };
        left.map_err(|error| self.error("leave the group", error))
    }

    /// A missing interface is an invalid address, too, though no system says so.
    fn error(&self, attempt: &'static str, error: io::Error) -> Error {
        if error.raw_os_error().is_some_and(|code| NO_INTERFACE.contains(&code)) {
            return Error::new(ErrorKind::AddressInvalid, attempt).on(self).because(error);
        }
        Error::io(attempt, error).on(self)
    }
}

/// ENXIO, ENODEV. Windows has WSAEADDRNOTAVAIL for it.
const NO_INTERFACE: &[i32] = if cfg!(unix) { &[6, 19] } else { &[] };

impl Interface {
    /// For IPv6: 0 is any.
    fn index(self) -> io::Result<u32> {
        match self {
            Self::Any => Ok(0),
            Self::Index(index) => Ok(index),
            Self::Address(_) => not_here(),
        }
    }

    /// For IPv4: unspecified is any.
    fn address(self) -> io::Result<Ipv4Addr> {
        match self {
            Self::Any => Ok(Ipv4Addr::UNSPECIFIED),
            Self::Address(address) => Ok(address),
            Self::Index(_) => not_here(),
        }
    }
}

fn not_here<T>() -> io::Result<T> {
    let text = "a group or interface cannot be named so here";
    Err(io::Error::new(io::ErrorKind::Unsupported, text))
}

impl fmt::Display for MulticastGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.address)?;
        match self.interface {
            Interface::Any => {}
            Interface::Index(index) => write!(f, " on interface {index}")?,
            Interface::Address(address) => write!(f, " on interface {address}")?,
        }
        self.source.map_or(Ok(()), |source| write!(f, " from {source}"))
    }
}

impl FromStr for MulticastGroup {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let address = text.parse::<IpAddr>().ok().filter(IpAddr::is_multicast);
        let invalid = || Error::new(ErrorKind::AddressInvalid, "parse the group").on(text);
        address.map(Self::new).ok_or_else(invalid)
    }
}

impl TryFrom<&str> for MulticastGroup {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self> {
        text.parse()
    }
}

impl From<IpAddr> for MulticastGroup {
    fn from(address: IpAddr) -> Self {
        Self::new(address)
    }
}

impl From<Ipv4Addr> for MulticastGroup {
    fn from(address: Ipv4Addr) -> Self {
        Self::new(address)
    }
}

impl From<Ipv6Addr> for MulticastGroup {
    fn from(address: Ipv6Addr) -> Self {
        Self::new(address)
    }
}

/// So that what cannot fail is taken where something can.
impl From<Infallible> for Error {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

pub(super) fn set_ttl(socket: &Socket, addr: SocketAddr, hops: u32) -> io::Result<()> {
    match addr {
        SocketAddr::V4(_) => socket.set_multicast_ttl_v4(hops),
        SocketAddr::V6(_) => socket.set_multicast_hops_v6(hops),
    }
}

pub(super) fn forbid_loopback(socket: &Socket, addr: SocketAddr) -> io::Result<()> {
    match addr {
        SocketAddr::V4(_) => socket.set_multicast_loop_v4(false),
        SocketAddr::V6(_) => socket.set_multicast_loop_v6(false),
    }
}

pub(super) fn set_interface(
    socket: &Socket,
    addr: SocketAddr,
    interface: Interface,
) -> io::Result<()> {
    match addr {
        SocketAddr::V4(_) => match interface {
            Interface::Index(index) => send_through(socket, index),
            Interface::Any | Interface::Address(_) => {
                socket.set_multicast_if_v4(&interface.address()?)
            }
        },
        SocketAddr::V6(_) => socket.set_multicast_if_v6(interface.index()?),
    }
}

#[cfg(any(
    target_vendor = "apple",
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "fuchsia",
    target_os = "linux",
    target_os = "openbsd",
))]
fn send_through(socket: &Socket, index: u32) -> io::Result<()> {
    let none = Ipv4Addr::UNSPECIFIED;
    rustix::net::sockopt::set_ip_multicast_if_with_ifindex(socket, &none, &none, index)?;
    Ok(())
}

/// Windows takes an address of 0.0.0.0/8 for an index (`IP_MULTICAST_IF`).
#[cfg(windows)]
fn send_through(socket: &Socket, index: u32) -> io::Result<()> {
    let address = Ipv4Addr::from(index);
    if address.octets()[0] == 0 { socket.set_multicast_if_v4(&address) } else { not_here() }
}

#[cfg(not(any(
    windows,
    target_vendor = "apple",
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "fuchsia",
    target_os = "linux",
    target_os = "openbsd",
)))]
fn send_through(_: &Socket, _: u32) -> io::Result<()> {
    not_here()
}

/// Linux gives a socket on a wildcard address the multicasts of all groups that anybody on the
/// machine has joined; here, as on the other systems, it gets those of its own.
pub(super) fn only_joined(socket: &Socket, addr: SocketAddr) {
    #[cfg(target_os = "linux")]
    {
        // Before Linux 4.20 there was no such choice for IPv6.
        let _ = socket.set_multicast_all_v4(false);
        if addr.is_ipv6() {
            let _ = socket.set_multicast_all_v6(false);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (socket, addr);
}

#[cfg(not(any(
    target_os = "aix",
    target_os = "cygwin",
    target_os = "haiku",
    target_os = "illumos",
    target_os = "netbsd",
    target_os = "nto",
    target_os = "openbsd",
    target_os = "redox",
    target_os = "solaris",
)))]
mod any_source {
    use socket2::InterfaceIndexOrAddress;

    use super::*;

    pub(super) fn join(socket: &Socket, group: Ipv4Addr, on: Interface) -> io::Result<()> {
        socket.join_multicast_v4_n(&group, &name(on))
    }

    pub(super) fn leave(socket: &Socket, group: Ipv4Addr, on: Interface) -> io::Result<()> {
        socket.leave_multicast_v4_n(&group, &name(on))
    }

    fn name(interface: Interface) -> InterfaceIndexOrAddress {
        match interface {
            Interface::Any => InterfaceIndexOrAddress::Address(Ipv4Addr::UNSPECIFIED),
            Interface::Index(index) => InterfaceIndexOrAddress::Index(index),
            Interface::Address(address) => InterfaceIndexOrAddress::Address(address),
        }
    }
}

#[cfg(any(
    target_os = "aix",
    target_os = "cygwin",
    target_os = "haiku",
    target_os = "illumos",
    target_os = "netbsd",
    target_os = "nto",
    target_os = "openbsd",
    target_os = "redox",
    target_os = "solaris",
))]
mod any_source {
    use super::*;

    pub(super) fn join(socket: &Socket, group: Ipv4Addr, on: Interface) -> io::Result<()> {
        socket.join_multicast_v4(&group, &on.address()?)
    }

    pub(super) fn leave(socket: &Socket, group: Ipv4Addr, on: Interface) -> io::Result<()> {
        socket.leave_multicast_v4(&group, &on.address()?)
    }
}

#[cfg(not(any(
    target_os = "dragonfly",
    target_os = "fuchsia",
    target_os = "haiku",
    target_os = "hurd",
    target_os = "netbsd",
    target_os = "nto",
    target_os = "openbsd",
    target_os = "redox",
)))]
mod one_source {
    use super::*;

    pub(super) fn join(
        socket: &Socket,
        group: Ipv4Addr,
        source: Ipv4Addr,
        on: Interface,
    ) -> io::Result<()> {
        socket.join_ssm_v4(&source, &group, &on.address()?)
    }

    pub(super) fn leave(
        socket: &Socket,
        group: Ipv4Addr,
        source: Ipv4Addr,
        on: Interface,
    ) -> io::Result<()> {
        socket.leave_ssm_v4(&source, &group, &on.address()?)
    }
}

#[cfg(any(
    target_os = "dragonfly",
    target_os = "fuchsia",
    target_os = "haiku",
    target_os = "hurd",
    target_os = "netbsd",
    target_os = "nto",
    target_os = "openbsd",
    target_os = "redox",
))]
mod one_source {
    use super::*;

    pub(super) fn join(_: &Socket, _: Ipv4Addr, _: Ipv4Addr, _: Interface) -> io::Result<()> {
        not_here()
    }

    pub(super) fn leave(_: &Socket, _: Ipv4Addr, _: Ipv4Addr, _: Interface) -> io::Result<()> {
        not_here()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_multicast_addresses() {
        let shown = |text: &str| text.parse::<MulticastGroup>().map(|group| group.to_string());
        assert_eq!(shown("239.255.0.1").unwrap(), "239.255.0.1");
        assert_eq!(shown("ff02::1").unwrap(), "ff02::1");
        for text in ["192.0.2.1", "", "239.255.0.1:80"] {
            assert_eq!(shown(text).unwrap_err().kind(), ErrorKind::AddressInvalid, "{text}");
        }
    }

    #[test]
    fn a_group_tells_where_and_from_whom() {
        let group = MulticastGroup::new(Ipv6Addr::from(0xff02 << 112 | 7)).on(Interface::Index(3));
        assert_eq!(group.to_string(), "ff02::7 on interface 3");
    }
}
