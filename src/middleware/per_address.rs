//! Something for each address, in bounded space.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::net::AddressRange;

/// How many leading bits of an address tell peers apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prefixes {
    pub(super) ipv4: u8,
    pub(super) ipv6: u8,
}

/// An IPv6 host has a /64 at least, and may take any address in it (RFC 4291 2.5.4, RFC 7934).
impl Default for Prefixes {
    fn default() -> Self {
        Self { ipv4: 32, ipv6: 64 }
    }
}

impl Prefixes {
    pub(super) fn of(&self, address: IpAddr) -> IpAddr {
        let address = address.to_canonical();
        let bits = match address {
            IpAddr::V4(_) => self.ipv4.min(32),
            IpAddr::V6(_) => self.ipv6.min(128),
        };
        AddressRange::new(address, bits).map_or(address, |range| range.first())
    }
}

/// What there is for each of a bounded number of addresses, and one for all the rest: who finds no
/// room shares that with the others who did not. So many addresses are neither a way around a limit
/// nor one to fill the memory.
pub(super) struct Table<V> {
    entries: HashMap<IpAddr, V>,
    rest: V,
    capacity: usize,
    /// Newcomers who find no room before the idle are looked for again: to look costs a walk over
    /// all entries, to be shared by many.
    patience: usize,
}

/// Where somebody's is in a [`Table`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Own(IpAddr),
    Rest,
}

/// How many addresses are known at a time, unless told otherwise.
pub(super) const CAPACITY: usize = 65_536;

impl<V: Default> Table<V> {
    pub(super) fn new() -> Self {
        Self { entries: HashMap::new(), rest: V::default(), capacity: CAPACITY, patience: 0 }
    }

    pub(super) fn set_capacity(&mut self, capacity: usize) {
        self.capacity = capacity;
    }

    /// What the address has. It may get the room of others who are idle: of whom nothing need be
    /// known, as they are as good as new.
    pub(super) fn find(&mut self, address: IpAddr, idle: impl Fn(&V) -> bool) -> (Place, &mut V) {
        if !self.entries.contains_key(&address) && !self.has_room(idle) {
            return (Place::Rest, &mut self.rest);
        }
        (Place::Own(address), self.entries.entry(address).or_default())
    }

    /// What is at a place, if it is still there.
    pub(super) fn at(&mut self, place: Place) -> Option<&mut V> {
        match place {
            Place::Own(address) => self.entries.get_mut(&address),
            Place::Rest => Some(&mut self.rest),
        }
    }

    /// Makes room.
    pub(super) fn remove(&mut self, place: Place) {
        match place {
            Place::Own(address) => drop(self.entries.remove(&address)),
            Place::Rest => self.rest = V::default(),
        }
        if self.entries.is_empty() {
            self.entries.shrink_to_fit();
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    fn has_room(&mut self, idle: impl Fn(&V) -> bool) -> bool {
        if self.entries.len() < self.capacity {
            return true;
        }
        if self.patience > 0 {
            self.patience -= 1;
            return false;
        }
        self.entries.retain(|_, value| !idle(value));
        let room = self.entries.len() < self.capacity;
        self.patience = if room { 0 } else { self.capacity / 16 };
        room
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn table(capacity: usize) -> Table<u32> {
        let mut table = Table::new();
        table.set_capacity(capacity);
        table
    }

    fn busy(_: &u32) -> bool {
        false
    }

    #[test]
    fn peers_are_told_apart_by_prefix() {
        let of = |text| Prefixes::default().of(ip(text));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:0:0:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("::ffff:192.0.2.1"), of("::"));
        let wide = Prefixes { ipv4: 24, ipv6: 200 };
        assert_eq!(wide.of(ip("192.0.2.1")), wide.of(ip("192.0.2.9")));
        assert_eq!(wide.of(ip("::5")), ip("::5"));
    }

    #[test]
    fn who_finds_no_room_shares_the_rest() {
        let mut table = table(2);
        for (address, place) in [
            ("10.0.0.1", Place::Own(ip("10.0.0.1"))),
            ("10.0.0.2", Place::Own(ip("10.0.0.2"))),
            ("10.0.0.3", Place::Rest),
            ("10.0.0.4", Place::Rest),
            ("10.0.0.1", Place::Own(ip("10.0.0.1"))),
        ] {
            let (found, count) = table.find(ip(address), busy);
            *count += 1;
            assert_eq!(found, place, "{address}");
        }
        assert_eq!(table.at(Place::Rest).copied(), Some(2));
        assert_eq!(table.at(Place::Own(ip("10.0.0.1"))).copied(), Some(2));
        table.remove(Place::Own(ip("10.0.0.2")));
        assert_eq!(table.find(ip("10.0.0.4"), busy), (Place::Own(ip("10.0.0.4")), &mut 0));
    }

    #[test]
    fn the_idle_make_room() {
        let mut table = table(2);
        *table.find(ip("10.0.0.1"), busy).1 = 1;
        *table.find(ip("10.0.0.2"), busy).1 = 0;
        let idle = |count: &u32| *count == 0;
        assert_eq!(table.find(ip("10.0.0.3"), idle).0, Place::Own(ip("10.0.0.3")));
        assert_eq!(table.at(Place::Own(ip("10.0.0.2"))), None);
        assert_eq!(table.at(Place::Own(ip("10.0.0.1"))), Some(&mut 1));
    }

    #[test]
    fn with_no_room_at_all_everybody_shares() {
        let mut table = table(0);
        assert_eq!(table.find(ip("10.0.0.1"), busy).0, Place::Rest);
        assert_eq!(table.find(ip("10.0.0.2"), |_| true).0, Place::Rest);
    }

    /// To look for the idle costs a walk, so that a flood of strangers must not have one each.
    #[test]
    fn a_flood_of_strangers_costs_few_walks() {
        let mut table = table(1600);
        let address = |number: u32| IpAddr::V4(number.into());
        for number in 0..1600 {
            table.find(address(number), busy);
        }
        let asked = std::cell::Cell::new(0);
        let looked = |_: &u32| {
            asked.set(asked.get() + 1);
            false
        };
        for number in 0..1010 {
            table.find(address(5000 + number), looked);
        }
        assert_eq!(asked.get(), 10 * 1600);
    }

    proptest! {
        #[test]
        fn it_never_grows_beyond_its_capacity(
            capacity in 0..20usize,
            steps in vec((0..40u32, 0..4u32), 1..200),
        ) {
            let mut table = table(capacity);
            for (number, count) in steps {
                let (place, value) = table.find(IpAddr::V4(number.into()), |count| *count == 0);
                *value = count;
                prop_assert_eq!(table.at(place).copied(), Some(count));
                prop_assert!(table.len() <= capacity);
            }
        }
    }
}
