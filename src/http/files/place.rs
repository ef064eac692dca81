//! From a request's path to a file's.

use super::folder::Folder;
use crate::codec::http::{query, target};

/// Where in a folder a request's path leads.
pub(super) struct Place {
    /// Below the folder.
    pub(super) path: String,
    /// There is a slash at the end, so that a folder is meant.
    pub(super) is_folder: bool,
}

impl Place {
    /// Of what follows the folder's own path; `None` for what leads nowhere in any folder.
    pub(super) fn of(rest: &str) -> Option<Self> {
        if !rest.is_empty() && !rest.starts_with('/') {
            return None;
        }
        Some(Self { path: target::safe_path(rest)?, is_folder: rest.ends_with('/') })
    }

    /// The key in a cache: one for all ways to write the path.
    pub(super) fn key(&self, folder: &Folder) -> String {
        match (self.is_folder, self.path.is_empty()) {
            (false, true) => folder.prefix.clone(),
            (true, false) => folder.key(&self.path) + "/",
            _ => folder.key(&self.path),
        }
    }

    /// Where a request for a folder without a slash at its end is sent. Made anew rather than of
    /// what was sent, as `//host/` would be another server, and `/\host/` is to some clients.
    pub(super) fn with_slash(&self, mount: &str, raw_query: &str) -> String {
        let mut location = mount.replace('\\', "%5C");
        location.push('/');
        for segment in self.path.split('/').filter(|segment| !segment.is_empty()) {
            location += &query::percent_encode(segment);
            location.push('/');
        }
        if !raw_query.is_empty() {
            location.push('?');
            location += raw_query;
        }
        location
    }

    /// The file's path, if the place has one: that of the index in a folder.
    pub(super) fn file(&self, folder: &Folder) -> Option<String> {
        if !self.is_folder {
            return Some(self.path.clone());
        }
        let index = folder.index.as_deref()?;
        Some(if self.path.is_empty() { index.to_owned() } else { format!("{}/{index}", self.path) })
    }
}
