//! What the pool decides, and what holds whatever comes.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

const BOUNDS: Bounds = Bounds { idle: 2, per_place: 3, total: 4, waiting: 5 };

type Tested = Pool<char, u64, u64>;

#[test]
fn a_kept_connection_serves_the_next_request() {
    let mut pool = Tested::new(BOUNDS);
    assert_eq!(pool.put(&'a', 1, false, 1), Placed::Connect(0, None));
    assert_eq!(pool.opened(&'a', 0, 100), Freed::Next(1));
    assert_eq!(pool.free(&'a', 100), Freed::Keep);
    assert_eq!(pool.count(), (1, 1));
    assert_eq!(pool.put(&'b', 2, false, 2), Placed::Connect(1, None));
    assert_eq!(pool.put(&'a', 3, true, 3), Placed::Connect(2, None));
    assert_eq!(pool.put(&'a', 4, false, 4), Placed::Give(100, 4));
}

#[test]
fn whoever_waits_gets_the_first_that_is_free() {
    let mut pool = Tested::new(Bounds { per_place: 1, ..BOUNDS });
    assert_eq!(pool.put(&'a', 1, false, 1), Placed::Connect(0, None));
    for id in 2..=5 {
        assert_eq!(pool.put(&'a', id, false, id), Placed::Wait);
    }
    assert_eq!(pool.put(&'a', 6, false, 6), Placed::Full(6));
    assert_eq!(pool.opened(&'a', 0, 100), Freed::Next(1));
    assert_eq!(pool.withdraw(2), Some(2));
    assert_eq!(pool.withdraw(2), None);
    assert_eq!(pool.free(&'a', 100), Freed::Next(3));
    // It dies: another one is made for the next.
    assert_eq!(pool.lost(&'a', &100, 0), (None, Some(Attempt { place: 'a', number: 1 })));
    assert_eq!(pool.opened(&'a', 1, 101), Freed::Next(4));
}

#[test]
fn an_attempt_that_fails_fails_its_request_and_no_other() {
    let mut pool = Tested::new(BOUNDS);
    assert_eq!(pool.put(&'a', 1, false, 1), Placed::Connect(0, None));
    assert_eq!(pool.put(&'a', 2, false, 2), Placed::Connect(1, None));
    assert_eq!(pool.lost(&'a', &100, 0), (Some(1), None));
    // The second is served by the third's connection, and the fourth has the second's attempt.
    assert_eq!(pool.put(&'a', 3, false, 3), Placed::Connect(2, None));
    assert_eq!(pool.withdraw(3), Some(3));
    assert_eq!(pool.opened(&'a', 2, 102), Freed::Next(2));
    assert_eq!(pool.put(&'a', 4, false, 4), Placed::Wait);
    assert_eq!(pool.lost(&'a', &101, 1), (None, Some(Attempt { place: 'a', number: 3 })));
    assert_eq!(pool.lost(&'a', &103, 3), (Some(4), None));
}

#[test]
fn places_make_room_for_each_other() {
    let mut pool = Tested::new(BOUNDS);
    for id in 0..3 {
        pool.put(&'a', id, false, id);
        assert_eq!(pool.opened(&'a', id, id), Freed::Next(id));
    }
    assert_eq!(pool.put(&'b', 3, false, 3), Placed::Connect(3, None));
    assert_eq!(pool.put(&'c', 4, false, 4), Placed::Wait);
    // Not kept, as somebody else starves.
    assert_eq!(pool.free(&'a', 0), Freed::Close);
    assert_eq!(pool.lost(&'a', &0, 0), (None, Some(Attempt { place: 'c', number: 4 })));
    assert_eq!(pool.free(&'a', 1), Freed::Keep);
    assert_eq!(pool.put(&'d', 5, false, 5), Placed::Connect(5, Some(1)));
    assert!(!pool.remove(&'a', &1));
}

#[test]
fn nothing_is_kept_when_it_is_closed() {
    let mut pool = Tested::new(BOUNDS);
    for id in 0..2 {
        pool.put(&'a', id, false, id);
        pool.opened(&'a', id, id);
    }
    assert_eq!(pool.free(&'a', 0), Freed::Keep);
    assert_eq!(pool.close(), [0]);
    assert_eq!(pool.free(&'a', 1), Freed::Close);
}

#[derive(Clone, Debug)]
enum Event {
    Put(char, bool),
    Opened(prop::sample::Index),
    Failed(prop::sample::Index),
    Free(prop::sample::Index),
    Died(prop::sample::Index),
    Withdraw(prop::sample::Index),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let index = any::<prop::sample::Index>;
    let event = prop_oneof![
        3 => (prop::sample::select(vec!['a', 'b', 'c']), any::<bool>())
            .prop_map(|(place, fresh)| Event::Put(place, fresh)),
        2 => index().prop_map(Event::Opened),
        1 => index().prop_map(Event::Failed),
        2 => index().prop_map(Event::Free),
        1 => index().prop_map(Event::Died),
        1 => index().prop_map(Event::Withdraw),
    ];
    prop::collection::vec(event, 0..80)
}

/// What happens outside of the pool.
struct World {
    pool: Tested,
    connecting: Vec<(char, u64)>,
    busy: Vec<(char, u64)>,
    kept: Vec<(char, u64)>,
    waiting: HashSet<u64>,
}

impl World {
    fn freed(&mut self, place: char, lane: u64, freed: Freed<u64>) {
        match freed {
            Freed::Next(id) => {
                assert!(self.waiting.remove(&id), "{id} is served twice");
                self.busy.push((place, lane));
            }
            Freed::Keep => self.kept.push((place, lane)),
            Freed::Close => self.lost(place, lane),
        }
    }

    fn lost(&mut self, place: char, lane: u64) {
        let (failed, next) = self.pool.lost(&place, &lane, lane);
        if let Some(id) = failed {
            assert!(self.waiting.remove(&id), "{id} fails twice");
        }
        self.connecting.extend(next.map(|next| (next.place, next.number)));
    }

    fn put(&mut self, place: char, id: u64, fresh: bool) {
        match self.pool.put(&place, id, fresh, id) {
            Placed::Give(lane, _) => {
                assert!(!fresh);
                let index = self.kept.iter().position(|kept| *kept == (place, lane)).unwrap();
                let kept = self.kept.swap_remove(index);
                self.busy.push(kept);
            }
            Placed::Connect(number, evicted) => {
                self.waiting.insert(id);
                self.connecting.push((place, number));
                if let Some(lane) = evicted {
                    let index = self.kept.iter().position(|kept| kept.1 == lane).unwrap();
                    let (place, lane) = self.kept.swap_remove(index);
                    self.lost(place, lane);
                }
            }
            Placed::Wait => drop(self.waiting.insert(id)),
            Placed::Full(_) => assert!(self.waiting.len() >= BOUNDS.waiting),
        }
    }

    fn happens(&mut self, id: u64, event: Event) {
        let take = |from: &mut Vec<(char, u64)>, index: prop::sample::Index| {
            (!from.is_empty()).then(|| from.swap_remove(index.index(from.len())))
        };
        match event {
            Event::Put(place, fresh) => self.put(place, id, fresh),
            Event::Opened(index) => {
                if let Some((place, lane)) = take(&mut self.connecting, index) {
                    let freed = self.pool.opened(&place, lane, lane);
                    self.freed(place, lane, freed);
                }
            }
            Event::Failed(index) => {
                if let Some((place, lane)) = take(&mut self.connecting, index) {
                    self.lost(place, lane);
                }
            }
            Event::Free(index) => {
                if let Some((place, lane)) = take(&mut self.busy, index) {
                    let freed = self.pool.free(&place, lane);
                    self.freed(place, lane, freed);
                }
            }
            Event::Died(index) => {
                let of = if id.is_multiple_of(2) { &mut self.busy } else { &mut self.kept };
                if let Some((place, lane)) = take(of, index) {
                    self.lost(place, lane);
                }
            }
            Event::Withdraw(index) => {
                let mut ids = self.waiting.iter().copied().collect::<Vec<_>>();
                ids.sort_unstable();
                if !ids.is_empty() {
                    let id = *index.get(&ids);
                    assert_eq!(self.pool.withdraw(id), Some(id));
                    self.waiting.remove(&id);
                }
            }
        }
    }

    fn check(&self) {
        let all = self.connecting.len() + self.busy.len() + self.kept.len();
        assert_eq!(self.pool.count(), (all, self.kept.len()));
        assert!(all <= BOUNDS.total, "{all} connections");
        assert!(self.waiting.len() <= BOUNDS.waiting);
        for place in ['a', 'b', 'c'] {
            let of = |list: &[(char, u64)]| list.iter().filter(|one| one.0 == place).count();
            assert!(of(&self.kept) <= BOUNDS.idle);
            assert!(of(&self.kept) + of(&self.busy) + of(&self.connecting) <= BOUNDS.per_place);
        }
        // Nobody waits for what will not come.
        let some = !self.connecting.is_empty() || !self.busy.is_empty();
        assert!(self.waiting.is_empty() || some, "somebody waits for nothing");
    }
}

proptest! {
    #[test]
    fn all_is_bounded_and_nobody_is_forgotten(events in events()) {
        let mut world = World {
            pool: Tested::new(BOUNDS),
            connecting: Vec::new(),
            busy: Vec::new(),
            kept: Vec::new(),
            waiting: HashSet::new(),
        };
        for (id, event) in events.into_iter().enumerate() {
            world.happens(id as u64, event);
            world.check();
        }
        // Whatever is under way ends, and then nobody waits any more.
        for _ in 0..200 {
            if let Some((place, lane)) = world.connecting.pop().or_else(|| world.busy.pop()) {
                world.lost(place, lane);
            }
        }
        prop_assert!(world.waiting.is_empty(), "{:?}", world.waiting);
        prop_assert_eq!(world.pool.places.values().map(|there| there.idle.len()).sum::<usize>(),
            world.kept.len());
    }
}
