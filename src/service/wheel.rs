//! A hierarchical timing wheel: the timers of one event-loop.
//!
//! The scheme is that of G. Varghese and A. Lauck, "Hashed and Hierarchical Timing Wheels" (1987).
//! Level 0 has one slot per tick, and a slot of each further level covers the whole level below
//! it: 64 slots per level, 11 levels, so every `u64` is a deadline that has its place.
//!
//! A timer's level is that of the highest base-64 digit in which its deadline differs from the
//! current tick, its slot the deadline's digit there. Three things follow:
//!
//! - Within a level every timer lies ahead of the current tick, and no slot ever wraps; the
//!   earliest timer is in the lowest occupied slot of the lowest occupied level.
//! - The place follows from the deadline alone and needs no storage.
//! - Timers of one tick share one list at any moment, whenever they were inserted, and lists only
//!   ever move as a whole and in order: equal deadlines expire in the order of insertion.
//!
//! A deadline that has been reached already counts as the current tick, so it waits in level 0.
//!
//! Costs: [`Wheel::insert`], [`Wheel::remove`] and [`Wheel::next`] are O(1). [`Wheel::advance`]
//! moves a timer down at most once per level over its whole life, and skips empty slots by
//! bitmap, so the distance jumped does not count. Deadlines in the past are sorted when they are
//! expired, and only there does an order cost more than O(1) a timer.
//!
//! Memory: 11 KiB for the slots, and per timer 20 bytes plus an `Option<T>`, rounded up to the
//! alignment: 32 bytes for a `u32` or a `Box`, 40 for a `u64`. The slab of timers grows with the
//! largest number at one time, and is given back when the wheel becomes empty.

use std::mem;

/// The bits of a digit: what one level resolves.
const BITS: usize = 6;
const SLOTS: usize = 1 << BITS;
const LEVELS: usize = u64::BITS.div_ceil(BITS as u32) as usize;

/// No entry.
const NIL: u32 = u32::MAX;

/// The most entries that an empty wheel keeps memory for.
const KEPT: usize = 1024;

/// Timers by their deadline, a tick. It has no clock: the current tick is what
/// [`Wheel::advance`] was last told.
pub(super) struct Wheel<T> {
    now: u64,
    /// Which slots have timers, by level.
    occupied: [u64; LEVELS],
    /// The slots of all levels, level by level.
    lists: Box<[List]>,
    entries: Vec<Entry<T>>,
    /// The first vacant entry; they are linked by `next`.
    free: u32,
    len: usize,
    /// That of the last insertion. It counts across all entries, not for each, so that keys stay
    /// stale when the slab is given back and starts anew.
    generation: u32,
}

/// Names a timer, and after that has expired or was removed, nothing: only 2^32 further
/// insertions could make an old key valid again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    index: u32,
    generation: u32,
}

/// The timers of a slot, linked in the order of insertion.
#[derive(Clone, Copy)]
struct List {
    head: u32,
    tail: u32,
    /// The earliest deadline that was added since the list was empty. Removal does not raise it.
    floor: u64,
}

struct Entry<T> {
    due: u64,
    /// None when vacant.
    value: Option<T>,
    prev: u32,
    next: u32,
    generation: u32,
}

impl<T> Wheel<T> {
    /// An empty wheel at tick 0.
    pub(super) fn new() -> Self {
        Self {
            now: 0,
            occupied: [0; LEVELS],
            lists: vec![List::EMPTY; LEVELS * SLOTS].into_boxed_slice(),
            entries: Vec::new(),
            free: NIL,
            len: 0,
            generation: 0,
        }
    }

    /// Adds a timer. If `due` has been reached, the next call of [`Wheel::advance`] expires it,
    /// whatever tick it is given.
    pub(super) fn insert(&mut self, due: u64, value: T) -> Key {
        self.generation = self.generation.wrapping_add(1);
        let generation = self.generation;
        let entry = Entry { due, value: Some(value), prev: NIL, next: NIL, generation };
        let index = self.occupy(entry);
        self.append(index);
        self.len += 1;
        Key { index, generation }
    }

    /// Takes a timer out; None if it has expired or was removed.
    pub(super) fn remove(&mut self, key: Key) -> Option<T> {
        let entry = self.entries.get_mut(key.index as usize)?;
        if entry.generation != key.generation {
            return None;
        }
        let value = entry.value.take()?;
        let (due, prev) = (entry.due, entry.prev);
        let next = mem::replace(&mut entry.next, self.free);
        self.free = key.index;
        self.len -= 1;
        self.unlink(due, prev, next);
        self.give_back();
        Some(value)
    }

    /// Moves the current tick to `now` and pushes what is due, by deadline and for equal ones in
    /// the order of insertion. The current tick never moves backwards: an earlier `now` stands
    /// for the current one.
    pub(super) fn advance(&mut self, now: u64, expired: &mut Vec<T>) {
        let now = now.max(self.now);
        while let Some(slot) = self.first() {
            let start = self.start(slot);
            if start > now {
                break;
            }
            if slot < SLOTS {
                self.now = start;
                self.expire(slot, expired);
            } else {
                self.cascade(slot, now);
            }
        }
        self.now = now;
        self.give_back();
    }

    /// The tick at which to call [`Wheel::advance`]; None when the wheel is empty.
    ///
    /// It is never later than the earliest deadline, and it is that deadline unless a timer with
    /// an earlier one was removed from the same slot. It is later than the current tick unless a
    /// deadline has been reached, so following it always makes progress.
    pub(super) fn next(&self) -> Option<u64> {
        self.first().map(|slot| self.lists[slot].floor)
    }

    /// The number of timers.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The slot with the earliest timers.
    fn first(&self) -> Option<usize> {
        let level = self.occupied.iter().position(|&slots| slots != 0)?;
        Some(level * SLOTS + self.occupied[level].trailing_zeros() as usize)
    }

    /// The first tick of an occupied slot.
    fn start(&self, slot: usize) -> u64 {
        let shift = slot / SLOTS * BITS;
        let digits = self.now >> shift;
        (digits - digits % SLOTS as u64 + (slot % SLOTS) as u64) << shift
    }

    /// The slot that a deadline belongs to at the current tick.
    fn place(&self, due: u64) -> usize {
        let due = due.max(self.now);
        // Setting the lowest digit changes no level but gives level 0 to no difference at all.
        let differing = (due ^ self.now) | (SLOTS as u64 - 1);
        let level = differing.ilog2() as usize / BITS;
        level * SLOTS + (due >> (level * BITS)) as usize % SLOTS
    }

    /// Expires a slot of level 0, whose tick is the current one.
    fn expire(&mut self, slot: usize, expired: &mut Vec<T>) {
        let list = self.lists[slot];
        if list.floor < self.now && list.head != list.tail {
            self.sort(slot);
        }
        let mut index = self.detach(slot).head;
        while let Some(entry) = self.entries.get_mut(index as usize) {
            if let Some(value) = entry.value.take() {
                expired.push(value);
                self.len -= 1;
            }
            let next = mem::replace(&mut entry.next, self.free);
            self.free = mem::replace(&mut index, next);
        }
    }

    /// Brings a slot whose deadlines had been reached when they were inserted into their order.
    fn sort(&mut self, slot: usize) {
        let mut order = Vec::new();
        let mut index = self.detach(slot).head;
        while let Some(entry) = self.entries.get(index as usize) {
            order.push((entry.due, index));
            index = entry.next;
        }
        order.sort_by_key(|&(due, _)| due);
        for (_, index) in order {
            self.append(index);
        }
    }

    /// Moves the current tick into a slot, up to `limit`, and its timers to the levels below.
    fn cascade(&mut self, slot: usize, limit: u64) {
        let list = self.detach(slot);
        // As far as the deadlines permit, not just to the start of the slot: that saves levels.
        self.now = list.floor.min(limit);
        let mut index = list.head;
        while let Some(entry) = self.entries.get(index as usize) {
            let next = entry.next;
            self.append(index);
            index = next;
        }
    }

    /// Adds an entry at the end of the slot that it belongs to.
    fn append(&mut self, index: u32) {
        let due = self.entries[index as usize].due;
        let slot = self.place(due);
        let list = &mut self.lists[slot];
        list.floor = list.floor.min(due);
        let tail = mem::replace(&mut list.tail, index);
        if let Some(last) = self.entries.get_mut(tail as usize) {
            last.next = index;
        } else {
            list.head = index;
            self.occupied[slot / SLOTS] |= 1 << (slot % SLOTS);
        }
        let entry = &mut self.entries[index as usize];
        entry.prev = tail;
        entry.next = NIL;
    }

    /// Closes the gap that an entry leaves between its neighbours.
    fn unlink(&mut self, due: u64, prev: u32, next: u32) {
        let slot = self.place(due);
        if prev == NIL && next == NIL {
            self.detach(slot);
            return;
        }
        match self.entries.get_mut(prev as usize) {
            Some(entry) => entry.next = next,
            None => self.lists[slot].head = next,
        }
        match self.entries.get_mut(next as usize) {
            Some(entry) => entry.prev = prev,
            None => self.lists[slot].tail = prev,
        }
    }

    /// Empties a slot, and returns what it had.
    fn detach(&mut self, slot: usize) -> List {
        self.occupied[slot / SLOTS] &= !(1 << (slot % SLOTS));
        mem::replace(&mut self.lists[slot], List::EMPTY)
    }

    /// Stores an entry, and returns its index.
    fn occupy(&mut self, entry: Entry<T>) -> u32 {
        if let Some(vacant) = self.entries.get_mut(self.free as usize) {
            let next = vacant.next;
            *vacant = entry;
            return mem::replace(&mut self.free, next);
        }
        let index = u32::try_from(self.entries.len()).ok().filter(|&index| index != NIL);
        let index = index.expect("fewer timers than 2^32 - 1: they would take 100 GB");
        self.entries.push(entry);
        index
    }

    /// Frees the slab when it is empty, which also makes its order sequential again.
    fn give_back(&mut self) {
        if self.len > 0 {
            return;
        }
        if self.entries.capacity() > KEPT {
            self.entries = Vec::new();
        } else {
            self.entries.clear();
        }
        self.free = NIL;
    }
}

impl List {
    const EMPTY: Self = Self { head: NIL, tail: NIL, floor: u64::MAX };
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Values are numbered in the order of insertion.
    #[derive(Default)]
    struct Model {
        now: u64,
        timers: BTreeMap<(u64, u64), Key>,
        /// All keys ever returned, valid or not.
        keys: Vec<(Key, u64)>,
    }

    /// A tick: `base` is 0 for the current one, 1 for zero, 2 for the last one and 3 for what
    /// `next` says.
    #[derive(Clone, Debug)]
    struct Tick {
        base: u8,
        ahead: bool,
        distance: u64,
    }

    #[derive(Clone, Debug)]
    enum Step {
        Insert(Tick),
        /// The same deadline as that of an earlier insertion.
        Again(prop::sample::Index),
        Remove(prop::sample::Index),
        Advance(Tick),
    }

    fn tick() -> impl Strategy<Value = Tick> {
        // Distances of all magnitudes, the edges of the levels among them.
        let edge = (0..u64::BITS, 0..3_u64).prop_map(|(bit, by)| (1_u64 << bit) - 1 + by);
        let scaled = (any::<u64>(), 0..u64::BITS).prop_map(|(any, by)| any >> by);
        let distance = prop_oneof![4 => 0..200_u64, 4 => 0..300_000_u64, 2 => edge, 1 => scaled];
        let base = prop_oneof![20 => Just(0), 1 => Just(1), 1 => Just(2), 6 => Just(3)];
        (base, prop::bool::weighted(0.8), distance).prop_map(|(base, ahead, distance)| Tick {
            base,
            ahead,
            distance,
        })
    }

    /// Mostly such that the wheel is not at its last tick after a few steps.
    fn advance() -> impl Strategy<Value = Step> {
        let near = prop_oneof![0..200_u64, 0..5_000_u64, 0..300_000_u64];
        let to_next = (0..3_u64).prop_map(|by| Tick { base: 3, ahead: true, distance: by });
        let near = near.prop_map(|by| Tick { base: 0, ahead: true, distance: by });
        prop_oneof![10 => near, 10 => to_next, 1 => tick()].prop_map(Step::Advance)
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            6 => tick().prop_map(Step::Insert),
            4 => any::<prop::sample::Index>().prop_map(Step::Again),
            4 => any::<prop::sample::Index>().prop_map(Step::Remove),
            5 => advance(),
        ];
        prop::collection::vec(step, 1..200)
    }

    impl Model {
        fn tick(&self, tick: &Tick, next: Option<u64>) -> u64 {
            let base = [self.now, 0, u64::MAX, next.unwrap_or(self.now)][tick.base as usize];
            if tick.ahead {
                base.saturating_add(tick.distance)
            } else {
                base.saturating_sub(tick.distance)
            }
        }

        fn run(&mut self, step: &Step, wheel: &mut Wheel<u64>) {
            match step {
                Step::Insert(tick) => self.insert(self.tick(tick, wheel.next()), wheel),
                Step::Again(_) | Step::Remove(_) if self.keys.is_empty() => {}
                Step::Again(which) => self.insert(which.get(&self.keys).1, wheel),
                Step::Remove(which) => self.remove(which.index(self.keys.len()), wheel),
                Step::Advance(tick) => self.advance(self.tick(tick, wheel.next()), wheel),
            }
        }

        fn insert(&mut self, due: u64, wheel: &mut Wheel<u64>) {
            let value = self.keys.len() as u64;
            let key = wheel.insert(due, value);
            self.keys.push((key, due));
            self.timers.insert((due, value), key);
        }

        fn remove(&mut self, which: usize, wheel: &mut Wheel<u64>) {
            let (key, due) = self.keys[which];
            let expected = self.timers.remove(&(due, which as u64)).map(|_| which as u64);
            assert_eq!(wheel.remove(key), expected);
        }

        fn advance(&mut self, to: u64, wheel: &mut Wheel<u64>) {
            self.now = self.now.max(to);
            let later = match self.now.checked_add(1) {
                Some(first) => self.timers.split_off(&(first, 0)),
                None => BTreeMap::new(),
            };
            let due = mem::replace(&mut self.timers, later);
            let mut expired = vec![u64::MAX];
            wheel.advance(to, &mut expired);
            assert_eq!(expired[0], u64::MAX);
            assert!(expired[1..].iter().eq(due.keys().map(|(_, value)| value)));
        }

        fn check(&self, wheel: &Wheel<u64>) {
            assert_eq!(wheel.len(), self.timers.len());
            let earliest = self.timers.keys().next().map(|&(due, _)| due);
            assert_eq!(wheel.next().is_none(), earliest.is_none());
            if let (Some(next), Some(earliest)) = (wheel.next(), earliest) {
                assert!(next <= earliest);
                assert!(next > self.now || earliest <= self.now);
                assert!(next == earliest || earliest <= self.now || wheel.place(earliest) >= SLOTS);
            }
            check_lists(wheel);
        }
    }

    /// Every timer is linked once, both ways, in the slot that it belongs to.
    fn check_lists(wheel: &Wheel<u64>) {
        let mut linked = 0;
        for (slot, list) in wheel.lists.iter().enumerate() {
            let occupied = wheel.occupied[slot / SLOTS] >> (slot % SLOTS) & 1 == 1;
            assert_eq!(occupied, list.head != NIL);
            let (mut prev, mut index) = (NIL, list.head);
            while index != NIL {
                let entry = &wheel.entries[index as usize];
                assert_eq!((entry.prev, wheel.place(entry.due)), (prev, slot));
                assert!(entry.value.is_some() && list.floor <= entry.due);
                linked += 1;
                (prev, index) = (index, entry.next);
            }
            assert_eq!(list.tail, prev);
        }
        assert_eq!(linked, wheel.len());
    }

    fn advanced<T>(wheel: &mut Wheel<T>, now: u64) -> Vec<T> {
        let mut expired = Vec::new();
        wheel.advance(now, &mut expired);
        expired
    }

    proptest! {
        #[test]
        fn behaves_like_a_sorted_map(steps in steps()) {
            let (mut model, mut wheel) = (Model::default(), Wheel::new());
            for step in &steps {
                model.run(step, &mut wheel);
                model.check(&wheel);
            }
            model.advance(u64::MAX, &mut wheel);
            model.check(&wheel);
        }

        #[test]
        fn following_next_never_expires_late(dues in prop::collection::vec(0..1_u64 << 40, 1..50)) {
            let (mut model, mut wheel) = (Model::default(), Wheel::new());
            dues.iter().for_each(|&due| model.insert(due, &mut wheel));
            while let Some(next) = wheel.next() {
                prop_assert!(next > model.now || next == 0);
                model.advance(next, &mut wheel);
                model.check(&wheel);
            }
        }
    }

    #[test]
    fn equal_deadlines_expire_in_order_of_insertion_across_levels() {
        const DUE: u64 = 64 * 64 * 64 + 2 * 64 * 64 + 3 * 64 + 4;
        let mut wheel = Wheel::new();
        // Each insertion happens one level further down than the one before it.
        for (value, now) in
            [0, DUE - 2 * 64 * 64, DUE - 2 * 64, DUE - 2, DUE - 1].iter().enumerate()
        {
            assert!(advanced(&mut wheel, *now).is_empty());
            wheel.insert(DUE, value);
        }
        assert_eq!(advanced(&mut wheel, DUE), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn late_calls_expire_everything_in_order() {
        let mut wheel = Wheel::new();
        for due in [u64::MAX, 1 << 40, 5, 70, u64::MAX - 1, 5_000, 0, 69] {
            wheel.insert(due, due);
        }
        let expected = [0, 5, 69, 70, 5_000, 1 << 40, u64::MAX - 1, u64::MAX];
        assert_eq!(advanced(&mut wheel, u64::MAX), expected);
        assert_eq!((wheel.len(), wheel.next()), (0, None));
        wheel.insert(u64::MAX, 1);
        assert_eq!(wheel.next(), Some(u64::MAX));
        assert_eq!(advanced(&mut wheel, u64::MAX), [1]);
    }

    #[test]
    fn reached_deadlines_expire_with_the_next_call_by_deadline() {
        let mut wheel = Wheel::new();
        assert!(advanced(&mut wheel, 1_000).is_empty());
        for (value, due) in [1_000, 7, 999, 7, 1_001].into_iter().enumerate() {
            wheel.insert(due, value);
        }
        assert_eq!(wheel.next(), Some(7));
        assert_eq!(advanced(&mut wheel, 1_000), [1, 3, 2, 0]);
        assert_eq!(wheel.next(), Some(1_001));
    }

    #[test]
    fn the_current_tick_never_moves_backwards() {
        let mut wheel = Wheel::new();
        advanced(&mut wheel, 1_000);
        wheel.insert(900, 'a');
        wheel.insert(1_001, 'b');
        assert_eq!(advanced(&mut wheel, 10), ['a']);
        assert!(advanced(&mut wheel, 1_000).is_empty());
        assert_eq!(advanced(&mut wheel, 1_001), ['b']);
    }

    #[test]
    fn nothing_expires_early() {
        for due in [1, 63, 64, 65, 4_095, 4_096, 1 << 18, (1 << 60) + 1, u64::MAX] {
            let mut wheel = Wheel::new();
            wheel.insert(due, due);
            assert!(advanced(&mut wheel, due / 2).is_empty());
            assert!(advanced(&mut wheel, due - 1).is_empty());
            assert_eq!(advanced(&mut wheel, due), [due]);
        }
    }

    #[test]
    fn a_stale_key_does_not_remove_what_reuses_its_entry() {
        let mut wheel = Wheel::new();
        let kept = wheel.insert(9, 'k');
        let removed = wheel.insert(5, 'a');
        assert_eq!(wheel.remove(removed), Some('a'));
        assert_eq!(wheel.remove(removed), None);
        let expired = wheel.insert(6, 'b');
        assert_eq!(expired.index, removed.index);
        assert_eq!(wheel.remove(removed), None);
        assert_eq!(advanced(&mut wheel, 6), ['b']);
        assert_eq!(wheel.remove(expired), None);
        // The slab starts anew when the last timer is gone.
        assert_eq!(wheel.remove(kept), Some('k'));
        let anew = wheel.insert(9, 'n');
        assert_eq!(anew.index, kept.index);
        assert_eq!(wheel.remove(kept), None);
        assert_eq!(wheel.remove(anew), Some('n'));
    }

    #[test]
    fn next_is_the_earliest_deadline_or_before_it() {
        let mut wheel = Wheel::new();
        assert_eq!(wheel.next(), None);
        // A single far timer needs no calls on its way down.
        let far = wheel.insert(1 << 40, 0);
        assert_eq!(wheel.next(), Some(1 << 40));
        let near = wheel.insert(5_000, 1);
        wheel.insert(5_050, 2);
        assert_eq!(wheel.next(), Some(5_000));
        assert_eq!(wheel.remove(near), Some(1));
        assert_eq!(wheel.next(), Some(5_000));
        assert!(advanced(&mut wheel, 5_000).is_empty());
        assert_eq!(wheel.next(), Some(5_050));
        assert_eq!(advanced(&mut wheel, 5_050), [2]);
        assert_eq!(wheel.remove(far), Some(0));
        assert_eq!(wheel.next(), None);
    }

    #[test]
    fn memory_is_given_back_after_a_burst() {
        let mut wheel = Wheel::new();
        let mut keys: Vec<_> = (0..100_000).map(|i| wheel.insert(i * 7 % 65_536, i)).collect();
        assert!(wheel.entries.capacity() >= keys.len());
        assert_eq!(advanced(&mut wheel, 65_536).len(), keys.len());
        assert!(wheel.entries.capacity() <= KEPT);
        keys = keys.iter().map(|key| wheel.insert(100_000, u64::from(key.index))).collect();
        assert!(keys.iter().all(|&key| wheel.remove(key).is_some()));
        assert!(wheel.entries.capacity() <= KEPT);
    }

    #[test]
    fn an_entry_is_small() {
        assert_eq!(size_of::<Entry<u32>>(), 32);
        assert_eq!(size_of::<Entry<Box<u64>>>(), 32);
        assert_eq!(size_of::<Entry<u64>>(), 40);
        assert_eq!(size_of::<Key>(), 8);
    }
}
