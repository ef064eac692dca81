//! A range of IP addresses, as lists of who may connect are made of.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net};

use crate::error::{Error, ErrorKind, Result};

/// A range of IP addresses: `192.0.2.0/24`, `2001:db8::/32`, or one address.
///
/// What an address has behind the prefix does not matter: `192.0.2.7/24` is `192.0.2.0/24`. IPv4 in
/// the guise of IPv6 (`::ffff:192.0.2.1`, RFC 4291 2.5.5.2) is IPv4 here, as an address and as a
/// range, so that `::/0` has no IPv4 address in it: who means all addresses, names `0.0.0.0/0` too.
///
/// ```
/// use sockeye::AddressRange;
///
/// let range: AddressRange = "10.0.0.0/8".parse()?;
/// assert!(range.contains("10.1.2.3".parse().unwrap()));
/// assert!(range.contains("::ffff:10.1.2.3".parse().unwrap()));
/// assert!(!range.contains("11.0.0.0".parse().unwrap()));
/// assert_eq!(AddressRange::try_from("::1")?.to_string(), "::1/128");
/// # Ok::<(), sockeye::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressRange(IpNet);

impl AddressRange {
    /// The addresses that have the first so many bits in common with this one.
    ///
    /// # Errors
    ///
    /// [`AddressInvalid`](ErrorKind::AddressInvalid) when the address has fewer bits than that: 32,
    /// or 128 for IPv6.
    pub fn new(address: IpAddr, prefix: u8) -> Result<Self> {
        match IpNet::new(address, prefix) {
            Ok(range) => Ok(Self(canonical(range))),
            Err(_) => Err(invalid(&format!("{address}/{prefix}"), "the prefix is too long")),
        }
    }

    /// Whether the address is one of the range's.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// The lowest of its addresses.
    pub fn first(&self) -> IpAddr {
        self.0.network()
    }

    /// How many bits its addresses have in common.
    pub fn prefix(&self) -> u8 {
        self.0.prefix_len()
    }

    /// All of them, from whatever they are given as.
    pub(crate) fn collect<R>(ranges: impl IntoIterator<Item = R>) -> Result<Vec<Self>>
    where
        R: TryInto<Self>,
        Error: From<R::Error>,
    {
        ranges.into_iter().map(|range| range.try_into().map_err(Error::from)).collect()
    }

    /// The same addresses in as few ranges as possible, in order and apart from each other.
    pub(crate) fn merge<'a>(ranges: impl Iterator<Item = &'a Self>) -> Vec<Self> {
        let ranges = ranges.map(|range| range.0).collect();
        let mut merged = IpNet::aggregate(&ranges);
        merged.sort_unstable();
        merged.into_iter().map(Self).collect()
    }

    /// Whether the address is in one of these, which are [merged](Self::merge).
    pub(crate) fn any_contains(merged: &[Self], address: IpAddr) -> bool {
        let address = address.to_canonical();
        let behind = merged.partition_point(|range| range.first() <= address);
        behind > 0 && merged[behind - 1].contains(address)
    }
}

impl FromStr for AddressRange {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let range = match text.parse::<IpAddr>() {
            Ok(address) => IpNet::from(address),
            Err(_) => text.parse().map_err(|_| invalid(text, "it is no range of addresses"))?,
        };
        Ok(Self(canonical(range)))
    }
}

impl TryFrom<&str> for AddressRange {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self> {
        text.parse()
    }
}

impl TryFrom<String> for AddressRange {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

/// One address.
impl From<IpAddr> for AddressRange {
    fn from(address: IpAddr) -> Self {
        Self(address.to_canonical().into())
    }
}

impl From<Ipv4Addr> for AddressRange {
    fn from(address: Ipv4Addr) -> Self {
        IpAddr::from(address).into()
    }
}

impl From<Ipv6Addr> for AddressRange {
    fn from(address: Ipv6Addr) -> Self {
        IpAddr::from(address).into()
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn canonical(range: IpNet) -> IpNet {
    let range = range.trunc();
    match (range.network().to_canonical(), range.prefix_len().checked_sub(96)) {
        (IpAddr::V4(address), Some(prefix)) if range.addr().is_ipv6() => {
            Ipv4Net::new(address, prefix).map_or(range, IpNet::V4)
        }
        _ => range,
    }
}

fn invalid(text: &str, why: &str) -> Error {
    Error::new(ErrorKind::AddressInvalid, "read the range").on(text.escape_debug()).because(why)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn range(text: &str) -> AddressRange {
        text.parse().unwrap()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_and_ranges_are_read_and_shown() {
        for (text, shown) in [
            ("192.0.2.1", "192.0.2.1/32"),
            ("192.0.2.7/24", "192.0.2.0/24"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::1", "::1/128"),
            ("2001:DB8::5/32", "2001:db8::/32"),
            ("::/0", "::/0"),
            ("::ffff:10.1.2.3", "10.1.2.3/32"),
            ("::ffff:10.1.2.3/104", "10.0.0.0/8"),
            ("::ffff:0.0.0.0/96", "0.0.0.0/0"),
            ("::ffff:0.0.0.0/95", "::fffe:0:0/95"),
        ] {
            assert_eq!(range(text).to_string(), shown, "{text}");
        }
        assert_eq!(
            (range("10.0.0.0/8").first(), range("10.0.0.0/8").prefix()),
            (ip("10.0.0.0"), 8)
        );
    }

    #[test]
    fn what_is_no_range_is_refused_with_its_text() {
        for text in
            ["", "10", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "host", "1.2.3.4 "]
        {
            let error = text.parse::<AddressRange>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AddressInvalid, "{text}");
            assert_eq!(error.address(), Some(text));
        }
        let error = AddressRange::new(ip("10.0.0.0"), 33).unwrap_err();
        assert!(error.to_string().contains("10.0.0.0/33"), "{error}");
    }

    #[test]
    fn ipv4_in_the_guise_of_ipv6_is_ipv4() {
        assert!(range("10.0.0.0/8").contains(ip("::ffff:10.0.0.1")));
        assert!(range("::ffff:10.0.0.0/104").contains(ip("10.0.0.1")));
        assert!(!range("::/0").contains(ip("10.0.0.1")));
        assert!(!range("::/0").contains(ip("::ffff:10.0.0.1")));
        assert_eq!(AddressRange::from(ip("::ffff:10.0.0.1")), range("10.0.0.1"));
        assert_eq!(AddressRange::new(ip("::ffff:10.0.0.1"), 128).unwrap(), range("10.0.0.1"));
    }

    proptest! {
        /// Against asking each by itself, with addresses that are close to each other.
        #[test]
        fn merged_ranges_hold_the_same_addresses(
            ranges in vec((0..32u32, 26..=32u8, any::<bool>()), 0..12),
            asked in vec((0..40u32, any::<bool>()), 1..40),
        ) {
            let address = |low: u32, wide: bool| match wide {
                true => IpAddr::V6((u128::from(low) << 96).into()),
                false => IpAddr::V4(low.into()),
            };
            let ranges = ranges.iter().map(|&(low, prefix, wide)| {
                AddressRange::new(address(low, wide), prefix).unwrap()
            });
            let ranges = ranges.collect::<Vec<_>>();
            let merged = AddressRange::merge(ranges.iter());
            for (low, wide) in asked {
                let address = address(low, wide);
                let wanted = ranges.iter().any(|range| range.contains(address));
                prop_assert_eq!(AddressRange::any_contains(&merged, address), wanted);
            }
        }
    }
}
