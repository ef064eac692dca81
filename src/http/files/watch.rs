//! Word of changes in a folder.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{Config, Event, RecommendedWatcher, RecursiveMode, Watcher};

use super::cache::Shared;
use super::folder::Folder;

/// Watches a folder, until it is dropped.
#[derive(Default)]
pub(super) struct Watch(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    watcher: Option<RecommendedWatcher>,
    tried: Option<Instant>,
}

/// Whom a watcher tells.
pub(super) trait Observer: Send + 'static {
    fn folder(&self) -> &Arc<Folder>;

    fn cache(&self) -> Option<Arc<Shared>>;

    /// There is something that the cache does not have.
    fn appeared(&self, path: &str, is_folder: bool);
}

impl Watch {
    /// Watches from here on, if the system can: until then, or otherwise, files have to be looked at
    /// again and again. It may take a while, as all folders within are watched one by one.
    pub(super) fn start(&self, observer: impl Observer) {
        let before = begin(observer).and_then(|watcher| lock(&self.0).watcher.replace(watcher));
        drop(before);
    }

    /// Has another thread start to watch, unless that was tried lately. Never waits.
    pub(super) fn start_soon(&self, now: Instant, observer: impl FnOnce() -> Box<dyn Observer>) {
        let mut state = lock(&self.0);
        let early = |tried| now.saturating_duration_since(tried) < PAUSE;
        if state.tried.is_some_and(early) {
            return;
        }
        state.tried = Some(now);
        drop(state);
        let (observer, state) = (observer(), Arc::downgrade(&self.0));
        let start = move || {
            let watcher = begin(observer);
            // Nobody is told any more if what it was for is gone.
            let before = state
                .upgrade()
                .zip(watcher)
                .and_then(|(state, watcher)| lock(&state).watcher.replace(watcher));
            drop(before);
        };
        if let Err(error) = thread::Builder::new().name(NAME.into()).spawn(start) {
            log::debug!(target: TARGET, "cannot start a thread to watch a folder: {error}");
        }
    }
}

impl Observer for Box<dyn Observer> {
    fn folder(&self) -> &Arc<Folder> {
        (**self).folder()
    }

    fn cache(&self) -> Option<Arc<Shared>> {
        (**self).cache()
    }

    fn appeared(&self, path: &str, is_folder: bool) {
        (**self).appeared(path, is_folder);
    }
}

fn begin(observer: impl Observer) -> Option<RecommendedWatcher> {
    let folder = Arc::clone(observer.folder());
    let root = fs::canonicalize(&folder.root).ok()?;
    if folders(&root, FOLDERS) == 0 {
        log::debug!(target: TARGET, "{} has too many folders to be watched", folder.root.display());
        return None;
    }
    let teller = Teller { observer, root: root.clone(), lost: AtomicBool::new(false) };
    // What a link leads to is told of under one name only, of many.
    let config = Config::default().with_follow_symlinks(false);
    let started = RecommendedWatcher::new(move |event| teller.tell(event), config);
    let watching = started.and_then(|mut watcher| {
        watcher.watch(&root, RecursiveMode::Recursive)?;
        Ok(watcher)
    });
    match watching {
        Ok(watcher) => {
            folder.watched.store(true, Ordering::Relaxed);
            Some(watcher)
        }
        Err(error) => {
            log::debug!(target: TARGET, "cannot watch {}: {error}", folder.root.display());
            None
        }
    }
}

/// Tells an observer's cache.
struct Teller<O: Observer> {
    observer: O,
    root: PathBuf,
    /// It cannot be relied on any more.
    lost: AtomicBool,
}

impl<O: Observer> Teller<O> {
    fn tell(&self, event: notify::Result<Event>) {
        let Some(cache) = self.observer.cache() else { return };
        match event {
            _ if self.lost.load(Ordering::Relaxed) => {}
            Ok(event) if event.need_rescan() => cache.mark_all(self.observer.folder()),
            Ok(event) if matters(event.kind) => {
                for path in &event.paths {
                    self.look_at(&cache, path, event.kind);
                }
            }
            Ok(_) => {}
            Err(_) => self.lose(&cache),
        }
        if let Some(last) = Arc::into_inner(cache) {
            // The watcher goes with it, and some wait for their own thread then.
            drop(thread::Builder::new().name(NAME.into()).spawn(move || drop(last)));
        }
    }

    fn look_at(&self, cache: &Shared, path: &Path, kind: EventKind) {
        let Some(name) = name(path, &self.root) else { return };
        if name.is_empty() {
            if !matches!(kind, EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_))) {
                self.lose(cache);
            }
            return;
        }
        let folder = self.observer.folder();
        let Ok(metadata) = fs::symlink_metadata(path) else {
            return cache.vanished(folder, &name);
        };
        let known = cache.changed(folder, &name, metadata.is_dir());
        if !known {
            self.observer.appeared(&name, metadata.is_dir());
        }
    }

    /// What is in the folder now, somebody else has to find out.
    fn lose(&self, cache: &Shared) {
        let folder = self.observer.folder();
        self.lost.store(true, Ordering::Relaxed);
        folder.watched.store(false, Ordering::Relaxed);
        cache.mark_all(folder);
    }
}

impl<O: Observer> Drop for Teller<O> {
    fn drop(&mut self) {
        // After a loss there may be another one.
        if !self.lost.load(Ordering::Relaxed) {
            self.observer.folder().watched.store(false, Ordering::Relaxed);
        }
    }
}

/// How many are left of so many folders without those in a folder, and it.
fn folders(path: &Path, most: usize) -> usize {
    let mut left = most.saturating_sub(1);
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        if left == 0 {
            return 0;
        }
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            left = folders(&entry.path(), left);
        }
    }
    left
}

/// Whether something may have changed, and not only been looked at.
fn matters(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        _ => true,
    }
}

/// A path in the root as paths of requests have it; `None` if they cannot.
fn name(path: &Path, root: &Path) -> Option<String> {
    let mut name = String::new();
    for component in path.strip_prefix(root).ok()?.components() {
        let Component::Normal(part) = component else { return None };
        if !name.is_empty() {
            name.push('/');
        }
        name.push_str(part.to_str()?);
    }
    Some(name)
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long after a watch was begun the next one may be, if that failed.
const PAUSE: Duration = Duration::from_secs(60);

/// Folders that are watched for one: each takes about 1 KiB of the system's memory.
const FOLDERS: usize = 10_000;

/// Of threads.
const NAME: &str = "sockeye-watch";

const TARGET: &str = "sockeye::files";
