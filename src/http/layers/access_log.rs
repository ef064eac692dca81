//! A line in the log for each request.

use std::fmt;
use std::time::Instant;

use log::Level;

use crate::Endpoint;
use crate::codec::http::{Method, Version};
use crate::http::{Layer, Next, Reception, Request, Response};

/// Writes a record into the [`log`] for each answer, when it is given:
///
/// ```text
/// 127.0.0.1:50122 "GET /index.html HTTP/1.1" 200 1024 184us
/// ```
///
/// Who has asked, and for what, without the query, which may be secret; the status, the bytes of
/// the body if they are known, and how long it took from when the request was there as a whole, or
/// from its head on if its body goes to the handler in pieces. The same stands in the key-values
/// `peer`, `method`, `path`, `status`, `bytes` and `micros`. Status 0 is for those whose client has
/// gone before there was an answer. A handler that panics is told of with 500. Of what is no request the
/// [server](crate::server) is told.
///
/// ```
/// use sockeye::http::{Router, layers::AccessLog};
///
/// let router = Router::new().get("/", "Hello, World!").layer(AccessLog::new());
/// ```
///
/// Where the level is off for the target, it costs a comparison. As the first layer it also sees
/// what others answer.
#[derive(Clone, Copy, Debug)]
pub struct AccessLog {
    target: &'static str,
    level: Level,
}

impl AccessLog {
    /// At [`Level::Info`], for the target `sockeye::access`.
    pub fn new() -> Self {
        Self { target: "sockeye::access", level: Level::Info }
    }

    /// The target of the records. Default: `sockeye::access`.
    #[must_use]
    pub fn target(mut self, target: &'static str) -> Self {
        self.target = target;
        self
    }

    /// The level of the records. Default: [`Level::Info`].
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    fn open(&self, request: &Request<'_>) -> Option<Open> {
        log::log_enabled!(target: self.target, self.level).then(|| Open(Some(self.entry(request))))
    }

    fn entry(&self, request: &Request<'_>) -> Entry {
        Entry {
            log: *self,
            peer: request.peer_addr(),
            method: request.method(),
            path: request.raw_path().into(),
            version: request.version(),
            begun: Instant::now(),
        }
    }
}

impl Default for AccessLog {
    fn default() -> Self {
        Self::new()
    }
}

impl Layer for AccessLog {
    fn handle(&self, request: &mut Request<'_>, next: Next<'_>) -> Response {
        match self.open(request) {
            Some(open) => next.run(request).map(|answer| open.close(answer)),
            None => next.run(request),
        }
    }

    fn begin(&self, request: &mut Request<'_>, next: Next<'_>) -> Reception {
        let Some(mut open) = self.open(request) else { return next.begin(request) };
        match next.begin(request) {
            Reception::Gather(limit) => {
                // It is to be handled yet.
                open.0 = None;
                Reception::Gather(limit)
            }
            reception => reception.map(|answer| open.close(answer)),
        }
    }
}

/// A request without an answer yet. Dropped so, it will have none.
struct Open(Option<Entry>);

impl Open {
    fn close(mut self, answer: Response) -> Response {
        if let Some(entry) = self.0.take() {
            let bytes = if entry.method == Method::Head { Some(0) } else { answer.body().len() };
            entry.write(answer.status().code(), bytes);
        }
        answer
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(entry) = self.0.take() {
            entry.write(if std::thread::panicking() { 500 } else { 0 }, None);
        }
    }
}

struct Entry {
    log: AccessLog,
    peer: Option<Endpoint>,
    method: Method,
    path: Box<str>,
    version: Version,
    begun: Instant,
}

impl Entry {
    fn write(&self, status: u16, bytes: Option<u64>) {
        let Self { log, peer, method, path, version, begun } = self;
        let micros = begun.elapsed().as_micros() as u64;
        let (peer, shown) = (OrDash(peer.as_ref()), OrDash(bytes.as_ref()));
        log::log!(
            target: log.target, log.level,
            peer:% = peer, method = method.as_str(), path = &**path, status, bytes, micros;
            "{peer} \"{method} {path} {version}\" {status} {shown} {micros}us"
        );
    }
}

struct OrDash<'a, T>(Option<&'a T>);

impl<T: fmt::Display> fmt::Display for OrDash<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("-"),
        }
    }
}
