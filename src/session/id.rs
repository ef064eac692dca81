//! Session ids: unique, and a direct way to the session.
//!
//! Looking a session up by its id is frequent, and a map from ids to sessions would cost every
//! idle session some fifty bytes and every accept a lock that all homes share. So the id itself
//! says where the session is: version 8 of RFC 9562 5.8, with 48 random bits of the service, the
//! home, the slot in that home's table, and a serial number that tells successors in a slot apart.

use std::sync::atomic::{AtomicU32, Ordering};

use uuid::Uuid;

/// Draws the ids of one service.
pub(crate) struct Ids {
    random: u64,
    serial: AtomicU32,
}

/// Where a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) home: usize,
    pub(crate) slot: usize,
}

const RANDOM: u64 = (1 << 48) - 1;
const HOME: u64 = (1 << 12) - 1;
const SERIAL: u64 = (1 << 30) - 1;

impl Ids {
    pub(crate) fn new() -> Self {
        Self { random: Uuid::new_v4().as_u64_pair().0 & RANDOM, serial: AtomicU32::new(0) }
    }

    pub(crate) fn draw(&self, place: Place) -> Uuid {
        let serial = u64::from(self.serial.fetch_add(1, Ordering::Relaxed)) & SERIAL;
        let high = self.random << 16 | place.home as u64 & HOME;
        let low = serial << 32 | place.slot as u64 & u64::from(u32::MAX);
        // Version and variant take the top bits of the two fields behind the random one.
        Uuid::new_v8(Uuid::from_u64_pair(high, low).into_bytes())
    }
}

/// Reads the place out of an id; of a foreign id, some place where its session is not.
pub(crate) fn place(id: Uuid) -> Place {
    let (high, low) = id.as_u64_pair();
    Place { home: (high & HOME) as usize, slot: (low & u64::from(u32::MAX)) as usize }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_to_its_place_and_differs_from_its_successor() {
        let ids = Ids::new();
        let here = Place { home: 3, slot: 70_000 };
        let (first, second) = (ids.draw(here), ids.draw(here));
        assert_eq!((place(first), place(second)), (here, here));
        assert_ne!(first, second);
        assert_eq!(first.get_version_num(), 8);
    }
}
