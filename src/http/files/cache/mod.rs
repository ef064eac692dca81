//! Content that is kept in memory.

mod cached;
mod changes;
mod entry;
mod shared;
mod store;
mod tree;

use std::borrow::Cow;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::answer::Wishes;
use super::version::Version;
use crate::codec::http::{Method, Status, query};
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Handler, IntoResponse, Layer, Next, Reception, Request, Response};
use tree::Tree;

pub use cached::Cached;

pub(super) use entry::{Entry, Origin, Variant};
pub(super) use shared::{Loaded, Shared};

/// Content in memory, by the paths of requests: what a program puts there, and files of folders.
///
/// Handles to it are cheap to clone, and may be used on any thread. It holds at most so many bytes:
/// beyond, what nobody has asked for lately goes. What has expired is gone too, unless it is a file,
/// which is read again.
///
/// As a [`Handler`] it answers GET and HEAD with what it has, conditions and ranges heeded, and 404
/// otherwise. As a [`Layer`] it has the rest answered by what it is around.
///
/// ```
/// use std::time::Duration;
/// use sockeye::http::{self, Cache, Request, Response};
///
/// let cache = Cache::new(64 << 20);
/// cache.add("/hello", "Hello, World!", Duration::from_secs(60))?;
/// assert_eq!(cache.find("/hello").unwrap().body(), "Hello, World!");
/// let rest = |_: &mut Request<'_>| Response::text("not in the cache");
/// let protocol = http::server(cache.before(rest));
/// # Ok::<(), sockeye::Error>(())
/// ```
#[derive(Clone)]
pub struct Cache {
    shared: Arc<Shared>,
    hook: Option<Arc<Hook>>,
}

type Hook = dyn Fn(&mut Request<'_>, &Cached) -> Option<Response> + Send + Sync;

impl Cache {
    /// An empty one that holds at most so many bytes, with what it takes to keep them.
    pub fn new(bytes: usize) -> Self {
        Self { shared: Arc::new(Shared::new(bytes)), hook: None }
    }

    /// Bytes of the longest content that is kept, for all handles. Default: 1 MiB.
    #[must_use]
    pub fn file_limit(self, bytes: usize) -> Self {
        self.shared.file_limit.store(bytes, Ordering::Relaxed);
        self
    }

    /// Has this called for each request that this handle, or a clone of it, answers from the cache,
    /// on the service's thread. What it returns is the answer instead.
    #[must_use]
    pub fn on_cached(
        mut self,
        hook: impl Fn(&mut Request<'_>, &Cached) -> Option<Response> + Send + Sync + 'static,
    ) -> Self {
        self.hook = Some(Arc::new(hook));
        self
    }

    /// Puts content under a key: the path that it is asked for by, decoded, with the slash it begins
    /// with. What was there is replaced.
    ///
    /// It counts for the time given, which its `Cache-Control` says too unless it has its own; or
    /// until it is removed. It gets an `ETag` unless it has one.
    ///
    /// # Errors
    ///
    /// [`Invalid`](ErrorKind::Invalid) for a response that is not 200 or not in memory,
    /// [`LimitReached`](ErrorKind::LimitReached) for one that is too long.
    pub fn add(
        &self,
        key: &str,
        content: impl IntoResponse,
        timeout: impl Into<Option<Duration>>,
    ) -> Result<()> {
        let (timeout, now) = (timeout.into(), Instant::now());
        let variant = Variant::of(content.into_response(), timeout)
            .map_err(|why| Error::new(ErrorKind::Invalid, "cache").on(key).because(why))?;
        let long = variant.body.len() > self.shared.longest();
        let expires = timeout.and_then(|timeout| now.checked_add(timeout));
        let entry = Entry::new(key, vec![variant], expires, None, now);
        if long || !self.shared.insert(Arc::new(entry), now) {
            let error = Error::new(ErrorKind::LimitReached, "cache").on(key);
            return Err(error.because("it is longer than the cache has room for"));
        }
        Ok(())
    }

    /// What there is under a key. A file that has changed is read again.
    pub fn find(&self, key: &str) -> Option<Cached> {
        self.shared.current(key, Instant::now()).map(Cached)
    }

    /// Removes what is under a key, and tells whether there was anything.
    pub fn remove(&self, key: &str) -> bool {
        self.shared.remove(key)
    }

    /// Removes everything, and forgets the folders.
    pub fn clear(&self) {
        let trees = self.shared.take_trees(|_| true);
        drop(trees);
        self.shared.remove_if(|_| true);
    }

    /// Reads a folder's files, in folders within too, and puts them under keys that begin with
    /// `prefix`. How many files that were.
    ///
    /// `filter` is a pattern of names: `*` is any characters, `?` one, and `*.*` all names. Hidden
    /// files, files that are too long and links that lead out of the folder are left out, as are
    /// links to folders. Files that change are read again, new ones are put in, those that are removed
    /// are removed; at once where the system tells, otherwise within a second. `timeout` is what
    /// `Cache-Control` says; after it the file is read again.
    ///
    /// Waits for the disk: to be called before the service has work to do.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read, or is none.
    pub fn insert_path(
        &self,
        path: impl AsRef<Path>,
        prefix: &str,
        filter: &str,
        timeout: Duration,
    ) -> Result<usize> {
        let path = path.as_ref();
        let before = self.shared.take_trees(|tree| tree.is(path, prefix));
        // From here on it puts nothing in; what it has put in stays until there is something newer.
        let before = before.into_iter().map(Tree::end).collect::<Vec<_>>();
        let new = Tree::new(&self.shared, path, prefix, filter, timeout);
        self.shared.remove_of(&before);
        let (tree, count) = new?;
        self.shared.trees().push(tree);
        Ok(count)
    }

    /// Removes the files of a folder that was [inserted](Self::insert_path), under whatever prefixes,
    /// and tells whether it was.
    pub fn remove_path(&self, path: impl AsRef<Path>) -> bool {
        let trees = self.shared.take_trees(|tree| tree.is_at(path.as_ref()));
        let folders = trees.into_iter().map(Tree::end).collect::<Vec<_>>();
        self.shared.remove_of(&folders);
        !folders.is_empty()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.shared.count().0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that are taken.
    pub fn bytes(&self) -> usize {
        self.shared.count().1
    }

    /// The answer to a request, if it is GET or HEAD and its path is a key.
    pub fn serve(&self, request: &mut Request<'_>) -> Option<Response> {
        if !matches!(request.method(), Method::Get | Method::Head) {
            return None;
        }
        let now = request.session().now();
        let path = request.raw_path();
        let key =
            if path.contains('%') { query::percent_decode(path)? } else { Cow::Borrowed(path) };
        let entry = self.shared.current(&key, now)?;
        Some(self.answer(request, entry))
    }

    /// A handler that answers from the cache what it can, and has the other one answer the rest.
    pub fn before(&self, handler: impl Handler) -> impl Handler {
        Before { cache: self.clone(), handler }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(super) fn answer(&self, request: &mut Request<'_>, entry: Arc<Entry>) -> Response {
        if let Some(hook) = &self.hook {
            let cached = Cached(Arc::clone(&entry));
            if let Some(answer) = hook(request, &cached) {
                return answer;
            }
        }
        entry.answer(&Wishes::of(request.method(), request.headers()))
    }
}

impl Handler for Cache {
    fn handle(&self, request: &mut Request<'_>) -> Response {
        self.serve(request).unwrap_or_else(|| Response::new(Status::NOT_FOUND))
    }
}

/// Answers from the cache what it can, and has the rest answered by what it is around.
impl Layer for Cache {
    fn handle(&self, request: &mut Request<'_>, next: Next<'_>) -> Response {
        match self.serve(request) {
            Some(answer) => answer,
            None => next.run(request),
        }
    }

    fn begin(&self, request: &mut Request<'_>, next: Next<'_>) -> Reception {
        next.begin(request)
    }
}

struct Before<H> {
    cache: Cache,
    handler: H,
}

impl<H: Handler> Handler for Before<H> {
    fn handle(&self, request: &mut Request<'_>) -> Response {
        match self.cache.serve(request) {
            Some(answer) => answer,
            None => self.handler.handle(request),
        }
    }

    fn begin(&self, request: &mut Request<'_>) -> Reception {
        self.handler.begin(request)
    }
}

impl Variant {
    /// What the program gives; or why it cannot be kept.
    fn of(
        mut answer: Response,
        timeout: Option<Duration>,
    ) -> std::result::Result<Self, &'static str> {
        if answer.status() != Status::OK || answer.special.is_some() {
            return Err("only answers with 200 can be kept");
        }
        let body = answer.take_body().into_bytes().ok_or("its body is not in memory")?;
        let mut fields = answer.fields;
        if let Some(media) = answer.media {
            super::version::put(&mut fields, "Content-Type", media);
        }
        let version = Version::of_answer(fields, &body, timeout);
        Ok(Self { coding: None, version, body })
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (len, bytes) = self.shared.size();
        f.debug_struct("Cache").field("len", &len).field("bytes", &bytes).finish_non_exhaustive()
    }
}
