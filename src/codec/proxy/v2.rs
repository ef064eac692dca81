//! Version 2: binary (section 2.2).

use std::net::{IpAddr, SocketAddr};

use super::tlv::Tlvs;
use super::{Ends, Header, Transport, Version, malformed};
use crate::error::Violation;

pub(super) const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Signature, version and command, family and transport, length of what follows.
const FIXED: usize = 16;

/// What a Unix socket's name takes.
pub(crate) const PATH: usize = 108;

pub(super) fn read(data: &[u8], limit: usize) -> Result<Option<(Header, usize)>, Violation> {
    let local = match data.get(12) {
        None => return Ok(None),
        Some(0x20) => true,
        Some(0x21) => false,
        Some(byte) if byte >> 4 != 2 => {
            return Err(malformed("a PROXY protocol header of an unknown version"));
        }
        Some(_) => return Err(malformed("a PROXY protocol header with an unknown command")),
    };
    let Some(fixed) = data.first_chunk::<FIXED>() else { return Ok(None) };
    let length = FIXED + usize::from(u16::from_be_bytes([fixed[14], fixed[15]]));
    if length > limit {
        let long = format!("a PROXY protocol header of more than {limit} bytes");
        return Err(Violation::malformed(long));
    }
    let Some(header) = data.get(..length) else { return Ok(None) };
    let (ends, extras) = match local {
        // Whatever there is is to be skipped.
        true => (Ends::Own, &[][..]),
        false => said(fixed[13], &header[FIXED..])?,
    };
    Tlvs::check(extras, header)?;
    Ok(Some((Header { version: Version::V2, ends, extras: extras.into() }, length)))
}

#[derive(Clone, Copy)]
enum Family {
    Ipv4,
    Ipv6,
    Unix,
}

/// What a proxy says of a client: addresses, and what is behind them.
fn said(kinds: u8, block: &[u8]) -> Result<(Ends, &[u8]), Violation> {
    match family(kinds)? {
        (Some(family), Some(transport)) => ends(family, transport, block),
        // Addresses are to be ignored.
        (Some(family), None) => Ok((Ends::Own, block.get(family.size()..).unwrap_or_default())),
        // There is nothing before the values, or what nobody knows, which is to be ignored.
        (None, _) => Ok((Ends::Own, if Tlvs::are_whole(block) { block } else { &[] })),
    }
}

impl Family {
    /// Bytes of its addresses.
    fn size(self) -> usize {
        match self {
            Self::Ipv4 => 12,
            Self::Ipv6 => 36,
            Self::Unix => 2 * PATH,
        }
    }
}

/// `None` for what is unspecified.
fn family(byte: u8) -> Result<(Option<Family>, Option<Transport>), Violation> {
    let family = match byte >> 4 {
        0 => None,
        1 => Some(Family::Ipv4),
        2 => Some(Family::Ipv6),
        3 => Some(Family::Unix),
        _ => return Err(malformed("a PROXY protocol header of an unknown family")),
    };
    let transport = match byte & 0xf {
        0 => None,
        1 => Some(Transport::Stream),
        2 => Some(Transport::Datagram),
        _ => return Err(malformed("a PROXY protocol header with an unknown transport")),
    };
    Ok((family, transport))
}

/// The addresses, and what is behind them.
fn ends(family: Family, transport: Transport, block: &[u8]) -> Result<(Ends, &[u8]), Violation> {
    let read = match family {
        Family::Ipv4 => inet::<4>(block, transport),
        Family::Ipv6 => inet::<16>(block, transport),
        Family::Unix => unix(block, transport),
    };
    read.ok_or_else(|| malformed("a PROXY protocol header too short for its addresses"))
}

fn inet<const SIZE: usize>(block: &[u8], transport: Transport) -> Option<(Ends, &[u8])>
where
    IpAddr: From<[u8; SIZE]>,
{
    let (source, rest) = block.split_first_chunk::<SIZE>()?;
    let (destination, rest) = rest.split_first_chunk::<SIZE>()?;
    let (source_port, rest) = rest.split_first_chunk()?;
    let (destination_port, rest) = rest.split_first_chunk()?;
    let end = |address: &[u8; SIZE], port: &[u8; 2]| {
        SocketAddr::new((*address).into(), u16::from_be_bytes(*port))
    };
    let (source, destination) = (end(source, source_port), end(destination, destination_port));
    Some((Ends::Inet { source, destination, transport }, rest))
}

fn unix(block: &[u8], transport: Transport) -> Option<(Ends, &[u8])> {
    let (source, rest) = block.split_first_chunk::<PATH>()?;
    let (destination, rest) = rest.split_first_chunk::<PATH>()?;
    let (source, destination) = (Box::new(*source), Box::new(*destination));
    Some((Ends::Unix { source, destination, transport }, rest))
}
