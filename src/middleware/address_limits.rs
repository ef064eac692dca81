//! How many connections an address may have, and how often it may make one.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::per_address::{Place, Prefixes, Table};
use super::rate::{Bucket, Rate};
use crate::net::Endpoint;
use crate::server::{Filter, Permit, Refusal};
use crate::service::lock;

/// How many connections each address may have at the same time, and how often it may connect, as a
/// filter.
///
/// Who has as many as he may is refused with [`Refusal::TooMany`] until one of them is gone; who
/// connects too often, with [`Refusal::TooFast`] until the rate allows one more, whether or not those
/// he has made are gone. To be refused costs no further time.
///
/// IPv6 addresses count together by their first 64 bits, which is what one host has at least. Peers
/// without an IP address, of Unix sockets and in memory, are not limited. One filter that several
/// servers share, in an [`Arc`], counts the connections of all.
///
/// At most 65,536 addresses are known at a time ([`capacity`](Self::capacity)), in some 10 MiB. One
/// is forgotten for another only when it has no connection and could have its whole burst, so that
/// it gains nothing by it. While there is none such, all others count together, as if they were one
/// address: many addresses are then no way around the limits, but newcomers may be refused for what
/// others do. Where one party may have so many, tell them apart by a shorter prefix.
///
/// ```
/// use sockeye::middleware::{AddressLimits, Rate};
/// use sockeye::{Server, Service, raw};
///
/// let service = Service::builder().threads(1).start()?;
/// let limits = AddressLimits::new().connections(20).rate(Rate::per_second(10).burst(50));
/// let server = Server::builder(&service, raw::server(|_| raw::Discard))
///     .filter(limits)
///     .listen("127.0.0.1:0")?;
/// # Ok::<(), sockeye::Error>(())
/// ```
pub struct AddressLimits {
    connections: Option<usize>,
    rate: Option<Rate>,
    prefixes: Prefixes,
    table: Arc<Mutex<Table<Known>>>,
}

/// What is known of an address.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    connections: usize,
    bucket: Bucket,
}

impl AddressLimits {
    /// No limit yet.
    pub fn new() -> Self {
        let table = Arc::new(Mutex::new(Table::new()));
        Self { connections: None, rate: None, prefixes: Prefixes::default(), table }
    }

    /// So many connections at the same time. Default: no limit but the server's own.
    #[must_use]
    pub fn connections(mut self, limit: usize) -> Self {
        self.connections = Some(limit);
        self
    }

    /// Connections at this rate. Default: no limit.
    #[must_use]
    pub fn rate(mut self, rate: Rate) -> Self {
        self.rate = Some(rate);
        self
    }

    /// The leading bits that IPv4 addresses are told apart by. Default, and at most: 32.
    #[must_use]
    pub fn ipv4_prefix(mut self, bits: u8) -> Self {
        self.prefixes.ipv4 = bits;
        self
    }

    /// The leading bits that IPv6 addresses are told apart by, at most 128. Default: 64.
    #[must_use]
    pub fn ipv6_prefix(mut self, bits: u8) -> Self {
        self.prefixes.ipv6 = bits;
        self
    }

    /// How many addresses are known at a time. Default: 65,536.
    #[must_use]
    pub fn capacity(self, addresses: usize) -> Self {
        lock(&self.table).set_capacity(addresses);
        self
    }

    fn is_idle(&self, known: &Known, now: Instant) -> bool {
        let full = self.rate.is_none_or(|rate| known.bucket.is_full(&rate, now));
        known.connections == 0 && full
    }
}

impl Default for AddressLimits {
    fn default() -> Self {
        Self::new()
    }
}

impl Filter for AddressLimits {
    fn admit(&self, peer: &Endpoint, now: Instant) -> Result<Permit, Refusal> {
        let Some(address) = peer.ip() else { return Ok(Permit::none()) };
        let mut table = lock(&self.table);
        let address = self.prefixes.of(address);
        let (place, known) = table.find(address, |known| self.is_idle(known, now));
        if let Some(limit) = self.connections.filter(|limit| known.connections >= *limit) {
            return Err(Refusal::TooMany { limit });
        }
        if self.rate.is_some_and(|rate| !known.bucket.take(&rate, 1, now)) {
            return Err(Refusal::TooFast);
        }
        if self.connections.is_none() {
            return Ok(Permit::none());
        }
        known.connections += 1;
        drop(table);
        Ok(Permit::new(Counted { place, table: Arc::clone(&self.table) }))
    }
}

impl fmt::Debug for AddressLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddressLimits")
            .field("connections", &self.connections)
            .field("rate", &self.rate)
            .field("prefixes", &self.prefixes)
            .finish_non_exhaustive()
    }
}

/// One connection that counts.
struct Counted {
    place: Place,
    table: Arc<Mutex<Table<Known>>>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut table = lock(&self.table);
        let Some(known) = table.at(self.place) else { return };
        known.connections -= 1;
        // What its bucket has to remember, stays until somebody needs the room.
        if known.connections == 0 && known.bucket.is_new() {
            table.remove(self.place);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn peer(text: &str) -> Endpoint {
        Endpoint::Inet(format!("{text}:80").parse().unwrap())
    }

    fn tries(limits: &AddressLimits, from: &str, now: Instant, count: usize) -> usize {
        (0..count).filter(|_| limits.admit(&peer(from), now).is_ok()).count()
    }

    #[test]
    fn reconnecting_does_not_reset_the_rate() {
        let limits = AddressLimits::new().connections(1).rate(Rate::per_second(1).burst(3));
        let now = Instant::now();
        for _ in 0..3 {
            drop(limits.admit(&peer("10.0.0.1"), now).unwrap());
        }
        assert_eq!(limits.admit(&peer("10.0.0.1"), now).unwrap_err(), Refusal::TooFast);
        drop(limits.admit(&peer("10.0.0.2"), now).unwrap());
        assert_eq!(tries(&limits, "10.0.0.1", now + Duration::from_secs(2), 9), 2);
    }

    #[test]
    fn who_has_as_many_as_he_may_does_not_pay_for_trying() {
        let limits = AddressLimits::new().connections(1).rate(Rate::per_second(0).burst(2));
        let now = Instant::now();
        let first = limits.admit(&peer("10.0.0.1"), now).unwrap();
        for _ in 0..5 {
            let refusal = limits.admit(&peer("10.0.0.1"), now).unwrap_err();
            assert_eq!(refusal, Refusal::TooMany { limit: 1 });
        }
        drop(first);
        assert!(limits.admit(&peer("10.0.0.1"), now).is_ok());
    }

    #[test]
    fn hosts_of_ipv6_count_by_their_network() {
        let now = Instant::now();
        for (bits, other, admitted) in [(64, "[1:2:3:4::9]", 0), (64, "[1:2:3:5::9]", 1)]
            .into_iter()
            .chain([(48, "[1:2:3:5::9]", 0), (128, "[1:2:3:4::9]", 1)])
        {
            let limits = AddressLimits::new().rate(Rate::per_second(0).burst(1)).ipv6_prefix(bits);
            assert_eq!(tries(&limits, "[1:2:3:4::1]", now, 5), 1);
            assert_eq!(tries(&limits, other, now, 5), admitted, "/{bits} {other}");
        }
    }

    /// Neither by being many nor by making others forgotten does anybody get more.
    #[test]
    fn a_full_store_is_no_way_around_the_limits() {
        let limits = AddressLimits::new().rate(Rate::per_minute(1).burst(2)).capacity(3);
        let now = Instant::now();
        for known in ["10.0.0.1", "10.0.0.2", "10.0.0.3"] {
            assert_eq!(tries(&limits, known, now, 5), 2);
        }
        let strangers = (0..100).map(|n| tries(&limits, &format!("10.0.1.{n}"), now, 1));
        assert_eq!(strangers.sum::<usize>(), 2, "together as one address");
        assert_eq!(tries(&limits, "10.0.0.1", now, 5), 0, "it is not forgotten");
        // By then all have their whole burst, and are as good as unknown.
        let later = now + Duration::from_secs(120);
        for known in ["10.0.1.1", "10.0.1.2", "10.0.1.3"] {
            assert_eq!(tries(&limits, known, later, 5), 2);
        }
    }

    #[test]
    fn connections_without_room_count_together_and_are_given_back() {
        let limits = AddressLimits::new().connections(1).capacity(1);
        let now = Instant::now();
        let known = limits.admit(&peer("10.0.0.1"), now).unwrap();
        let stranger = limits.admit(&peer("10.0.0.2"), now).unwrap();
        assert!(limits.admit(&peer("10.0.0.3"), now).is_err());
        drop(known);
        // There is room again, which does not disturb what is counted together.
        let newcomer = limits.admit(&peer("10.0.0.2"), now).unwrap();
        assert!(limits.admit(&peer("10.0.0.3"), now).is_err());
        drop(stranger);
        let other = limits.admit(&peer("10.0.0.3"), now).unwrap();
        drop((newcomer, other));
        assert_eq!(lock(&limits.table).len(), 0);
    }

    #[test]
    fn peers_without_an_ip_address_are_not_limited() {
        let limits = AddressLimits::new().connections(0).rate(Rate::per_second(0));
        for end in [Endpoint::Memory(1), Endpoint::Unix(crate::net::UnixName::Unnamed)] {
            assert!(limits.admit(&end, Instant::now()).unwrap().is_none());
        }
        assert!(limits.admit(&peer("10.0.0.1"), Instant::now()).is_err());
    }
}
