//! What a cache has under a key.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::http::Response;
use crate::http::files::answer::Wishes;
use crate::http::files::folder::{Folder, Stamps};
use crate::http::files::load::IDENTITY;
use crate::http::files::parts::Content;
use crate::http::files::version::Version;

/// Content in memory, whole: in one or several codings.
pub(in crate::http::files) struct Entry {
    pub(super) key: Box<str>,
    /// Best first; the content as it is comes last.
    variants: Vec<Variant>,
    expires: Option<Instant>,
    pub(super) origin: Option<Origin>,
    made: Instant,
    /// When somebody wanted it last: nanoseconds after it was made.
    touched: AtomicU64,
    /// Bytes that it takes.
    pub(super) weight: usize,
}

pub(in crate::http::files) struct Variant {
    pub(in crate::http::files) coding: Option<&'static str>,
    pub(in crate::http::files) version: Version,
    pub(in crate::http::files) body: Bytes,
}

/// Where content was read.
pub(in crate::http::files) struct Origin {
    pub(super) folder: Arc<Folder>,
    pub(super) path: Box<str>,
    stamps: Stamps,
    /// The files are where their path says, so that a watcher of the folder sees what becomes of them.
    direct: bool,
    read: Instant,
    /// When the files are looked at next: milliseconds after they were read.
    check: AtomicU64,
    /// A watcher has seen a change.
    changed: AtomicBool,
}

/// What an entry is worth.
pub(super) enum State {
    Good,
    /// It may have changed.
    Unsure,
    Expired,
}

impl Entry {
    pub(in crate::http::files) fn new(
        key: &str,
        variants: Vec<Variant>,
        expires: Option<Instant>,
        origin: Option<Origin>,
        now: Instant,
    ) -> Self {
        let weight = variants.iter().map(Variant::weight).sum::<usize>();
        let path = origin.as_ref().map_or(0, |origin| origin.path.len());
        Self {
            weight: weight + 2 * key.len() + path + size_of::<Self>() + PLACE,
            key: key.into(),
            variants,
            expires,
            origin,
            made: now,
            touched: AtomicU64::new(0),
        }
    }

    pub(super) fn touch(&self, now: Instant) {
        let age = now.saturating_duration_since(self.made).as_nanos();
        self.touched.store(u64::try_from(age).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(super) fn touched(&self) -> Instant {
        self.made + Duration::from_nanos(self.touched.load(Ordering::Relaxed))
    }

    pub(super) fn state(&self, now: Instant) -> State {
        match &self.origin {
            _ if self.is_expired(now) => State::Expired,
            Some(origin) if origin.changed.load(Ordering::Acquire) => State::Expired,
            Some(origin) if origin.is_due(now) => State::Unsure,
            _ => State::Good,
        }
    }

    pub(super) fn is_expired(&self, now: Instant) -> bool {
        self.expires.is_some_and(|expires| now >= expires)
    }

    /// Marks it as changed, if it is of this folder.
    pub(super) fn mark(&self, folder: &Arc<Folder>) {
        if let Some(origin) = self.origin.as_ref().filter(|origin| origin.is_of(folder)) {
            origin.changed.store(true, Ordering::Release);
        }
    }

    pub(super) fn is_of(&self, folder: &Arc<Folder>) -> bool {
        self.origin.as_ref().is_some_and(|origin| origin.is_of(folder))
    }

    pub(super) fn plain(&self) -> Option<&Variant> {
        self.variants.last()
    }

    pub(super) fn answer(&self, wishes: &Wishes<'_>) -> Response {
        let at = match self.variants.len() {
            0 | 1 => 0,
            _ => {
                let codings = self.variants.iter().map(|one| one.coding.unwrap_or(IDENTITY));
                wishes.coding(&codings.collect::<Vec<_>>())
            }
        };
        let Some(variant) = self.variants.get(at) else {
            return crate::codec::http::Status::NOT_FOUND.into();
        };
        wishes.answer(&variant.version, Content::Memory(variant.body.clone()))
    }
}

impl Variant {
    fn weight(&self) -> usize {
        let said = self.version.fields.as_bytes().len() + self.version.brief.as_bytes().len();
        self.body.len() + said + size_of::<Self>()
    }
}

impl Origin {
    pub(in crate::http::files) fn new(
        folder: &Arc<Folder>,
        path: &str,
        stamps: Stamps,
        direct: bool,
        read: Instant,
    ) -> Self {
        Self {
            folder: Arc::clone(folder),
            path: path.into(),
            stamps,
            direct,
            read,
            // Soon, as a watcher's word of a change may have come before there was an entry.
            check: AtomicU64::new(millis(UNWATCHED)),
            changed: AtomicBool::new(false),
        }
    }

    /// Looks whether the files are still the same.
    pub(super) fn is_same(&self) -> bool {
        self.folder.stamps(&self.path) == self.stamps
    }

    pub(super) fn is_over(&self) -> bool {
        self.folder.over.load(Ordering::Relaxed)
    }

    fn is_of(&self, folder: &Arc<Folder>) -> bool {
        Arc::ptr_eq(&self.folder, folder)
    }

    /// Tells one caller, once, that it is time to look.
    fn is_due(&self, now: Instant) -> bool {
        let age = millis(now.saturating_duration_since(self.read));
        let due = self.check.load(Ordering::Relaxed);
        if age < due {
            return false;
        }
        let pause = if self.direct && self.folder.is_watched() { WATCHED } else { UNWATCHED };
        let next = age.saturating_add(millis(pause));
        self.check.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// How often a file is looked at that is being watched: a watcher may miss things, on a file system
/// that is not of this machine for one.
const WATCHED: Duration = Duration::from_secs(10);

/// How often any other is.
const UNWATCHED: Duration = Duration::from_secs(1);

/// What an entry takes in the store, about: two places in tables, and two counts.
const PLACE: usize = 96;
