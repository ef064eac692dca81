//! Version 1: a line of text (section 2.1).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::{self, FromStr};

use super::{Ends, Header, Transport, Version, malformed};
use crate::error::Violation;

pub(super) const SIGNATURE: &[u8] = b"PROXY ";

const UNKNOWN: &[u8] = b"PROXY UNKNOWN ";

/// With the end of the line: the longest there can be.
const LONGEST: usize = 107;

pub(super) fn read(data: &[u8]) -> Result<Option<(Header, usize)>, Violation> {
    let seen = &data[..data.len().min(LONGEST)];
    let end = match seen.starts_with(UNKNOWN) {
        // Behind it all is to be ignored, also half an end.
        true => seen.windows(2).position(|two| two == b"\r\n"),
        false => end(seen)?,
    };
    let Some(end) = end else {
        return match seen.len() {
            LONGEST => Err(malformed("a PROXY protocol line of more than 107 bytes")),
            _ => Ok(None),
        };
    };
    let ends = ends(&seen[SIGNATURE.len()..end])?;
    Ok(Some((Header { version: Version::V1, ends, extras: Box::default() }, end + 2)))
}

/// Where the line ends, if its end has come.
fn end(seen: &[u8]) -> Result<Option<usize>, Violation> {
    let end = seen.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
    match end.map(|end| &seen[end..]) {
        Some([b'\r', b'\n', ..]) => Ok(end),
        None | Some([b'\r']) => Ok(None),
        Some(_) => Err(malformed("a PROXY protocol line without CR LF at its end")),
    }
}

fn ends(line: &[u8]) -> Result<Ends, Violation> {
    let mut fields = line.split(|byte| *byte == b' ');
    match fields.next() {
        // Whatever follows is to be ignored.
        Some(b"UNKNOWN") => Ok(Ends::Own),
        Some(b"TCP4") => inet::<Ipv4Addr>(fields),
        Some(b"TCP6") => inet::<Ipv6Addr>(fields),
        _ => Err(malformed("a PROXY protocol line of an unknown family")),
    }
}

fn inet<'a, A: FromStr + Into<IpAddr>>(
    mut fields: impl Iterator<Item = &'a [u8]>,
) -> Result<Ends, Violation> {
    let mut field = || fields.next().and_then(|field| str::from_utf8(field).ok()).unwrap_or("");
    let (from, to) = (address::<A>(field())?, address::<A>(field())?);
    let source = SocketAddr::new(from, port(field())?);
    let destination = SocketAddr::new(to, port(field())?);
    match fields.next() {
        None => Ok(Ends::Inet { source, destination, transport: Transport::Stream }),
        Some(_) => Err(malformed("a PROXY protocol line with too many fields")),
    }
}

/// The standard library's parsers are as strict as wanted: no heading zeroes, no scope, no blanks.
fn address<A: FromStr + Into<IpAddr>>(text: &str) -> Result<IpAddr, Violation> {
    let address = text.parse::<A>().map(Into::into);
    address.map_err(|_| malformed("a PROXY protocol line with a wrong address"))
}

fn port(text: &str) -> Result<u16, Violation> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = digits && (text == "0" || !text.starts_with('0'));
    let port = text.parse().ok().filter(|_| canonical);
    port.ok_or_else(|| malformed("a PROXY protocol line with a wrong port"))
}
