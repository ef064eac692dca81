//! How much peers may send.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::per_address::{Prefixes, Table};
use super::rate::{Bucket, Rate};
use super::{Layer, Middleware, Verdict};
use crate::Endpoint;
use crate::service::lock;
use crate::session::{CloseReason, Session};

/// Limits how many messages peers send, and how many bytes, as middleware.
///
/// A message beyond the limit ends the session with
/// [`CloseReason::RateLimited`](crate::CloseReason::RateLimited), or is dropped ([`Excess`]); it
/// does not use up anything. A message of more bytes than the burst of
/// [`bytes`](Self::bytes) never passes.
///
/// Each session may be limited by itself, or all sessions of an address together. The latter is not
/// undone by connecting again; of which addresses are told apart, and how many are known at a time,
/// the same is true as for [`AddressLimits`](super::AddressLimits). Peers without an IP address
/// are then limited by session.
///
/// Clones share all that, so that one limit can be given to several servers.
///
/// ```
/// use sockeye::middleware::{Excess, Rate, RateLimit};
/// use sockeye::testing::Harness;
/// use sockeye::framed::{self, Lines};
///
/// let limit = RateLimit::per_session(Rate::per_minute(60).burst(2))
///     .excess(Excess::Drop)
///     .on_excess(|session| { session.send("slow down"); });
/// let echo = |session: &mut framed::Session<'_>, line: &str| { session.send(line); };
/// let protocol = framed::server(Lines::default(), move |_| echo).with(limit.clone());
///
/// let mut peer = Harness::new(protocol);
/// assert_eq!(peer.feed("1\n2\n3\n4\n"), b"1\n2\nslow down\n");
/// assert_eq!(limit.exceeded(), 2);
/// ```
#[derive(Clone)]
pub struct RateLimit(Arc<Shared>);

/// What becomes of a message that is too much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Excess {
    /// Its session ends with [`CloseReason::RateLimited`](crate::CloseReason::RateLimited).
    #[default]
    Disconnect,
    /// It is dropped.
    Drop,
}

#[derive(Clone)]
struct Settings {
    messages: Rate,
    bytes: Option<Rate>,
    per_address: bool,
    excess: Excess,
    prefixes: Prefixes,
    capacity: usize,
    on_excess: Option<OnExcess>,
}

type OnExcess = Arc<dyn Fn(&mut Session<'_>) + Send + Sync>;

struct Shared {
    settings: Settings,
    table: Mutex<Table<Buckets>>,
    exceeded: AtomicU64,
}

impl RateLimit {
    /// So many messages of each session.
    pub fn per_session(messages: Rate) -> Self {
        Self::new(messages, false)
    }

    /// So many messages of all sessions of each address.
    pub fn per_address(messages: Rate) -> Self {
        Self::new(messages, true)
    }

    /// So many bytes, too. Default: no limit.
    #[must_use]
    pub fn bytes(self, bytes: Rate) -> Self {
        self.with(|settings| settings.bytes = Some(bytes))
    }

    /// What becomes of a message that is too much. Default: [`Excess::Disconnect`].
    #[must_use]
    pub fn excess(self, excess: Excess) -> Self {
        self.with(|settings| settings.excess = excess)
    }

    /// Calls this at the first message that is too much, and again at the first one after others
    /// have passed; before a session is ended for it. On the session's strand, like its callbacks.
    #[must_use]
    pub fn on_excess(self, call: impl Fn(&mut Session<'_>) + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.on_excess = Some(Arc::new(call)))
    }

    /// The leading bits that IPv6 addresses are told apart by, at most 128. Default: 64.
    #[must_use]
    pub fn ipv6_prefix(self, bits: u8) -> Self {
        self.with(|settings| settings.prefixes.ipv6 = bits)
    }

    /// How many addresses are known at a time. Default: 65,536.
    #[must_use]
    pub fn capacity(self, addresses: usize) -> Self {
        self.with(|settings| settings.capacity = addresses)
    }

    /// How many messages have been too much, of all sessions.
    pub fn exceeded(&self) -> u64 {
        self.0.exceeded.load(Ordering::Relaxed)
    }

    fn new(messages: Rate, per_address: bool) -> Self {
        Self::of(Settings {
            messages,
            bytes: None,
            per_address,
            excess: Excess::default(),
            prefixes: Prefixes::default(),
            capacity: super::per_address::CAPACITY,
            on_excess: None,
        })
    }

    fn with(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.0.settings.clone();
        change(&mut settings);
        Self::of(settings)
    }

    fn of(settings: Settings) -> Self {
        let mut table = Table::new();
        table.set_capacity(settings.capacity);
        let (table, exceeded) = (Mutex::new(table), AtomicU64::new(0));
        Self(Arc::new(Shared { settings, table, exceeded }))
    }
}

impl Layer for RateLimit {
    type Middleware = Limiter;

    fn middleware(&self, peer: &Endpoint) -> Limiter {
        let settings = &self.0.settings;
        let address = peer.ip().filter(|_| settings.per_address);
        let address = address.map(|address| settings.prefixes.of(address));
        let shared = Arc::clone(&self.0);
        Limiter { shared, address, own: Buckets::default(), exceeding: false }
    }
}

/// A [`RateLimit`] on one session.
pub struct Limiter {
    shared: Arc<Shared>,
    /// Whose buckets count, if not the session's own.
    address: Option<IpAddr>,
    own: Buckets,
    exceeding: bool,
}

impl Limiter {
    fn admits(&mut self, bytes: usize, now: Instant) -> bool {
        let Shared { settings, table, .. } = &*self.shared;
        let Some(address) = self.address else { return self.own.take(settings, bytes, now) };
        let mut table = lock(table);
        let (_, buckets) = table.find(address, |buckets| buckets.are_full(settings, now));
        buckets.take(settings, bytes, now)
    }
}

impl Middleware for Limiter {
    const SEES_SENDING: bool = false;

    fn on_received(&mut self, session: &mut Session<'_>, message: &mut Cow<'_, [u8]>) -> Verdict {
        if self.admits(message.len(), session.now()) {
            self.exceeding = false;
            return Verdict::Pass;
        }
        let Shared { settings, exceeded, .. } = &*self.shared;
        exceeded.fetch_add(1, Ordering::Relaxed);
        if !std::mem::replace(&mut self.exceeding, true)
            && let Some(on_excess) = &settings.on_excess
        {
            on_excess(session);
        }
        if settings.excess == Excess::Disconnect {
            session.end(CloseReason::RateLimited);
        }
        Verdict::Drop
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Buckets {
    messages: Bucket,
    bytes: Bucket,
}

impl Buckets {
    /// Takes from both or from none.
    fn take(&mut self, settings: &Settings, bytes: usize, now: Instant) -> bool {
        let mut after = *self;
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let passes = after.messages.take(&settings.messages, 1, now)
            && settings.bytes.is_none_or(|rate| after.bytes.take(&rate, bytes, now));
        if passes {
            *self = after;
        }
        passes
    }

    fn are_full(&self, settings: &Settings, now: Instant) -> bool {
        self.messages.is_full(&settings.messages, now)
            && settings.bytes.is_none_or(|rate| self.bytes.is_full(&rate, now))
    }
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = &self.0.settings;
        f.debug_struct("RateLimit")
            .field("messages", &settings.messages)
            .field("bytes", &settings.bytes)
            .field("per_address", &settings.per_address)
            .field("excess", &settings.excess)
            .field("exceeded", &self.exceeded())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter")
            .field("address", &self.address)
            .field("exceeding", &self.exceeding)
            .finish_non_exhaustive()
    }
}
