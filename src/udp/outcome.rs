//! What becomes of a datagram before it is queued, wherever it is sent.

use std::net::SocketAddr;

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
