//! Servers: where they listen, whom they accept, and what becomes of all their sessions.

mod acceptor;
mod admission;
mod builder;
mod direct;
mod events;
mod filter;
mod listening;
mod refusal;
mod shared;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

pub use builder::Builder;
pub use events::Events;
pub use filter::{Filter, Permit};
pub use refusal::Refusal;

use crate::error::{Error, ErrorKind, Result};
use crate::net::Endpoint;
use crate::service::{Attached, Ending, Service, deadline};
use crate::session::{CloseReason, Group, Handle, Rooms, Sent, ServerProtocol, Sessions};
use shared::{STOP_LIMIT, Shared};

/// What happens to a connection that would be one too many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Overload {
    /// It is accepted and reset at once, so that the peer knows, and counted.
    #[default]
    Refuse,
    /// It waits in the system's backlog until another has ended.
    Queue,
}

/// Who accepts a server's connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Acceptors {
    /// One acceptor, whose connections are given to all loops in turn.
    #[default]
    One,
    /// One acceptor in every loop, with a socket of its own on the same address
    /// (`SO_REUSEPORT`): accepting scales with the loops, and the system spreads the connections,
    /// though not evenly. On a system that does not (macOS, Windows), and for a Unix socket, which
    /// cannot be bound twice, the acceptors share one socket.
    OnePerLoop,
}

/// A server on a [`Service`]: listens, and runs a handler for every connection.
///
/// A clone is a handle to the same server. When the last is dropped, the server stops listening
/// and its sessions are closed with [`CloseReason::Shutdown`].
///
/// ```
/// use std::io::{Read, Write};
/// use sockeye::{Server, Service, raw};
///
/// struct Echo;
/// impl raw::Handler for Echo {
///     fn on_data(&mut self, session: &mut raw::Session<'_>, data: &[u8]) {
///         session.send(data);
///     }
/// }
///
/// let service = Service::builder().thread_pool(2).start()?;
/// let server = Server::builder(&service, raw::server(|_peer| Echo)).listen("127.0.0.1:0")?;
///
/// let mut peer = std::net::TcpStream::connect(server.local_addr().to_string())?;
/// peer.write_all(b"hello")?;
/// let mut answer = [0; 5];
/// peer.read_exact(&mut answer)?;
/// assert_eq!(&answer, b"hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Server(Arc<Core>);

/// What dies with the last handle.
struct Core {
    shared: Arc<Shared>,
    service: Service,
}

impl Drop for Core {
    fn drop(&mut self) {
        self.shared.stop();
        self.shared.suspend(Ending::Graceful);
    }
}

impl Server {
    /// Sets up a server on a service.
    pub fn builder(service: &Service, protocol: ServerProtocol) -> Builder {
        Builder::new(service, protocol)
    }

    fn new(shared: Arc<Shared>, service: Service) -> Self {
        Self(Arc::new(Core { shared, service }))
    }

    /// The server's id.
    pub fn id(&self) -> Uuid {
        self.0.shared.id
    }

    /// The service it runs on.
    pub fn service(&self) -> &Service {
        &self.0.service
    }

    /// The first address it listens on, with the port the system chose for 0.
    ///
    /// # Panics
    ///
    /// Never: a server has listened on an address before one can hold it.
    pub fn local_addr(&self) -> Endpoint {
        self.local_addrs().swap_remove(0)
    }

    /// All addresses it listens on, or did before it was stopped.
    pub fn local_addrs(&self) -> Vec<Endpoint> {
        self.0.shared.endpoints()
    }

    /// True while it listens.
    pub fn is_listening(&self) -> bool {
        self.0.shared.is_listening()
    }

    /// Stops listening; sessions go on. When this returns, the addresses are free, except in a
    /// callback, where the effect follows after the callback.
    ///
    /// # Errors
    ///
    /// [`TimedOut`](ErrorKind::TimedOut) when a callback held up the loop for five seconds.
    pub fn stop(&self) -> Result<()> {
        let shared = &self.0.shared;
        shared.stop();
        if shared.service().is_service_thread() || shared.wait_stopped(deadline(STOP_LIMIT)) {
            return Ok(());
        }
        Err(self.error(ErrorKind::TimedOut, "stop listening on"))
    }

    /// Listens again, on the addresses it had.
    ///
    /// # Errors
    ///
    /// [`AlreadyRunning`](ErrorKind::AlreadyRunning), [`Stopped`](ErrorKind::Stopped) when the
    /// service is, and those of [`Builder::listen`].
    pub fn start(&self) -> Result<()> {
        let shared = &self.0.shared;
        shared.service().must_run("start a server")?;
        shared.start()?;
        // A stop that came in between has not seen the listeners.
        shared.service().must_run("start a server").inspect_err(|_| shared.stop())
    }

    /// Stops listening and closes all sessions with [`CloseReason::Shutdown`]: they send what is
    /// queued and say goodbye. Those that are not done `within` the time are cut off.
    ///
    /// # Errors
    ///
    /// [`WouldDeadlock`](ErrorKind::WouldDeadlock) on a service thread (there, use
    /// [`Server::stop`] and [`Server::disconnect_all`]), and [`TimedOut`](ErrorKind::TimedOut)
    /// when sessions were cut off that had something left to send. A peer that has got everything
    /// and does not end its own side is no error.
    pub fn shutdown(&self, within: Duration) -> Result<()> {
        let shared = &self.0.shared;
        shared.service().may_wait("shut the server down")?;
        let until = deadline(within);
        shared.stop();
        shared.suspend(Ending::Graceful);
        let stopped = shared.wait_stopped(until.max(deadline(STOP_LIMIT)));
        if shared.wait_empty(until) && stopped {
            return Ok(());
        }
        let undone =
            self.sessions().iter().any(|session| session.is_open() || session.pending() > 0);
        shared.end_sessions(CloseReason::Shutdown, Ending::Abrupt);
        if shared.wait_empty(deadline(STOP_LIMIT)) && stopped && !undone {
            return Ok(());
        }
        Err(self.error(ErrorKind::TimedOut, "shut down the server on"))
    }

    /// Shuts down within five seconds, cutting off what is left, and listens again on the same
    /// addresses.
    ///
    /// # Errors
    ///
    /// [`WouldDeadlock`](ErrorKind::WouldDeadlock) on a service thread, and those of
    /// [`Server::start`].
    pub fn restart(&self) -> Result<()> {
        match self.shutdown(STOP_LIMIT) {
            Err(error) if error.kind() != ErrorKind::TimedOut => Err(error),
            Ok(()) | Err(_) => self.start(),
        }
    }

    /// The number of sessions, and of connections of which is being decided whether they become one.
    pub fn connections(&self) -> usize {
        self.0.shared.connections()
    }

    /// The sessions at this moment.
    pub fn sessions(&self) -> Vec<Handle> {
        self.0.shared.everyone.members()
    }

    /// The session with this id, if it is one of this server's and still there.
    pub fn find(&self, id: Uuid) -> Option<Handle> {
        self.0.shared.find(id)
    }

    /// The group of all sessions.
    pub fn everyone(&self) -> &Group {
        &self.0.shared.everyone
    }

    /// The server's rooms: groups found by name, which sessions join and leave. The handle outlives
    /// the server, without whose sessions there are none.
    pub fn rooms(&self) -> Rooms {
        self.0.shared.rooms.clone()
    }

    /// Sends to all sessions; the bytes are copied once.
    pub fn multicast(&self, data: impl Into<Bytes>) -> Sent {
        self.everyone().send_shared(data.into())
    }

    /// Sends to all sessions but the one with this id.
    pub fn multicast_except(&self, id: Uuid, data: impl AsRef<[u8]>) -> Sent {
        self.everyone().send_except(id, data)
    }

    /// Closes all sessions, without waiting for it.
    pub fn disconnect_all(&self) {
        self.0.shared.end_sessions(CloseReason::Local, Ending::Graceful);
    }

    /// What has been counted so far, over all sessions there have been.
    ///
    /// On any thread. It takes no lock, and some microseconds for each of the service's loops.
    pub fn metrics(&self) -> Sessions {
        self.0.shared.metrics()
    }

    /// Reads the metrics while there is a server.
    pub(crate) fn observe(&self) -> impl Fn() -> Option<Sessions> + Send + Sync + 'static {
        let shared = Arc::downgrade(&self.0.shared);
        move || shared.upgrade().map(|shared| shared.metrics())
    }

    fn error(&self, kind: ErrorKind, attempt: &'static str) -> Error {
        Error::new(kind, attempt).on(self.local_addr())
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("addresses", &self.local_addrs())
            .field("connections", &self.connections())
            .finish_non_exhaustive()
    }
}
