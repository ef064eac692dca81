//! What a header of version 2 says besides addresses: types, lengths and values (section 2.2).

use super::crc32c::Crc32c;
use super::malformed;
use crate::error::Violation;

const AUTHORITY: u8 = 0x02;
const CRC32C: u8 = 0x03;
const NOOP: u8 = 0x04;
const UNIQUE_ID: u8 = 0x05;
const SSL: u8 = 0x20;

/// A type and its value, one after the other; ends at what is malformed.
#[derive(Clone, Debug)]
pub(crate) struct Tlvs<'a>(&'a [u8]);

impl<'a> Tlvs<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    /// Whether there is nothing but types and values.
    pub(super) fn are_whole(data: &'a [u8]) -> bool {
        let mut values = Self(data);
        values.by_ref().for_each(drop);
        values.0.is_empty()
    }

    /// Checks the form of all that there are in `header`, and its checksum if there is one.
    pub(super) fn check(data: &'a [u8], header: &[u8]) -> Result<(), Violation> {
        let mut rest = Self(data);
        let mut checked = false;
        while let Some((kind, value)) = rest.next() {
            match kind {
                AUTHORITY if str::from_utf8(value).is_err() => {
                    return Err(malformed("a PROXY protocol header whose authority is not UTF-8"));
                }
                UNIQUE_ID if value.len() > 128 => {
                    return Err(malformed("a PROXY protocol header with too long an id"));
                }
                SSL if tls_fields(value).is_none() => {
                    return Err(malformed("a PROXY protocol header with wrong data of TLS"));
                }
                CRC32C if checked => {
                    return Err(malformed("a PROXY protocol header with two checksums"));
                }
                CRC32C => {
                    checked = true;
                    check_sum(value, header, header.len() - rest.0.len())?;
                }
                _ => {}
            }
        }
        if rest.0.is_empty() {
            return Ok(());
        }
        Err(malformed("a PROXY protocol header whose values do not fit into it"))
    }

    /// What is of use to a program: neither padding nor checksums.
    pub(crate) fn useful(self) -> impl Iterator<Item = (u8, &'a [u8])> {
        self.filter(|(kind, _)| !matches!(*kind, NOOP | CRC32C))
    }
}

impl<'a> Iterator for Tlvs<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&[kind, high, low], rest) = self.0.split_first_chunk::<3>()?;
        let (value, rest) = rest.split_at_checked(u16::from_be_bytes([high, low]).into())?;
        self.0 = rest;
        Some((kind, value))
    }
}

/// The sum is that of the header with zeroes in the sum's place, which ends at `end`.
fn check_sum(sum: &[u8], header: &[u8], end: usize) -> Result<(), Violation> {
    let wrong = || malformed("a PROXY protocol header with a wrong checksum");
    let sum: [u8; 4] = sum.try_into().map_err(|_| wrong())?;
    let (before, behind) = (&header[..end - sum.len()], &header[end..]);
    let found = Crc32c::new().add(before).add(&[0; 4]).add(behind).finish();
    if found == u32::from_be_bytes(sum) { Ok(()) } else { Err(wrong()) }
}

/// What is said of the client's TLS (section 2.2.6): which of it there is, whether its certificate
/// has not been verified, and the values behind these.
pub(crate) fn tls_fields(value: &[u8]) -> Option<(u8, u32, Tlvs<'_>)> {
    let (&[present], rest) = value.split_first_chunk()?;
    let (unverified, rest) = rest.split_first_chunk()?;
    let values = Tlvs::new(rest);
    Tlvs::are_whole(rest).then_some((present, u32::from_be_bytes(*unverified), values))
}
