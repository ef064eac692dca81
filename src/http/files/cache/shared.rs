//! What the handles of a cache share.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

use super::entry::{Entry, Origin, State};
use super::store::Store;
use super::tree::Tree;
use crate::http::files::folder::{Folder, Opened};
use crate::http::files::load::Offer;

pub(in crate::http::files) struct Shared {
    store: RwLock<Store>,
    limit: usize,
    pub(super) file_limit: AtomicUsize,
    pub(super) trees: Mutex<Vec<Tree>>,
}

/// A file on its way into memory.
pub(in crate::http::files) enum Loaded {
    Whole(Arc<Entry>),
    /// It has to be sent from the disk.
    Open(Offer),
}

impl Shared {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            store: RwLock::default(),
            limit,
            file_limit: AtomicUsize::new(FILE),
            trees: Mutex::default(),
        }
    }

    /// Content under a key, as it is now: what has changed or expired is read again.
    #[inline]
    pub(in crate::http::files) fn current(&self, key: &str, now: Instant) -> Option<Arc<Entry>> {
        let entry = Arc::clone(self.read().get(key)?);
        entry.touch(now);
        match entry.state(now) {
            State::Good => Some(entry),
            State::Unsure if entry.origin.as_ref().is_none_or(|origin| origin.is_same()) => {
                Some(entry)
            }
            State::Unsure | State::Expired => self.renew(&entry, now),
        }
    }

    /// Reads a file, if it is small enough.
    pub(in crate::http::files) fn load(
        &self,
        folder: &Arc<Folder>,
        path: &str,
        key: &str,
        mut opened: Opened,
        now: Instant,
    ) -> io::Result<Loaded> {
        for _ in 0..ATTEMPTS {
            let mut offer = Offer::of(folder, path, opened);
            if !offer.is_small(self.longest()) {
                return Ok(Loaded::Open(offer));
            }
            if let Some(entry) = offer.read(folder, path, key, now)? {
                return Ok(Loaded::Whole(Arc::new(entry)));
            }
            opened = folder.open(path)?;
        }
        Ok(Loaded::Open(Offer::of(folder, path, opened)))
    }

    /// False if there is no room for it at all.
    pub(in crate::http::files) fn insert(&self, entry: Arc<Entry>, now: Instant) -> bool {
        if entry.weight > self.limit {
            self.remove(&entry.key);
            return false;
        }
        let mut store = self.write();
        // Under the lock: who ends a folder removes its entries behind that.
        let over = entry.origin.as_ref().is_some_and(Origin::is_over);
        let gone = if over { Vec::new() } else { store.insert(entry, self.limit, now) };
        drop(store);
        drop(gone);
        !over
    }

    pub(in crate::http::files) fn remove(&self, key: &str) -> bool {
        let gone = self.write().remove(key);
        gone.is_some()
    }

    /// Removes what was read of a folder, if that is under the key.
    pub(super) fn remove_if_of(&self, key: &str, folder: &Arc<Folder>) {
        let mut store = self.write();
        let is_of = store.get(key).is_some_and(|entry| entry.is_of(folder));
        let gone = if is_of { store.remove(key) } else { None };
        drop(store);
        drop(gone);
    }

    pub(super) fn remove_if(&self, is_bad: impl FnMut(&Entry) -> bool) -> usize {
        let gone = self.write().remove_if(is_bad);
        gone.len()
    }

    /// How many entries there are, and their bytes, without those that have expired.
    pub(super) fn count(&self) -> (usize, usize) {
        let mut store = self.write();
        let gone = store.purge(Instant::now());
        let count = (store.len(), store.bytes());
        drop(store);
        drop(gone);
        count
    }

    pub(super) fn size(&self) -> (usize, usize) {
        let store = self.read();
        (store.len(), store.bytes())
    }

    /// Bytes of the longest file that is kept.
    pub(super) fn longest(&self) -> usize {
        self.file_limit.load(Ordering::Relaxed).min(self.limit)
    }

    /// Takes out the folders of which this is true.
    pub(super) fn take_trees(&self, is_wanted: impl Fn(&Tree) -> bool) -> Vec<Tree> {
        let mut trees = self.trees();
        let all = std::mem::take(&mut *trees);
        let (taken, left) = all.into_iter().partition(is_wanted);
        *trees = left;
        taken
    }

    /// Removes the files of these folders.
    pub(super) fn remove_of(&self, folders: &[Arc<Folder>]) {
        if !folders.is_empty() {
            self.remove_if(|entry| folders.iter().any(|folder| entry.is_of(folder)));
        }
    }

    pub(super) fn trees(&self) -> MutexGuard<'_, Vec<Tree>> {
        self.trees.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Store> {
        self.store.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Store> {
        self.store.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads again where an entry came from. If there is nothing now, or it came from nowhere, it goes.
    fn renew(&self, old: &Arc<Entry>, now: Instant) -> Option<Arc<Entry>> {
        let new = old.origin.as_ref().and_then(|origin| {
            let opened = origin.folder.open(&origin.path).ok()?;
            match self.load(&origin.folder, &origin.path, &old.key, opened, now) {
                Ok(Loaded::Whole(new)) => Some(new),
                Ok(Loaded::Open(_)) | Err(_) => None,
            }
        });
        let mut store = self.write();
        let mut gone = Vec::from_iter(store.remove_this(old));
        // What was removed or replaced meanwhile is the program's doing.
        let wanted = new.as_ref().filter(|new| new.weight <= self.limit && !gone.is_empty());
        if let Some(new) = wanted {
            gone.append(&mut store.insert(Arc::clone(new), self.limit, now));
        }
        drop(store);
        drop(gone);
        new
    }
}

/// How often a file is read that changes meanwhile.
const ATTEMPTS: usize = 3;

/// Bytes of the longest file that is kept, unless the program says otherwise.
const FILE: usize = 1 << 20;
