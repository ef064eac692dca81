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
    /// `None` for what is none, also not of a file that does not exist.
    pub(super) fn of(folder: &Folder, raw_path: &str) -> Option<Self> {
        let rest = raw_path.strip_prefix(&*folder.prefix)?;
        if !rest.is_empty() && !rest.starts_with('/') {
            return None;
        }
        Some(Self { path: target::safe_path(rest)?, is_folder: rest.ends_with('/') })
    }

    /// The key in a cache: one for all ways to write the path.
    pub(super) fn key(&self, folder: &Folder) -> String {
        let key = folder.key(&self.path);
        if self.is_folder && !self.path.is_empty() { key + "/" } else { key }
    }

    /// Where a request for a folder without a slash at its end is sent. Made anew rather than of
    /// what was sent, as `//host/` would be another server.
    pub(super) fn with_slash(&self, folder: &Folder, raw_query: &str) -> String {
        let mut location = format!("{}/", folder.prefix);
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
