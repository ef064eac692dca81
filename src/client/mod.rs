//! Clients: the way to a connection, the way back to it, and calls that wait.

mod backoff;
mod builder;
mod connector;
mod desk;
mod events;
mod inbox;
mod intake;
mod messages;
mod race;
mod search;
mod shared;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;

pub use backoff::Backoff;
pub use builder::Builder;
pub use events::Events;
pub use inbox::Inbox;

pub(crate) use desk::{Desk, Found, Matching, Terms};
pub(crate) use intake::Intake;
pub(crate) use messages::Messages;

#[cfg(all(feature = "http", feature = "tls"))]
pub(crate) use crate::net::Tunnel;

use crate::error::{Error, ErrorKind, Result};
use crate::service::{Ending, Service, deadline};
use crate::session::{ClientProtocol, CloseReason, Handle, Link, Sessions};
use shared::{Progress, Shared};

/// What a client is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Nothing: it gave up, or was told to.
    Disconnected,
    /// It resolves the name, or tries the addresses.
    Connecting,
    /// Its session is open.
    Connected,
    /// It lets some time pass before the next attempt.
    Waiting,
}

/// A client on a [`Service`]: one connection, made again when it is lost if that is wanted.
///
/// A clone is a handle to the same client. When the last is dropped, its connection is closed
/// with [`CloseReason::Shutdown`], and nothing more is tried.
///
/// ```
/// use std::time::Duration;
/// use sockeye::{Backoff, Client, Server, Service, raw};
///
/// let service = Service::builder().threads(1).start()?;
/// let server = Server::builder(&service, raw::server(|_| raw::Discard)).listen("127.0.0.1:0")?;
/// let client = Client::builder(&service, raw::client(raw::Discard))
///     .connect_timeout(Duration::from_secs(5))
///     .reconnect(Backoff::default())
///     .connect(server.local_addr().to_string())?;
/// client.wait_connected(Duration::from_secs(5))?;
/// client.handle().send("from any thread");
/// # Ok::<(), sockeye::Error>(())
/// ```
#[derive(Clone)]
pub struct Client(Arc<Core>);

/// What dies with the last handle.
struct Core {
    shared: Arc<Shared>,
    link: Arc<Link>,
    service: Service,
}

impl Drop for Core {
    fn drop(&mut self) {
        self.shared.drop_handle();
    }
}

impl Client {
    /// Sets up a client on a service.
    pub fn builder(service: &Service, protocol: ClientProtocol) -> Builder {
        Builder::new(service, protocol)
    }

    fn new(shared: Arc<Shared>, link: Arc<Link>, service: Service) -> Self {
        Self(Arc::new(Core { shared, link, service }))
    }

    /// The client's id.
    pub fn id(&self) -> Uuid {
        self.0.shared.id
    }

    /// The service it runs on.
    pub fn service(&self) -> &Service {
        &self.0.service
    }

    /// The session, for sending and all else; it stays the same over reconnects.
    pub fn handle(&self) -> Handle {
        Handle::new(Arc::clone(&self.0.link))
    }

    /// What the client is doing.
    pub fn state(&self) -> State {
        match self.0.shared.state() {
            State::Connected if !self.0.link.is_open() => State::Disconnected,
            state => state,
        }
    }

    /// True while the session is open.
    pub fn is_connected(&self) -> bool {
        self.state() == State::Connected
    }

    /// Why the last attempt failed or the last connection ended.
    pub fn last_error(&self) -> Option<Error> {
        self.0.shared.progress().lock().failure.clone()
    }

    /// Connects, if it is not connected or connecting already; while it waits for its next
    /// attempt, at once. Returns without waiting.
    pub fn connect(&self) {
        self.0.shared.connect();
    }

    /// Closes the connection, or gives up the attempt to make one, and does not connect again by
    /// itself. Returns without waiting.
    pub fn disconnect(&self) {
        self.0.shared.disconnect(CloseReason::Local, Ending::Graceful);
    }

    /// Closes the connection and, when it has ended, connects again; `within` the time for both.
    ///
    /// # Errors
    ///
    /// As [`Client::wait_connected`].
    pub fn reconnect(&self, within: Duration) -> Result<()> {
        self.0.shared.service().may_wait("reconnect")?;
        let deadline = deadline(within);
        self.disconnect();
        self.wait_disconnected(within)?;
        self.connect();
        self.wait_connected(deadline.saturating_duration_since(Instant::now()))
    }

    /// As [`Client::disconnect`], for this reason.
    #[cfg(feature = "ws")]
    pub(crate) fn end(&self, reason: CloseReason) {
        self.0.shared.disconnect(reason, Ending::Graceful);
    }

    /// Waits until the client is connected.
    ///
    /// # Errors
    ///
    /// Why there will be no connection: that of the last attempt, such as
    /// [`Refused`](ErrorKind::Refused), [`Unreachable`](ErrorKind::Unreachable),
    /// [`Unresolved`](ErrorKind::Unresolved), [`TimedOut`](ErrorKind::TimedOut) or
    /// [`Canceled`](ErrorKind::Canceled). When `within` passes first,
    /// [`TimedOut`](ErrorKind::TimedOut). [`WouldDeadlock`](ErrorKind::WouldDeadlock) on a
    /// service thread.
    pub fn wait_connected(&self, within: Duration) -> Result<()> {
        let attempt = "wait for a connection";
        let shared = &self.0.shared;
        shared.service().may_wait(attempt)?;
        let settled = |progress: &mut Progress| match progress.state {
            // A connection that has ended stays in this state until the connector hears of it.
            State::Connected => self.0.link.is_open(),
            State::Disconnected => progress.is_at_rest(),
            State::Connecting | State::Waiting => false,
        };
        let late = || Error::new(ErrorKind::TimedOut, attempt);
        if !shared.wait(deadline(within), settled) {
            return Err(self.last_error().map_or_else(late, |cause| late().because(cause)));
        }
        if self.is_connected() {
            return Ok(());
        }
        Err(self.last_error().unwrap_or_else(|| Error::new(ErrorKind::Closed, attempt)))
    }

    /// Waits until the client is not connected and does not try to be.
    ///
    /// # Errors
    ///
    /// [`TimedOut`](ErrorKind::TimedOut), and [`WouldDeadlock`](ErrorKind::WouldDeadlock) on a
    /// service thread.
    pub fn wait_disconnected(&self, within: Duration) -> Result<()> {
        let attempt = "wait for the end of a connection";
        let shared = &self.0.shared;
        shared.service().may_wait(attempt)?;
        let ended = shared.wait(deadline(within), |progress| progress.is_at_rest());
        ended.then_some(()).ok_or_else(|| Error::new(ErrorKind::TimedOut, attempt))
    }

    /// What has been counted so far, over all attempts and connections.
    ///
    /// On any thread. It takes no lock, and about a microsecond.
    pub fn metrics(&self) -> Sessions {
        self.0.shared.metrics()
    }

    /// Reads the metrics while there is a client.
    pub(crate) fn observe(&self) -> impl Fn() -> Option<Sessions> + Send + Sync + 'static {
        let shared = Arc::downgrade(&self.0.shared);
        move || shared.upgrade().map(|shared| shared.metrics())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("state", &self.state())
            .field("peer", &self.handle().peer_addr())
            .finish_non_exhaustive()
    }
}
