//! The PROXY protocol, versions 1 and 2 (haproxy's `proxy-protocol.txt`): what a proxy says of the
//! connection that it passes on, before anything that comes through it.

mod crc32c;
#[cfg(test)]
mod tests;
mod tlv;
mod v1;
mod v2;

use std::net::SocketAddr;

use crate::error::Violation;

pub(crate) use tlv::{Tlvs, tls_fields};
pub(crate) use v2::PATH;

/// A header, and how long it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) version: Version,
    pub(crate) ends: Ends,
    /// What a header of version 2 says besides, to be read with [`Tlvs`], which has found them to
    /// be well-formed.
    pub(crate) extras: Box<[u8]>,
}

/// Which form a header has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Version {
    /// A line of text.
    V1,
    /// Binary.
    V2,
}

/// Of what connection a header tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    /// Of the one that it has come on.
    Own,
    /// Of one from a source to a destination.
    Inet { source: SocketAddr, destination: SocketAddr, transport: Transport },
    /// The same of Unix sockets, with names as they are in a `sockaddr_un`.
    Unix { source: Box<[u8; PATH]>, destination: Box<[u8; PATH]>, transport: Transport },
}

/// How the other side of the proxy was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Transport {
    Stream,
    Datagram,
}

/// The shortest bound that has room for both versions with the longest addresses (section 2.2), and
/// for what proxies usually say besides.
pub(crate) const LEAST: usize = 536;

/// Reads the header that a connection begins with, of at most `limit` bytes: the header and its
/// length, or `None` while it is not complete.
pub(crate) fn read(data: &[u8], limit: usize) -> Result<Option<(Header, usize)>, Violation> {
    match signature(data) {
        Signature::V1 => v1::read(data),
        Signature::V2 => v2::read(data, limit),
        Signature::Incomplete => Ok(None),
        Signature::Other => Err(malformed("no PROXY protocol header")),
    }
}

/// Which header a connection begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signature {
    V1,
    V2,
    /// What there is may be the beginning of either.
    Incomplete,
    Other,
}

/// Tells by the bytes that each version begins with.
pub(crate) fn signature(data: &[u8]) -> Signature {
    let begins = |signature: &[u8]| data.starts_with(signature);
    let may_begin = |signature: &[u8]| signature.starts_with(data);
    if begins(v1::SIGNATURE) {
        Signature::V1
    } else if begins(v2::SIGNATURE) {
        Signature::V2
    } else if may_begin(v1::SIGNATURE) || may_begin(v2::SIGNATURE) {
        Signature::Incomplete
    } else {
        Signature::Other
    }
}

fn malformed(what: &'static str) -> Violation {
    Violation::malformed(what)
}
