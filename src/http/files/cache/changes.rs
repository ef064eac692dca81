//! What a watcher's word means for a cache.

use std::sync::Arc;

use super::entry::Entry;
use super::shared::Shared;
use crate::http::files::folder::Folder;

impl Shared {
    /// Something in a folder has changed: what was read of it is read again when it is asked for.
    /// Whether the cache knows it.
    pub(in crate::http::files) fn changed(
        &self,
        folder: &Arc<Folder>,
        name: &str,
        is_folder: bool,
    ) -> bool {
        let store = self.read();
        if is_folder {
            let below = format!("{}/", folder.key(name));
            mark(store.iter().filter(|entry| entry.key.starts_with(&below)), folder);
            return false;
        }
        mark(folder.keys(name).iter().filter_map(|key| store.get(key)), folder);
        store.get(&folder.key(name)).is_some()
    }

    /// Something is not in a folder any more, nor what was in it.
    pub(in crate::http::files) fn vanished(&self, folder: &Arc<Folder>, name: &str) {
        let key = folder.key(name);
        let was_file = self.changed(folder, name, false);
        let below = format!("{key}/");
        // Going through all entries is for what may have been a folder.
        if was_file {
            self.remove_if_of(&key, folder);
        } else {
            self.remove_if(|entry| entry.is_of(folder) && entry.key.starts_with(&below));
        }
    }

    /// Anything in a folder may have changed.
    pub(in crate::http::files) fn mark_all(&self, folder: &Arc<Folder>) {
        mark(self.read().iter(), folder);
    }
}

fn mark<'e>(entries: impl Iterator<Item = &'e Arc<Entry>>, folder: &Arc<Folder>) {
    entries.for_each(|entry| entry.mark(folder));
}
