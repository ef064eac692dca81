//! Whose word is taken.

use std::sync::Arc;

use super::preface::Preface;
use crate::codec::proxy;
use crate::error::{Error, Result};
use crate::net::{AddressRange, Endpoint};

/// From whom a server expects a PROXY protocol header, and what it does with others; see the
/// [module](super).
///
/// A proxy that is trusted must send a header, of whatever version, within
/// [`Limits::handshake`](crate::Limits::handshake), which bounds the TLS handshake behind it too. A
/// header that is malformed or does not come ends the connection, of which
/// [`Events::on_error`](crate::server::Events::on_error) is told. By a header of `UNKNOWN`, `LOCAL`
/// or unspecified addresses the proxy speaks for itself, and the connection keeps its own address.
///
/// Peers without an IP address, of Unix sockets and in memory, are trusted: who may connect there is
/// said by the file's mode.
#[derive(Clone, Debug)]
pub struct ProxyProtocol {
    trusted: Arc<[AddressRange]>,
    others: Others,
    limit: usize,
}

/// What becomes of those who are not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Others {
    Refused,
    Direct,
}

/// What a connection begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Header,
    /// Anything but a header.
    NoHeader,
}

impl ProxyProtocol {
    /// Trusts the proxies at these addresses, and refuses all others
    /// ([`Refusal::NotAProxy`](crate::server::Refusal::NotAProxy)).
    ///
    /// Whoever is trusted may claim any address: name proxies only, not networks that have others
    /// in them.
    ///
    /// # Errors
    ///
    /// [`AddressInvalid`](crate::ErrorKind::AddressInvalid) names the text that is no range.
    pub fn trust<R>(ranges: impl IntoIterator<Item = R>) -> Result<Self>
    where
        R: TryInto<AddressRange>,
        Error: From<R::Error>,
    {
        let ranges = AddressRange::collect(ranges)?;
        let trusted = AddressRange::merge(ranges.iter()).into();
        Ok(Self { trusted, others: Others::Refused, limit: 4096 })
    }

    /// Serves those who are not trusted as direct clients, under their own addresses. One of them
    /// who begins with the signature of a header, as a proxy does that was forgotten, or somebody
    /// who wants to be taken for another, is closed with
    /// [`CloseReason::Protocol`](crate::CloseReason::Protocol).
    #[must_use]
    pub fn direct_from_others(mut self) -> Self {
        self.others = Others::Direct;
        self
    }

    /// How long a header may be, with all that it says. Default: 4,096 bytes; at least 536, and 107
    /// of version 1, as that says.
    #[must_use]
    pub fn max_header(mut self, bytes: usize) -> Self {
        self.limit = bytes.max(proxy::LEAST);
        self
    }

    /// What this peer has to begin with; `None` of one who is to be refused.
    pub(crate) fn expects(&self, peer: &Endpoint) -> Option<Expected> {
        let trusted = peer.ip().is_none_or(|ip| AddressRange::any_contains(&self.trusted, ip));
        match self.others {
            _ if trusted => Some(Expected::Header),
            Others::Refused => None,
            Others::Direct => Some(Expected::NoHeader),
        }
    }

    pub(crate) fn preface(&self, expected: Expected) -> Preface {
        Preface::new(expected, self.limit)
    }
}
