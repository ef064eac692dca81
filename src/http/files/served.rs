//! A folder that is served.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::answer::Wishes;
use super::cache::{Cache, Loaded, Shared};
use super::folder::{Folder, Found, Opened, missing};
use super::load::Offer;
use super::names;
use super::place::Place;
use super::watch::{Observer, Watch};
use crate::codec::http::{Method, Status};
use crate::error::Error;
use crate::http::{Handler, Reception, Request, Response};

/// A handler that serves the files of a folder, for GET and HEAD.
///
/// ```no_run
/// use std::time::Duration;
/// use sockeye::http::{self, Files};
///
/// let files = Files::new("www").prefix("/static").max_age(Duration::from_secs(300));
/// let protocol = http::server(files);
/// ```
///
/// A path that could lead out of the folder leads nowhere, in whatever way it is written; nor do
/// links that lead out, hidden files, and what is no file. A folder's answer is its index; without a
/// slash at the end, the way to the path with one. There are no listings.
///
/// A file has one path, with the case of its letters, on every system: on Windows and macOS, too,
/// `/A.TXT` is not `/a.txt`. What a program on Windows has locked is answered 503, until it lets go.
///
/// Answers say the media type by the file's name, when it was changed, and an `ETag` of its length
/// and time of change, so that clients can ask whether they have it, and for ranges. Where `name.br`
/// or `name.gz` lies beside a file, and is not older, clients that accept it get that.
///
/// Small files are kept in memory, and are there again as soon as they have changed: at once where
/// the system tells of changes, within a second otherwise, and within ten if its word is lost, as
/// on a file system of another machine. Longer ones are read while they are sent, on the service's
/// threads. A file that is to be replaced while it is served should be put in place by renaming:
/// who gets one that is written over gets parts of both, and who gets one that is cut short is cut
/// off.
pub struct Files {
    folder: Arc<Folder>,
    cache: Option<Cache>,
    watch: Watch,
    missing: Option<Box<dyn Handler>>,
}

impl Files {
    /// The files of a folder, which need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let folder = Arc::new(Folder::new(folder.into()));
        Self { folder, cache: Some(Cache::new(CACHE)), watch: Watch::default(), missing: None }
    }

    /// What paths of requests have before those of files: `/static`, say. Default: nothing, or where a
    /// [`Router`](crate::http::Router::files) has it.
    #[must_use]
    pub fn prefix(self, prefix: impl AsRef<str>) -> Self {
        let prefix = prefix.as_ref().trim_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("/{prefix}") };
        self.with(|folder| folder.prefix = prefix)
    }

    /// The file that a folder's path means, if there is one. Default: `index.html`.
    #[must_use]
    pub fn index<'n>(self, name: impl Into<Option<&'n str>>) -> Self {
        let name = name.into().map(str::to_owned);
        self.with(|folder| folder.index = name)
    }

    /// Who answers GET and HEAD where there is no file; a handler that sends the page of an
    /// application, say, whose paths are its own. Default: 404.
    #[must_use]
    pub fn not_found(mut self, handler: impl Handler) -> Self {
        self.missing = Some(Box::new(handler));
        self
    }

    /// Whether files and folders are served whose names begin with a dot. Default: no.
    #[must_use]
    pub fn hidden(self, served: bool) -> Self {
        self.with(|folder| folder.hidden = served)
    }

    /// Whether symbolic links are followed that lead out of the folder. Default: no.
    #[must_use]
    pub fn follow_outside(self, followed: bool) -> Self {
        self.with(|folder| folder.outside = followed)
    }

    /// Whether files are looked for that have the content compressed already. Default: yes.
    #[must_use]
    pub fn precompressed(self, looked_for: bool) -> Self {
        self.with(|folder| folder.precompressed = looked_for)
    }

    /// How long clients may keep a file without asking again: `Cache-Control: max-age`. Default: it is
    /// not said, and clients guess.
    #[must_use]
    pub fn max_age(self, age: Duration) -> Self {
        self.with(|folder| folder.max_age = Some(age))
    }

    /// The media type of files whose names end in this, whatever is usual.
    ///
    /// # Panics
    ///
    /// With a type that cannot be a field's value.
    #[must_use]
    #[track_caller]
    pub fn mime(self, extension: &str, media: &str) -> Self {
        self.with(|folder| folder.media.set(extension, media))
    }

    /// Bytes that the files in memory may take together; with 0 none are kept. Default: 64 MiB, and
    /// files up to 1 MiB.
    #[must_use]
    pub fn cache(mut self, bytes: usize) -> Self {
        self.cache = (bytes > 0).then(|| Cache::new(bytes));
        self
    }

    /// The cache that files are kept in: one that has a limit for single files, a hook, content of
    /// the program's own; or that several folders share, each with a prefix of its own.
    #[must_use]
    pub fn cache_in(mut self, cache: &Cache) -> Self {
        self.cache = Some(cache.clone());
        self
    }

    /// After which time a file is read again in any case. Default: 1 h.
    #[must_use]
    pub fn cache_timeout(self, timeout: Duration) -> Self {
        self.with(|folder| folder.timeout = timeout)
    }

    #[track_caller]
    fn with(mut self, change: impl FnOnce(&mut Folder)) -> Self {
        change(Arc::make_mut(&mut self.folder));
        self
    }

    /// Answers GET and HEAD, of what follows this many bytes of the path.
    #[inline]
    pub(super) fn get(&self, request: &mut Request<'_>, mount: usize) -> Response {
        match self.serve(request, mount) {
            Ok(answer) => answer,
            Err(error) => self.fail(request, error),
        }
    }

    fn serve(&self, request: &mut Request<'_>, mount: usize) -> io::Result<Response> {
        let now = request.session().now();
        let raw = request.raw_path();
        let (mount, rest) = raw.split_at_checked(mount).ok_or_else(missing)?;
        let in_memory = |cache: &Cache, key: &str| cache.shared().current(key, now);
        let is_key = mount == self.folder.prefix && rest.starts_with('/') && !raw.contains('%');
        if let Some(cache) = &self.cache
            && is_key
            && let Some(entry) = in_memory(cache, raw)
        {
            return Ok(cache.answer(request, entry));
        }
        let place = Place::of(rest).ok_or_else(missing)?;
        let key = place.key(&self.folder);
        if let Some(cache) = &self.cache
            && !(is_key && key == raw)
            && let Some(entry) = in_memory(cache, &key)
        {
            return Ok(cache.answer(request, entry));
        }
        let path = place.file(&self.folder).ok_or_else(missing)?;
        match self.folder.find(&path)? {
            Found::File(opened) => self.send(request, opened, &path, &key, now),
            Found::Folder if place.is_folder => Err(missing()),
            Found::Folder => {
                let location = place.with_slash(mount, request.raw_query());
                Ok(Response::redirect(Status::MOVED_PERMANENTLY, location))
            }
        }
    }

    fn send(
        &self,
        request: &mut Request<'_>,
        opened: Opened,
        path: &str,
        key: &str,
        now: Instant,
    ) -> io::Result<Response> {
        let offer = match &self.cache {
            None => Offer::of(&self.folder, path, opened),
            Some(cache) => {
                self.keep_watch(cache, now);
                match cache.shared().load(&self.folder, path, key, opened, now)? {
                    Loaded::Open(offer) => offer,
                    Loaded::Whole(entry) => {
                        cache.shared().insert(Arc::clone(&entry), now);
                        return Ok(cache.answer(request, entry));
                    }
                }
            }
        };
        let wishes = Wishes::of(request.method(), request.headers());
        Ok(offer.answer(&self.folder, path, &wishes))
    }

    /// What cannot be served, and is not to be told apart from what is not there, is not found.
    fn fail(&self, request: &mut Request<'_>, error: io::Error) -> Response {
        let status = match (error.kind(), &self.missing) {
            (ErrorKind::NotFound, Some(handler)) => return handler.handle(request),
            (ErrorKind::NotFound, None) => Status::NOT_FOUND,
            (ErrorKind::PermissionDenied, _) => Status::FORBIDDEN,
            _ if names::is_locked(&error) => {
                let status = Status::SERVICE_UNAVAILABLE;
                return Response::error(status, status.phrase()).header("Retry-After", "1");
            }
            _ => {
                let error = Error::io("read a file", error).on(request.raw_path());
                request.session().report(&error);
                Status::INTERNAL_SERVER_ERROR
            }
        };
        Response::error(status, status.phrase())
    }

    fn keep_watch(&self, cache: &Cache, now: Instant) {
        if !self.folder.is_watched() {
            self.watch.start_soon(now, || {
                let cache = Arc::downgrade(cache.shared());
                Box::new(Forgetting { folder: Arc::clone(&self.folder), cache })
            });
        }
    }
}

impl Handler for Files {
    fn handle(&self, request: &mut Request<'_>) -> Response {
        match request.method() {
            Method::Get | Method::Head => {
                let is_below = request.raw_path().starts_with(&*self.folder.prefix);
                // Elsewhere there is nothing.
                let mount = if is_below { self.folder.prefix.len() } else { usize::MAX };
                self.get(request, mount)
            }
            Method::Options => Response::options(ALLOWED),
            _ => not_allowed(),
        }
    }

    fn begin(&self, request: &mut Request<'_>) -> Reception {
        match request.method() {
            Method::Get | Method::Head | Method::Options => Reception::Gather(None),
            _ => Reception::answer(not_allowed()),
        }
    }
}

impl<P: Into<PathBuf>> From<P> for Files {
    fn from(folder: P) -> Self {
        Self::new(folder)
    }
}

/// Files are read when they are asked for, so that new ones are no news.
struct Forgetting {
    folder: Arc<Folder>,
    cache: Weak<Shared>,
}

impl Observer for Forgetting {
    fn folder(&self) -> &Arc<Folder> {
        &self.folder
    }

    fn cache(&self) -> Option<Arc<Shared>> {
        self.cache.upgrade()
    }

    fn appeared(&self, _: &str, _: bool) {}
}

fn not_allowed() -> Response {
    let status = Status::METHOD_NOT_ALLOWED;
    Response::error(status, status.phrase()).header("Allow", ALLOWED)
}

const ALLOWED: &str = "GET, HEAD, OPTIONS";

/// Bytes of files in memory.
const CACHE: usize = 64 << 20;

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files").field("folder", &self.folder.root).finish_non_exhaustive()
    }
}
