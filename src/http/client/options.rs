//! What is settled for a client, and may be for each of its requests.

use std::time::{Duration, Instant};

use crate::codec::http::HeadLimits;

/// What may differ from request to request.
#[derive(Clone, Debug)]
pub(super) struct Options {
    /// From the beginning to the end, redirections included.
    pub(super) whole: Duration,
    /// To connect.
    pub(super) connect: Duration,
    /// From what was sent last to the response's head.
    pub(super) head: Duration,
    /// Bytes of a body that is gathered.
    pub(super) body: usize,
    pub(super) redirects: Redirects,
    /// Compressed bodies are asked for and unpacked.
    pub(super) unpacks: bool,
    /// The server is asked whether it wants the body.
    pub(super) expects: bool,
    /// The connection is not kept.
    pub(super) closes: bool,
}

/// Which redirections are followed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Redirects {
    /// How many, one after the other.
    pub(super) most: u32,
    /// Also away from TLS.
    pub(super) to_plain: bool,
}

/// What holds for all requests of a client.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) head: HeadLimits,
    /// How long a connection is kept without a request.
    pub(super) idle: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            whole: Duration::from_secs(300),
            connect: Duration::from_secs(10),
            head: Duration::from_secs(30),
            body: 16 << 20,
            redirects: Redirects { most: 10, to_plain: false },
            unpacks: true,
            expects: false,
            closes: false,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { head: HeadLimits::default(), idle: Duration::from_secs(60) }
    }
}

/// The moment when a time limit has passed; none that nobody lives to see.
pub(super) fn deadline(from: Instant, limit: Duration) -> Option<Instant> {
    from.checked_add(limit)
}
