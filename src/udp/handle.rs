//! A socket as other threads hold it.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::port::Port;
use super::queue::Payload;
use super::{MulticastGroup, Stats};
use crate::error::{Error, ErrorKind, Result};
use crate::service::deadline;
use crate::{CloseReason, Sent};

/// A socket for any thread, for as long as one likes: `Send + Sync`, and cheap to clone.
///
/// What is sent goes through the socket's mailbox, and out in its next turn, in the order sent. A
/// handle does not keep the socket open; on a closed one everything is refused, and when the
/// service is started again it works again.
#[derive(Clone)]
pub struct Handle(Arc<Port>);

impl Handle {
    pub(super) fn new(port: Arc<Port>) -> Self {
        Self(port)
    }

    pub(super) fn downgrade(&self) -> Weak<Port> {
        Arc::downgrade(&self.0)
    }

    /// Sends a datagram to the peer that the socket is connected to; the bytes are copied.
    ///
    /// Never waits. See [`Sent`] for what may become of it. What cannot be sent at all, being too
    /// long say, is [`Sent::Dropped`], and [`on_error`](super::Handler::on_error) is told why.
    pub fn send(&self, data: impl AsRef<[u8]>) -> Sent {
        self.push(None, Payload::Borrowed(data.as_ref()))
    }

    /// Sends a datagram; the bytes are copied. Otherwise as [`Handle::send`].
    pub fn send_to(&self, to: SocketAddr, data: impl AsRef<[u8]>) -> Sent {
        self.push(Some(to), Payload::Borrowed(data.as_ref()))
    }

    /// Sends a datagram whose bytes may be shared; from 512 bytes on they are not copied.
    pub fn send_shared_to(&self, to: SocketAddr, data: Bytes) -> Sent {
        self.push(Some(to), Payload::Shared(data))
    }

    /// Sends a datagram to the group of [`Builder::multicast_to`](super::Builder::multicast_to).
    pub fn multicast(&self, data: impl AsRef<[u8]>) -> Sent {
        self.push(self.0.settings.group, Payload::Borrowed(data.as_ref()))
    }

    /// Sends a datagram to the connected peer, and waits `within` the time for room in the queue
    /// if there is none.
    ///
    /// # Errors
    ///
    /// [`WouldDeadlock`](ErrorKind::WouldDeadlock) on a service thread,
    /// [`TimedOut`](ErrorKind::TimedOut), [`Closed`](ErrorKind::Closed),
    /// [`LimitReached`](ErrorKind::LimitReached) when it is too long, was dropped or closed the
    /// socket, and [`AddressInvalid`](ErrorKind::AddressInvalid) when the socket cannot reach the
    /// address or is not connected. What the system says later, `on_error` is told.
    pub fn send_within(&self, data: impl AsRef<[u8]>, within: Duration) -> Result<()> {
        self.push_within(None, data.as_ref(), within)
    }

    /// Sends a datagram, and waits `within` the time for room in the queue if there is none.
    ///
    /// # Errors
    ///
    /// As [`Handle::send_within`].
    pub fn send_to_within(
        &self,
        to: SocketAddr,
        data: impl AsRef<[u8]>,
        within: Duration,
    ) -> Result<()> {
        self.push_within(Some(to), data.as_ref(), within)
    }

    /// Sends a datagram to the socket's group, and waits `within` the time for room in the queue
    /// if there is none.
    ///
    /// # Errors
    ///
    /// As [`Handle::send_within`].
    pub fn multicast_within(&self, data: impl AsRef<[u8]>, within: Duration) -> Result<()> {
        self.push_within(self.0.settings.group, data.as_ref(), within)
    }

    /// Waits `within` the time until everything queued so far has been handed to the system.
    ///
    /// # Errors
    ///
    /// [`WouldDeadlock`](ErrorKind::WouldDeadlock) on a service thread,
    /// [`TimedOut`](ErrorKind::TimedOut), and [`Closed`](ErrorKind::Closed) when the socket is.
    pub fn flush(&self, within: Duration) -> Result<()> {
        let attempt = "flush";
        self.0.service.may_wait(attempt)?;
        let deadline = deadline(within);
        let done = || self.0.load() == (0, 0) || !self.is_open();
        let flushed = self.0.backlog.wait(&self.0.service, deadline, done);
        match (flushed, self.is_open()) {
            (_, false) => Err(self.error(ErrorKind::Closed, attempt)),
            (true, true) => Ok(()),
            (false, true) => Err(self.error(ErrorKind::TimedOut, attempt)),
        }
    }

    /// Joins a multicast group; it is joined again when the service is started again.
    ///
    /// # Errors
    ///
    /// [`AddressInUse`](ErrorKind::AddressInUse) when it is joined already,
    /// [`AddressInvalid`](ErrorKind::AddressInvalid) when it is no group or there is no such
    /// interface, [`Unsupported`](ErrorKind::Unsupported) for what the system does not offer, and
    /// [`Closed`](ErrorKind::Closed).
    pub fn join<G>(&self, group: G) -> Result<()>
    where
        G: TryInto<MulticastGroup>,
        Error: From<G::Error>,
    {
        self.0.join(group.try_into()?)
    }

    /// Leaves a multicast group.
    ///
    /// # Errors
    ///
    /// As [`Handle::join`], [`AddressInvalid`](ErrorKind::AddressInvalid) also when it was not
    /// joined.
    pub fn leave<G>(&self, group: G) -> Result<()>
    where
        G: TryInto<MulticastGroup>,
        Error: From<G::Error>,
    {
        self.0.leave(group.try_into()?)
    }

    /// Closes the socket for good: what is queued is sent, within
    /// [`Limits::close`](super::Limits::close). Returns without waiting.
    pub fn close(&self) {
        self.0.close();
    }

    /// Waits `within` the time until the socket is closed, by whomever.
    ///
    /// # Errors
    ///
    /// [`TimedOut`](ErrorKind::TimedOut), and [`WouldDeadlock`](ErrorKind::WouldDeadlock) on a
    /// service thread.
    pub fn wait_closed(&self, within: Duration) -> Result<()> {
        let attempt = "wait for the end of";
        self.0.service.may_wait(attempt)?;
        let closed = self.0.wait_closed(deadline(within));
        closed.then_some(()).ok_or_else(|| self.error(ErrorKind::TimedOut, attempt))
    }

    /// True while the socket takes datagrams.
    pub fn is_open(&self) -> bool {
        self.0.is_open()
    }

    /// Why the socket is closed.
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.0.close_reason()
    }

    /// Where the socket is bound, or was, with the port that the system chose.
    pub fn local_addr(&self) -> SocketAddr {
        self.0.local_addr()
    }

    /// The peer that it is connected to.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.0.route.peer
    }

    /// Bytes that wait to be sent.
    pub fn pending(&self) -> usize {
        self.0.load().0
    }

    /// What has been counted so far.
    pub fn stats(&self) -> Stats {
        self.0.tally.read()
    }

    fn push(&self, to: Option<SocketAddr>, data: Payload<'_>) -> Sent {
        self.0.send(to, data).unwrap_or_else(|error| {
            self.0.complain(error);
            Sent::Dropped
        })
    }

    fn push_within(&self, to: Option<SocketAddr>, data: &[u8], within: Duration) -> Result<()> {
        let attempt = "send to";
        self.0.service.may_wait(attempt)?;
        let deadline = deadline(within);
        loop {
            let kind = match self.0.send(to, Payload::Borrowed(data))? {
                Sent::Queued | Sent::Congested => return Ok(()),
                Sent::Full if data.len() > self.0.settings.limits.queue => ErrorKind::LimitReached,
                Sent::Full if self.wait_for_room(data.len(), deadline) => continue,
                Sent::Full => ErrorKind::TimedOut,
                Sent::Closed => ErrorKind::Closed,
                _ => ErrorKind::LimitReached,
            };
            let error = Error::new(kind, attempt);
            return Err(match to.or(self.0.route.peer) {
                Some(to) => error.on(to),
                None => error,
            });
        }
    }

    /// False at the deadline.
    fn wait_for_room(&self, len: usize, deadline: Instant) -> bool {
        let limits = &self.0.settings.limits;
        let done = || {
            let (bytes, datagrams) = self.0.load();
            let low = limits.is_low(bytes, datagrams) && limits.has_room(bytes, datagrams, len);
            low || !self.is_open()
        };
        self.0.backlog.wait(&self.0.service, deadline, done)
    }

    fn error(&self, kind: ErrorKind, attempt: &'static str) -> Error {
        Error::new(kind, attempt).on(format_args!("the UDP socket on {}", self.local_addr()))
    }
}

impl PartialEq for Handle {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Handle {}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("local", &self.local_addr())
            .field("peer", &self.peer_addr())
            .field("open", &self.is_open())
            .finish_non_exhaustive()
    }
}
