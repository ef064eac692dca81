//! Entries by their keys, up to so many bytes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use slab::Slab;

use super::entry::Entry;

/// Entries, of which those that nobody wants go first when there are too many.
///
/// It drops nothing by itself: what it takes out it gives back, as that may be the program's own
/// bytes, which are not to be dropped while the store is locked.
#[derive(Default)]
pub(super) struct Store {
    places: HashMap<Box<str>, usize>,
    entries: Slab<Arc<Entry>>,
    bytes: usize,
    /// The place that is looked at next for one that can go.
    hand: usize,
    purged: Option<Instant>,
}

/// What was taken out.
pub(super) type Gone = Vec<Arc<Entry>>;

impl Store {
    pub(super) fn get(&self, key: &str) -> Option<&Arc<Entry>> {
        self.entries.get(*self.places.get(key)?)
    }

    /// Puts an entry, which is not heavier than the limit, in the place of the one with its key.
    pub(super) fn insert(&mut self, entry: Arc<Entry>, limit: usize, now: Instant) -> Gone {
        entry.touch(now);
        let mut gone = Vec::from_iter(self.remove(&entry.key));
        if self.purged.is_none_or(|purged| now.saturating_duration_since(purged) >= PURGE) {
            gone.append(&mut self.purge(now));
        }
        while self.bytes + entry.weight > limit {
            match self.evict() {
                Some(evicted) => gone.push(evicted),
                None => break,
            }
        }
        self.bytes += entry.weight;
        let key = entry.key.clone();
        let place = self.entries.insert(entry);
        self.places.insert(key, place);
        gone
    }

    pub(super) fn remove(&mut self, key: &str) -> Option<Arc<Entry>> {
        let place = self.places.remove(key)?;
        let entry = self.entries.try_remove(place)?;
        self.bytes -= entry.weight;
        Some(entry)
    }

    /// Removes an entry, unless there is another in its place.
    pub(super) fn remove_this(&mut self, entry: &Arc<Entry>) -> Option<Arc<Entry>> {
        let same = self.get(&entry.key).is_some_and(|known| Arc::ptr_eq(known, entry));
        if same { self.remove(&entry.key) } else { None }
    }

    /// Removes those of which this is true.
    pub(super) fn remove_if(&mut self, mut is_bad: impl FnMut(&Entry) -> bool) -> Gone {
        let bad = self.entries.iter().filter(|(_, entry)| is_bad(entry));
        let bad = bad.map(|(_, entry)| Arc::clone(entry)).collect::<Vec<_>>();
        bad.iter().filter_map(|entry| self.remove(&entry.key)).collect()
    }

    /// Removes what has expired.
    pub(super) fn purge(&mut self, now: Instant) -> Gone {
        self.purged = Some(now);
        self.remove_if(|entry| entry.is_expired(now))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries.iter().map(|(_, entry)| entry)
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes out, of the next few, the one that nobody has wanted for the longest time.
    fn evict(&mut self) -> Option<Arc<Entry>> {
        let mut oldest: Option<&Arc<Entry>> = None;
        let mut left = SAMPLE;
        for _ in 0..self.entries.capacity() {
            self.hand = if self.hand + 1 < self.entries.capacity() { self.hand + 1 } else { 0 };
            let Some(entry) = self.entries.get(self.hand) else { continue };
            if oldest.is_none_or(|oldest| entry.touched() < oldest.touched()) {
                oldest = Some(entry);
            }
            left -= 1;
            if left == 0 {
                break;
            }
        }
        let key = oldest?.key.clone();
        self.remove(&key)
    }
}

/// Of as many the oldest goes, which is as good as the oldest of all, and needs no order to be kept.
const SAMPLE: usize = 8;

/// How often expired entries are looked for that nobody asks for.
const PURGE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::http::files::cache::Variant;
    use crate::http::files::version::Version;

    #[derive(Clone, Debug)]
    enum Operation {
        /// A key, how many bytes, and how long it counts.
        Insert(u8, usize, u64),
        Remove(u8),
        Find(u8),
        Purge,
        Wait(u64),
    }

    fn operation() -> impl Strategy<Value = Operation> {
        let key = 0..40u8;
        prop_oneof![
            8 => (key.clone(), 0..3000usize, 0..100u64)
                .prop_map(|(key, len, time)| Operation::Insert(key, len, time)),
            2 => key.clone().prop_map(Operation::Remove),
            4 => key.prop_map(Operation::Find),
            1 => Just(Operation::Purge),
            2 => (0..50u64).prop_map(Operation::Wait),
        ]
    }

    fn entry(key: u8, len: usize, expires: Instant, now: Instant) -> Arc<Entry> {
        let body = Bytes::from(vec![key; len]);
        let variant = Variant { coding: None, version: Version::default(), body };
        Arc::new(Entry::new(&key.to_string(), vec![variant], Some(expires), None, now))
    }

    proptest! {
        #[test]
        fn what_is_in_is_what_was_put_in(operations in prop::collection::vec(operation(), 1..200)) {
            let (mut store, mut model) = (Store::default(), HashMap::new());
            let mut now = Instant::now();
            for operation in operations {
                let gone = match operation {
                    Operation::Insert(key, len, time) => {
                        let entry = entry(key, len, now + Duration::from_millis(time), now);
                        if entry.weight > LIMIT {
                            continue;
                        }
                        let gone = store.insert(Arc::clone(&entry), LIMIT, now);
                        gone.iter().for_each(|gone| drop(model.remove(&*gone.key)));
                        model.insert(entry.key.clone(), entry);
                        Vec::new()
                    }
                    Operation::Remove(key) => Vec::from_iter(store.remove(&key.to_string())),
                    Operation::Find(key) => {
                        let (key, found) = (key.to_string(), store.get(&key.to_string()));
                        let same = found.zip(model.get(&*key)).map(|(is, was)| Arc::ptr_eq(is, was));
                        prop_assert_eq!(same.is_none(), !model.contains_key(&*key));
                        prop_assert_ne!(same, Some(false));
                        found.inspect(|found| found.touch(now));
                        Vec::new()
                    }
                    Operation::Purge => {
                        let gone = store.purge(now);
                        prop_assert!(gone.iter().all(|entry| entry.is_expired(now)));
                        prop_assert!(store.iter().all(|entry| !entry.is_expired(now)));
                        gone
                    }
                    Operation::Wait(millis) => {
                        now += Duration::from_millis(millis);
                        Vec::new()
                    }
                };
                gone.iter().for_each(|gone| drop(model.remove(&*gone.key)));
                prop_assert_eq!(store.len(), model.len());
                prop_assert!(store.bytes() <= LIMIT);
                prop_assert_eq!(store.bytes(), model.values().map(|entry| entry.weight).sum::<usize>());
            }
        }
    }

    #[test]
    fn what_was_wanted_last_stays() {
        let (mut store, begun) = (Store::default(), Instant::now());
        for number in 0..200u8 {
            let now = begun + Duration::from_millis(number.into());
            drop(store.insert(entry(number, 1000, now + PURGE, now), 20_000, now));
            store.get("0").expect("it is wanted all the time").touch(now);
            assert!(store.get(&number.to_string()).is_some());
        }
        assert!((10..20).contains(&store.len()), "{}", store.len());
    }

    const LIMIT: usize = 10_000;
}
