//! Lists of addresses that may connect, or may not.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use crate::error::Error;
use crate::net::{AddressRange, Endpoint};
use crate::server::{Filter, Permit, Refusal};

/// A list of addresses, as a filter: those on it may connect and nobody else, or everybody but
/// those.
///
/// A clone is a handle to the same list, which may be changed on any thread while servers ask it;
/// connections that are there already stay. Peers without an IP address, of Unix sockets and in
/// memory, may connect whatever the list says: the file's mode and
/// [`peer_credentials`](crate::raw::Session::peer_credentials) are for them.
///
/// To ask takes a lock for a moment and a binary search; to change makes the search table anew, so
/// that many ranges are better given [at once](Self::extend).
///
/// ```
/// use sockeye::middleware::AddressList;
/// use sockeye::{Server, Service, raw};
///
/// let office = AddressList::allow(["127.0.0.0/8", "::1"])?;
/// let banned = AddressList::deny(["127.6.6.6"])?;
/// let service = Service::builder().threads(1).start()?;
/// let server = Server::builder(&service, raw::server(|_| raw::Discard))
///     .filter(office)
///     .filter(banned.clone())
///     .listen("127.0.0.1:0")?;
/// banned.insert("127.1.2.3".parse()?); // from now on
/// # Ok::<(), sockeye::Error>(())
/// ```
#[derive(Clone)]
pub struct AddressList {
    listed: Listed,
    ranges: Arc<RwLock<Ranges>>,
}

/// What it means to be on the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listed {
    Allowed,
    Denied,
}

#[derive(Default)]
struct Ranges {
    given: BTreeSet<AddressRange>,
    /// The same, merged: what is searched.
    merged: Vec<AddressRange>,
}

impl AddressList {
    /// Only these may connect. An empty list lets in nobody who has an IP address.
    ///
    /// # Errors
    ///
    /// [`AddressInvalid`](crate::ErrorKind::AddressInvalid) names the text that is no range.
    pub fn allow<R>(ranges: impl IntoIterator<Item = R>) -> Result<Self, Error>
    where
        R: TryInto<AddressRange>,
        Error: From<R::Error>,
    {
        Self::new(Listed::Allowed, ranges)
    }

    /// Everybody may connect but these.
    ///
    /// # Errors
    ///
    /// [`AddressInvalid`](crate::ErrorKind::AddressInvalid) names the text that is no range.
    pub fn deny<R>(ranges: impl IntoIterator<Item = R>) -> Result<Self, Error>
    where
        R: TryInto<AddressRange>,
        Error: From<R::Error>,
    {
        Self::new(Listed::Denied, ranges)
    }

    fn new<R>(listed: Listed, ranges: impl IntoIterator<Item = R>) -> Result<Self, Error>
    where
        R: TryInto<AddressRange>,
        Error: From<R::Error>,
    {
        let list = Self { listed, ranges: Arc::default() };
        list.extend(AddressRange::collect(ranges)?);
        Ok(list)
    }

    /// Puts a range on the list; false when it is on it already.
    pub fn insert(&self, range: AddressRange) -> bool {
        self.change(|given| given.insert(range))
    }

    /// Takes a range off the list, as it was put on it; false when it is not on it. Its addresses
    /// are still listed by other ranges that they are in.
    pub fn remove(&self, range: AddressRange) -> bool {
        self.change(|given| given.remove(&range))
    }

    /// Puts many ranges on the list.
    pub fn extend(&self, ranges: impl IntoIterator<Item = AddressRange>) {
        // Who gives them is not waited for with the lock held.
        let ranges = ranges.into_iter().collect::<Vec<_>>();
        self.change(|given| given.extend(ranges));
    }

    /// Has these on the list and no others, in one step.
    pub fn replace(&self, ranges: impl IntoIterator<Item = AddressRange>) {
        let ranges = ranges.into_iter().collect();
        self.change(|given| *given = ranges);
    }

    /// What is on the list, in order.
    pub fn ranges(&self) -> Vec<AddressRange> {
        let ranges = self.ranges.read().unwrap_or_else(PoisonError::into_inner);
        ranges.given.iter().copied().collect()
    }

    /// Whether an address may connect.
    pub fn admits(&self, address: IpAddr) -> bool {
        let ranges = self.ranges.read().unwrap_or_else(PoisonError::into_inner);
        let listed = AddressRange::any_contains(&ranges.merged, address);
        listed == (self.listed == Listed::Allowed)
    }

    fn change<T>(&self, change: impl FnOnce(&mut BTreeSet<AddressRange>) -> T) -> T {
        let mut ranges = self.ranges.write().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut ranges.given);
        ranges.merged = AddressRange::merge(ranges.given.iter());
        result
    }
}

impl Filter for AddressList {
    fn admit(&self, peer: &Endpoint, _now: Instant) -> Result<Permit, Refusal> {
        match peer.ip() {
            Some(address) if !self.admits(address) => Err(Refusal::Denied),
            _ => Ok(Permit::none()),
        }
    }
}

impl fmt::Debug for AddressList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AddressList({:?}: {:?})", self.listed, self.ranges())
    }
}
