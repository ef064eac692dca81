//! A folder whose files are served, and the way from a path to an open file in it.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;

use super::media::Media;
use super::names;
use super::stamp::Stamp;

/// Where files are, and which of them are served.
#[derive(Clone)]
pub(super) struct Folder {
    pub(super) root: PathBuf,
    /// What the paths of requests have before those of files; without a slash at its end.
    pub(super) prefix: String,
    pub(super) index: Option<String>,
    /// Names with a dot first are served too.
    pub(super) hidden: bool,
    /// Links may lead out of the folder.
    pub(super) outside: bool,
    pub(super) precompressed: bool,
    pub(super) media: Media,
    /// What `Cache-Control` says.
    pub(super) max_age: Option<Duration>,
    /// How long what is in memory counts.
    pub(super) timeout: Duration,
    /// Somebody tells of changes.
    pub(super) watched: Arc<AtomicBool>,
    /// Its files are not to be kept any more.
    pub(super) over: Arc<AtomicBool>,
}

/// What a path leads to.
pub(super) enum Found {
    Folder,
    File(Opened),
}

/// A file that is served.
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) stamp: Stamp,
    /// It is where its path says, without links on the way.
    pub(super) direct: bool,
}

/// Of a file, and of its siblings in the order of [`CODINGS`].
pub(super) type Stamps = [Option<Stamp>; 3];

/// The codings that a file beside another has by its ending, best first.
pub(super) const CODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

impl Folder {
    pub(super) fn new(root: PathBuf) -> Self {
        Self {
            root,
            prefix: String::new(),
            index: Some("index.html".to_owned()),
            hidden: false,
            outside: false,
            precompressed: true,
            media: Media::default(),
            max_age: None,
            timeout: Duration::from_secs(3600),
            watched: Arc::default(),
            over: Arc::default(),
        }
    }

    /// The path of requests for a file.
    pub(super) fn key(&self, path: &str) -> String {
        format!("{}/{path}", self.prefix)
    }

    /// The paths of requests that a file is of concern for.
    pub(super) fn keys(&self, path: &str) -> Vec<String> {
        let stems = CODINGS.iter().filter_map(|(_, ending)| path.strip_suffix(ending));
        let mut keys = Vec::new();
        for path in std::iter::once(path).chain(stems) {
            keys.push(self.key(path));
            let index = self.index.as_deref().and_then(|index| path.strip_suffix(index));
            if let Some(folder) = index.filter(|folder| folder.is_empty() || folder.ends_with('/'))
            {
                keys.push(self.key(folder));
            }
        }
        keys
    }

    pub(super) fn is_watched(&self) -> bool {
        self.watched.load(Ordering::Relaxed)
    }

    /// What there is at a path that [`safe_path`](crate::codec::http::target::safe_path) has made.
    ///
    /// What is no file, but a device or a pipe, is not opened: that could wait, or do something. And
    /// what was opened is looked at once more, so that a link that is put in place meanwhile leads
    /// nowhere. Who may put a pipe in place of a file at the right moment can have this wait for it.
    pub(super) fn find(&self, path: &str) -> io::Result<Found> {
        let place = self.locate(path)?;
        if place.metadata.is_dir() {
            return Ok(Found::Folder);
        }
        let file = File::open(place.only_file()?)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(missing());
        }
        if !self.outside {
            self.allow(&whereabouts(&file, &place.real)?, &place.root)?;
        }
        Ok(Found::File(Opened { file, stamp: Stamp::of(&metadata), direct: place.direct }))
    }

    /// The file at a path, if there is one.
    pub(super) fn open(&self, path: &str) -> io::Result<Opened> {
        match self.find(path)? {
            Found::File(opened) => Ok(opened),
            Found::Folder => Err(missing()),
        }
    }

    /// The same file in other codings, each in its place of [`CODINGS`].
    pub(super) fn siblings(&self, path: &str) -> [Option<Opened>; 2] {
        CODINGS.map(|(_, ending)| {
            let looked_for = self.precompressed.then(|| self.open(&format!("{path}{ending}")));
            looked_for?.ok()
        })
    }

    /// What the files at a path and beside it are now.
    pub(super) fn stamps(&self, path: &str) -> Stamps {
        let [br, gzip] = CODINGS.map(|(_, ending)| {
            self.precompressed.then(|| self.stamp(&format!("{path}{ending}"))).flatten()
        });
        [self.stamp(path), br, gzip]
    }

    fn stamp(&self, path: &str) -> Option<Stamp> {
        let place = self.locate(path).ok()?;
        place.metadata.is_file().then(|| Stamp::of(&place.metadata))
    }

    fn locate(&self, path: &str) -> io::Result<Place> {
        if !self.shows(path.split('/')) {
            return Err(missing());
        }
        let root = fs::canonicalize(&self.root)?;
        let named = join(&root, path);
        let real = fs::canonicalize(&named).map_err(|error| match error.kind() {
            ErrorKind::PermissionDenied => error,
            // Links in a circle, a name too long.
            _ => missing(),
        })?;
        self.allow(&real, &root)?;
        let below = real.strip_prefix(&root);
        if names::HAS_ALIASES && below.is_ok_and(|below| names::is_alias(path, below)) {
            return Err(missing());
        }
        let direct = real == named && is_direct(&self.root, &root);
        Ok(Place { metadata: fs::metadata(&real)?, root, real, direct })
    }

    /// Refuses what is outside of the root, or has a hidden name there.
    fn allow(&self, real: &Path, root: &Path) -> io::Result<()> {
        if self.outside {
            return Ok(());
        }
        let inside = real.strip_prefix(root).map_err(|_| missing())?;
        // Some systems have further names for a file, `GIT~1` for `.git`.
        let names = inside.components().map(|name| name.as_os_str().to_string_lossy());
        if self.shows(names) { Ok(()) } else { Err(missing()) }
    }

    pub(super) fn shows<N: AsRef<str>>(&self, mut names: impl Iterator<Item = N>) -> bool {
        self.hidden || !names.any(|name| name.as_ref().starts_with('.'))
    }
}

/// Where a path leads.
struct Place {
    root: PathBuf,
    real: PathBuf,
    metadata: Metadata,
    /// There are no links on the way.
    direct: bool,
}

impl Place {
    fn only_file(&self) -> io::Result<&Path> {
        if self.metadata.is_file() { Ok(&self.real) } else { Err(missing()) }
    }
}

impl Opened {
    /// All of it, if it stays the same while it is read.
    pub(super) fn read(&mut self) -> io::Result<Option<Bytes>> {
        let len = self.stamp.len;
        let mut bytes = Vec::with_capacity(usize::try_from(len).unwrap_or_default() + 1);
        self.file.by_ref().take(len + 1).read_to_end(&mut bytes)?;
        let same = bytes.len() as u64 == len && Stamp::of(&self.file.metadata()?) == self.stamp;
        bytes.shrink_to_fit();
        Ok(same.then(|| bytes.into()))
    }
}

/// A path of ours in a path of the system, whose separators may be others.
fn join(root: &Path, path: &str) -> PathBuf {
    let mut joined = root.to_path_buf();
    joined.extend(path.split('/').filter(|segment| !segment.is_empty()));
    joined
}

/// Where an open file is.
fn whereabouts(file: &File, real: &Path) -> io::Result<PathBuf> {
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::AsRawFd;

        // Without /proc it is the way of other systems.
        if let Ok(place) = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())) {
            return Ok(place);
        }
    }
    // It is that of the path, unless the path has led somewhere else meanwhile.
    let place = fs::canonicalize(real)?;
    let same = Stamp::of(&fs::symlink_metadata(&place)?) == Stamp::of(&file.metadata()?);
    if same { Ok(place) } else { Err(missing()) }
}

/// Whether a folder is called by its own name.
fn is_direct(root: &Path, real: &Path) -> bool {
    let is = |absolute: PathBuf| match (absolute.to_str(), real.to_str()) {
        (Some(absolute), Some(real)) if cfg!(windows) => {
            names::plain(absolute) == names::plain(real)
        }
        _ => absolute == real,
    };
    std::path::absolute(root).is_ok_and(is)
}

pub(super) fn missing() -> io::Error {
    ErrorKind::NotFound.into()
}
