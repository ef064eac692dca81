//! A file, as it is offered: as it is, and in the codings that lie beside it.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::answer::Wishes;
use super::cache::{Entry, Origin, Variant};
use super::folder::{CODINGS, Folder, Opened, Stamps};
use super::parts::Content;
use super::stamp::YOUTH;
use super::version::{Description, Version};
use crate::http::Response;

/// A file that is open, with its siblings.
pub(super) struct Offer {
    /// Best first, and the file itself last.
    files: Vec<(Option<&'static str>, Opened)>,
    stamps: Stamps,
    direct: bool,
}

impl Offer {
    pub(super) fn of(folder: &Folder, path: &str, original: Opened) -> Self {
        let siblings = folder.siblings(path);
        let stamp = |opened: &Option<Opened>| opened.as_ref().map(|opened| opened.stamp);
        let stamps = [Some(original.stamp), stamp(&siblings[0]), stamp(&siblings[1])];
        let codings = CODINGS.map(|(coding, _)| Some(coding));
        // What is older than the file was made of another version of it.
        let born = original.stamp.seconds();
        let siblings = siblings.map(|sibling| sibling.filter(|one| one.stamp.seconds() >= born));
        let siblings = codings.into_iter().zip(siblings);
        let mut files =
            siblings.filter_map(|(coding, opened)| Some((coding, opened?))).collect::<Vec<_>>();
        let direct = original.direct && files.iter().all(|(_, opened)| opened.direct);
        files.push((None, original));
        Self { files, stamps, direct }
    }

    /// Whether each of them has at most so many bytes.
    pub(super) fn is_small(&self, most: usize) -> bool {
        self.files.iter().all(|(_, opened)| opened.stamp.len <= most as u64)
    }

    /// Reads all of it into memory; `None` if it changes meanwhile.
    pub(super) fn read(
        &mut self,
        folder: &Arc<Folder>,
        path: &str,
        key: &str,
        now: Instant,
    ) -> io::Result<Option<Entry>> {
        let varies = self.files.len() > 1;
        let mut variants = Vec::with_capacity(self.files.len());
        for (coding, opened) in &mut self.files {
            let Some(body) = opened.read()? else { return Ok(None) };
            let version = version(folder, path, *coding, opened, varies);
            variants.push(Variant { coding: *coding, version, body });
        }
        let origin = Origin::new(folder, path, self.stamps, self.direct, now);
        let expires = now.checked_add(self.timeout(folder));
        Ok(Some(Entry::new(key, variants, expires, Some(origin), now)))
    }

    /// Answers from the open file.
    pub(super) fn answer(mut self, folder: &Folder, path: &str, wishes: &Wishes<'_>) -> Response {
        let varies = self.files.len() > 1;
        let codings = self.files.iter().map(|(coding, _)| coding.unwrap_or(IDENTITY));
        let at = wishes.coding(&codings.collect::<Vec<_>>());
        let (coding, opened) = self.files.swap_remove(at);
        let version = version(folder, path, coding, &opened, varies);
        wishes.answer(&version, Content::Disk(opened.file, opened.stamp.len))
    }

    /// What may have changed without a trace is read again soon.
    fn timeout(&self, folder: &Folder) -> Duration {
        let young = self.files.iter().any(|(_, opened)| opened.stamp.is_young());
        if young { folder.timeout.min(YOUTH) } else { folder.timeout }
    }
}

/// The file's own coding.
pub(super) const IDENTITY: &str = "identity";

fn version(
    folder: &Folder,
    path: &str,
    coding: Option<&'static str>,
    opened: &Opened,
    varies: bool,
) -> Version {
    let media = folder.media.of(path);
    let stamp = &opened.stamp;
    Version::new(&Description { stamp, media: &media, coding, varies, max_age: folder.max_age })
}
