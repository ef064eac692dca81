//! A folder whose files are all in a cache.

use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::shared::{Loaded, Shared};
use crate::error::{Error, Result};
use crate::http::files::folder::Folder;
use crate::http::files::pattern::Pattern;
use crate::http::files::watch::{Observer, Watch};

pub(in crate::http::files) struct Tree {
    folder: Arc<Folder>,
    _watch: Watch,
}

impl Tree {
    /// Reads all files, and then those that change; how many there are.
    pub(super) fn new(
        shared: &Arc<Shared>,
        path: &Path,
        prefix: &str,
        filter: &str,
        timeout: Duration,
    ) -> Result<(Self, usize)> {
        fs::read_dir(path).map_err(|error| Error::io("read a folder", error).on(path.display()))?;
        let mut folder = Folder::new(path.to_path_buf());
        folder.prefix = prefix.trim_end_matches('/').to_owned();
        folder.max_age = Some(timeout);
        folder.timeout = timeout;
        // Each file has a key of its own.
        folder.precompressed = false;
        let folder = Arc::new(folder);
        let reader = Reader {
            cache: Arc::downgrade(shared),
            folder: Arc::clone(&folder),
            pattern: Pattern::new(filter),
        };
        // Watched before it is read, so that nothing happens in between.
        let watch = Watch::default();
        watch.start(reader.clone());
        let count = reader.read_folder("", 0);
        Ok((Self { folder, _watch: watch }, count))
    }

    pub(super) fn is_at(&self, path: &Path) -> bool {
        self.folder.root == path
    }

    /// Whether it puts files of this folder under these keys.
    pub(super) fn is(&self, path: &Path, prefix: &str) -> bool {
        self.is_at(path) && self.folder.prefix == prefix.trim_end_matches('/')
    }

    /// Puts nothing more into the cache.
    pub(super) fn end(self) -> Arc<Folder> {
        Arc::clone(&self.folder)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        // The watcher may be in the middle of telling something.
        self.folder.over.store(true, Ordering::Relaxed);
    }
}

/// Reads files into the cache.
#[derive(Clone)]
struct Reader {
    cache: Weak<Shared>,
    folder: Arc<Folder>,
    pattern: Pattern,
}

impl Reader {
    /// Reads what is in a folder, as deep as paths go.
    fn read_folder(&self, path: &str, depth: usize) -> usize {
        let entries = fs::read_dir(self.folder.root.join(path));
        let mut count = 0;
        for entry in entries.into_iter().flatten().flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            if !self.folder.shows([&name].into_iter()) {
                continue;
            }
            let path = if path.is_empty() { name } else { format!("{path}/{name}") };
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth < DEEPEST => {
                    count += self.read_folder(&path, depth + 1);
                }
                Ok(kind) if kind.is_file() || kind.is_symlink() => {
                    count += usize::from(self.read_file(&path));
                }
                _ => {}
            }
        }
        count
    }

    fn read_file(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or_default();
        let Some(cache) = self.cache.upgrade().filter(|_| self.pattern.matches(name)) else {
            return false;
        };
        let now = Instant::now();
        let Ok(opened) = self.folder.open(path) else { return false };
        match cache.load(&self.folder, path, &self.folder.key(path), opened, now) {
            Ok(Loaded::Whole(entry)) => cache.insert(entry, now),
            Ok(Loaded::Open(_)) | Err(_) => false,
        }
    }
}

impl Observer for Reader {
    fn folder(&self) -> &Arc<Folder> {
        &self.folder
    }

    fn cache(&self) -> Option<Arc<Shared>> {
        self.cache.upgrade()
    }

    fn appeared(&self, path: &str, is_folder: bool) {
        if !self.folder.shows(path.split('/')) {
            return;
        }
        if is_folder {
            self.read_folder(path, 0);
        } else {
            self.read_file(path);
        }
    }
}

/// Folders within folders.
const DEEPEST: usize = 64;
