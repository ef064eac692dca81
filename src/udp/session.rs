//! What callbacks get: the socket in its turn.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;

use super::core::Core;
use super::port::Port;
use super::queue::Payload;
use super::{Handle, MulticastGroup, Stats};
use crate::error::{Error, Result};
use crate::service::Ending;
use crate::{CloseReason, Sent};

/// A socket during one of its callbacks; see also [`Handle`], which may be kept and sent to other
/// threads.
///
/// What a callback sends is queued, and sent behind the datagrams that came with the present one.
/// Nothing here waits. What cannot be sent at all, being too long say, is [`Sent::Dropped`], and
/// [`on_error`](super::Handler::on_error) is told why.
pub struct Session<'a> {
    core: &'a mut Core,
    port: &'a Port,
}

impl<'a> Session<'a> {
    pub(super) fn new(core: &'a mut Core, port: &'a Port) -> Self {
        Self { core, port }
    }

    /// Sends a datagram to the peer that the socket is connected to; the bytes are copied.
    pub fn send(&mut self, data: impl AsRef<[u8]>) -> Sent {
        self.core.send(self.port, None, Payload::Borrowed(data.as_ref()))
    }

    /// Sends a datagram; the bytes are copied.
    pub fn send_to(&mut self, to: SocketAddr, data: impl AsRef<[u8]>) -> Sent {
        self.core.send(self.port, Some(to), Payload::Borrowed(data.as_ref()))
    }

    /// Sends a datagram whose bytes may be shared; from 512 bytes on they are not copied.
    pub fn send_shared_to(&mut self, to: SocketAddr, data: Bytes) -> Sent {
        self.core.send(self.port, Some(to), Payload::Shared(data))
    }

    /// Sends a datagram to the group of [`Builder::multicast_to`](super::Builder::multicast_to).
    pub fn multicast(&mut self, data: impl AsRef<[u8]>) -> Sent {
        let group = self.port.settings.group;
        self.core.send(self.port, group, Payload::Borrowed(data.as_ref()))
    }

    /// Closes: what is queued is sent, within [`Limits::close`](super::Limits::close). No more
    /// datagrams are handed out.
    pub fn close(&mut self) {
        self.port.give_up();
        self.core.close(CloseReason::Local, Ending::Graceful);
    }

    /// Joins a group.
    ///
    /// # Errors
    ///
    /// As [`Handle::join`].
    pub fn join<G>(&mut self, group: G) -> Result<()>
    where
        G: TryInto<MulticastGroup>,
        Error: From<G::Error>,
    {
        self.port.join(group.try_into()?)
    }

    /// Leaves a group.
    ///
    /// # Errors
    ///
    /// As [`Handle::leave`].
    pub fn leave<G>(&mut self, group: G) -> Result<()>
    where
        G: TryInto<MulticastGroup>,
        Error: From<G::Error>,
    {
        self.port.leave(group.try_into()?)
    }

    /// The address that the present datagram was sent to: one of this machine's, a group or a
    /// broadcast. `None` unless asked for with [`Options::details`](super::Options::details).
    pub fn destination(&self) -> Option<IpAddr> {
        self.core.details.destination
    }

    /// The index of the network interface that the present datagram came through. `None` as above.
    pub fn interface(&self) -> Option<u32> {
        self.core.details.interface
    }

    /// The codepoint of explicit congestion notification of the present datagram (RFC 3168 5):
    /// 3 is "congestion experienced". `None` as above.
    pub fn ecn(&self) -> Option<u8> {
        self.core.details.ecn
    }

    /// The socket for other threads, and for later.
    pub fn handle(&self) -> Handle {
        Handle::new(self.port.arc())
    }

    /// Where the socket is bound.
    pub fn local_addr(&self) -> SocketAddr {
        self.port.local_addr()
    }

    /// The peer that it is connected to.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.port.route.peer
    }

    /// Bytes that wait to be sent.
    pub fn pending(&self) -> usize {
        self.core.load(self.port).0
    }

    /// What has been counted so far.
    pub fn stats(&self) -> Stats {
        self.port.tally.read()
    }
}

impl fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("local", &self.local_addr())
            .field("peer", &self.peer_addr())
            .finish_non_exhaustive()
    }
}
