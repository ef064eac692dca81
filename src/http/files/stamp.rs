//! What tells one version of a file from another.

use std::fs::Metadata;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::codec::http::ETag;

/// A file's length and time of change, and which file it is where the system says so: one that was
/// put in the place of another has another number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) len: u64,
    modified: Option<SystemTime>,
    file: (u64, u64),
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { len: metadata.len(), modified: metadata.modified().ok(), file: identity(metadata) }
    }

    /// When the file was changed, in Unix time in seconds.
    pub(super) fn seconds(&self) -> Option<u64> {
        Some(self.since_1970()?.as_secs())
    }

    /// The tag of this version, or of this coding of it: length and time of change, so that it is the
    /// same after a restart and on every machine that has a faithful copy.
    ///
    /// A weak one while the file is [young](Self::is_young).
    pub(super) fn etag(&self, coding: Option<&str>) -> Option<ETag> {
        let nanos = self.since_1970()?.as_nanos();
        let tag = match coding {
            Some(coding) => format!("{:x}-{nanos:x}-{coding}", self.len),
            None => format!("{:x}-{nanos:x}", self.len),
        };
        let etag = if self.is_young() { ETag::weak(tag) } else { ETag::strong(tag) };
        etag.ok()
    }

    /// Whether the file was changed so lately that it may change once more without this showing:
    /// systems count times in steps, of 4 ms on Linux, 2 s on FAT.
    pub(super) fn is_young(&self) -> bool {
        let age = self.modified.map(|modified| SystemTime::now().duration_since(modified));
        // No age, or one below zero, says nothing.
        !matches!(age, Some(Ok(age)) if age >= YOUTH)
    }

    fn since_1970(&self) -> Option<Duration> {
        self.modified?.duration_since(UNIX_EPOCH).ok()
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;

    (metadata.dev(), metadata.ino())
}

/// A file's number takes a function that is not stable. What is put in place has its own time of
/// making, as a rule: NTFS gives a new file that of one it has just lost, if it is called the same.
#[cfg(windows)]
fn identity(metadata: &Metadata) -> (u64, u64) {
    use std::os::windows::fs::MetadataExt;

    (metadata.creation_time(), 0)
}

#[cfg(not(any(unix, windows)))]
fn identity(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

/// After this a file's time of change tells its versions apart.
pub(super) const YOUTH: Duration = Duration::from_secs(2);
