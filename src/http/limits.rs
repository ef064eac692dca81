//! What bounds a connection that speaks HTTP.

use std::time::Duration;

use crate::codec::http::HeadLimits;

/// The bounds of a server's HTTP: sizes, and times. Those of the session
/// ([`Limits`](crate::Limits)) hold as well.
///
/// ```
/// use std::time::Duration;
/// use sockeye::http::{self, Limits, Router};
///
/// let limits = Limits::default().body(16 << 20).keep_alive(Duration::from_secs(20));
/// let protocol = http::server_with(limits, Router::new());
/// ```
#[derive(Clone, Debug)]
pub struct Limits {
    pub(crate) head: HeadLimits,
    pub(crate) body: usize,
    pub(crate) streamed: u64,
    pub(crate) head_time: Duration,
    pub(crate) body_time: Duration,
    pub(crate) request_time: Duration,
    pub(crate) send_time: Duration,
    pub(crate) keep_alive: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: HeadLimits::default(),
            body: 2 << 20,
            streamed: u64::MAX,
            head_time: Duration::from_secs(10),
            body_time: Duration::from_secs(30),
            request_time: Duration::from_secs(300),
            send_time: Duration::from_secs(60),
            keep_alive: Duration::from_secs(75),
        }
    }
}

impl Limits {
    /// Bytes of the request line, 414 beyond. Default: 8 KiB.
    #[must_use]
    pub fn line(mut self, bytes: usize) -> Self {
        self.head.line = bytes;
        self
    }

    /// Fields in a head, 431 beyond. Default: 100; at most 256.
    #[must_use]
    pub fn fields(mut self, count: usize) -> Self {
        self.head.fields = count;
        self
    }

    /// Bytes of a head, 431 beyond. Default: 64 KiB.
    #[must_use]
    pub fn head(mut self, bytes: usize) -> Self {
        self.head.bytes = bytes;
        self
    }

    /// Bytes of a body that is gathered in memory, 413 beyond. Default: 2 MiB.
    #[must_use]
    pub fn body(mut self, bytes: usize) -> Self {
        self.body = bytes;
        self
    }

    /// Bytes of a body that is handed out as it comes, 413 beyond. Default: as many as there are, as
    /// they take no memory.
    #[must_use]
    pub fn streamed(mut self, bytes: u64) -> Self {
        self.streamed = bytes;
        self
    }

    /// How long a head may take from its first byte on, and the first one from the connection's
    /// beginning: 408 beyond. Default: 10 s.
    #[must_use]
    pub fn head_time(mut self, limit: Duration) -> Self {
        self.head_time = limit;
        self
    }

    /// How long a body may pause: 408 beyond. Default: 30 s.
    #[must_use]
    pub fn body_time(mut self, limit: Duration) -> Self {
        self.body_time = limit;
        self
    }

    /// How long a request may take from its head to the beginning of its answer: 408 while its body
    /// comes, 503 afterwards. Default: 5 min.
    #[must_use]
    pub fn request_time(mut self, limit: Duration) -> Self {
        self.request_time = limit;
        self
    }

    /// How long a client may take nothing of what is to be sent before the connection is cut.
    /// Default: 60 s.
    #[must_use]
    pub fn send_time(mut self, limit: Duration) -> Self {
        self.send_time = limit;
        self
    }

    /// How long a connection is kept for a further request. Default: 75 s.
    #[must_use]
    pub fn keep_alive(mut self, limit: Duration) -> Self {
        self.keep_alive = limit;
        self
    }
}
