//! What becomes of a datagram before it is queued, wherever it is sent.

use std::net::{IpAddr, SocketAddr};

use super::Limits;
use crate::error::{Error, ErrorKind};
use crate::{Overflow, Sent};

/// Why a datagram is not queued.
pub(super) enum Refusal {
    /// It cannot be sent by this socket at all.
    Impossible(Error),
    /// There is no room, so that its sender is told this.
    Full(Sent),
}

/// Over IPv6, without jumbograms.
const LONGEST: usize = 65_527;

/// Where a socket can send to.
#[derive(Clone, Copy)]
pub(super) struct Route {
    pub(super) is_ipv6: bool,
    pub(super) peer: Option<SocketAddr>,
}

impl Route {
    /// Whether so many bytes could be sent there; with the address as it has to be written.
    pub(super) fn check(
        self,
        to: Option<SocketAddr>,
        len: usize,
    ) -> Result<Option<SocketAddr>, Refusal> {
        let error = |kind| Error::new(kind, "send to");
        let Some(addr) = to.or(self.peer) else {
            let error = error(ErrorKind::AddressInvalid).on("nobody");
            return Err(Refusal::Impossible(error.because("the socket is not connected")));
        };
        let longest = if addr.is_ipv4() { super::LONGEST } else { LONGEST };
        if len > longest {
            let why = format_args!("{len} bytes are too long for a datagram");
            let error = error(ErrorKind::LimitReached).on(addr).because(why);
            return Err(Refusal::Impossible(error));
        }
        if addr.port() == 0 {
            let error = error(ErrorKind::AddressInvalid).on(addr);
            return Err(Refusal::Impossible(error.because("there is no port 0")));
        }
        match (self.is_ipv6, to) {
            // A connected socket of macOS or a BSD takes no address, not even this (EISCONN).
            (_, Some(to)) if self.peer.is_some_and(|peer| is_same(peer, to)) => Ok(None),
            (true, Some(SocketAddr::V4(to))) => {
                Ok(Some(SocketAddr::from((to.ip().to_ipv6_mapped(), to.port()))))
            }
            (false, Some(SocketAddr::V6(_))) => {
                let error = error(ErrorKind::AddressInvalid).on(addr);
                Err(Refusal::Impossible(error.because("the socket is one of IPv4")))
            }
            _ => Ok(to),
        }
    }
}

fn is_same(one: SocketAddr, other: SocketAddr) -> bool {
    one == other || (one.is_ipv4() != other.is_ipv4() && name(one) == name(other))
}

/// Without the guise of IPv6 that IPv4 may have.
fn name(addr: SocketAddr) -> (IpAddr, u16) {
    (addr.ip().to_canonical(), addr.port())
}

/// Whether there is room behind so many bytes and datagrams, and how it is told if there is.
pub(super) fn admit(
    limits: &Limits,
    (bytes, datagrams): (usize, usize),
    len: usize,
) -> Result<Sent, Refusal> {
    if !limits.has_room(bytes, datagrams, len) {
        return Err(Refusal::Full(match limits.overflow {
            Overflow::Wait => Sent::Full,
            Overflow::Drop => Sent::Dropped,
            Overflow::Disconnect => Sent::Overflow,
        }));
    }
    let high = limits.is_high(bytes + len, datagrams + 1);
    Ok(if high { Sent::Congested } else { Sent::Queued })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(is_ipv6: bool, peer: &str, to: &str) -> Option<Option<String>> {
        let route = Route { is_ipv6, peer: peer.parse().ok() };
        let checked = route.check(Some(to.parse().unwrap()), 1).ok();
        checked.map(|to| to.map(|to| to.to_string()))
    }

    #[test]
    fn the_peer_needs_no_address() {
        assert_eq!(checked(false, "192.0.2.1:5", "192.0.2.1:5"), Some(None));
        assert_eq!(checked(true, "[::1]:5", "[::1]:5"), Some(None));
        assert_eq!(checked(true, "[::ffff:192.0.2.1]:5", "192.0.2.1:5"), Some(None));
    }

    #[test]
    fn others_do_and_are_written_as_the_socket_has_them() {
        let to = |text: &str| Some(Some(text.to_owned()));
        assert_eq!(checked(false, "192.0.2.1:5", "192.0.2.1:6"), to("192.0.2.1:6"));
        assert_eq!(checked(false, "", "192.0.2.1:6"), to("192.0.2.1:6"));
        assert_eq!(checked(true, "", "192.0.2.1:6"), to("[::ffff:192.0.2.1]:6"));
        assert_eq!(checked(true, "[fe80::1%1]:5", "[fe80::1%2]:5"), to("[fe80::1%2]:5"));
        assert_eq!(checked(false, "", "[::1]:6"), None);
    }
}
