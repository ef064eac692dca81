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

    /// Puts an entry in the place of the one with its key, if there is room for it at all.
    pub(super) fn insert(&mut self, entry: Arc<Entry>, limit: usize, now: Instant) -> Gone {
        entry.touch(now);
        let mut gone = Vec::from_iter(self.remove(&entry.key));
        if entry.weight > limit {
            return gone;
        }
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
