//! What happens on a socket, told to the program.

use std::net::SocketAddr;

use super::Session;
use crate::{CloseReason, Error};

/// What happens on one socket. Its fields are the socket's state.
///
/// Callbacks come one at a time, on the service's threads: `on_open` first, then any of the others,
/// then `on_close` exactly once, also after a panic and at a shutdown; then again from `on_open`, if
/// the service is started again. They should not block: with a loop per thread that holds up
/// others.
///
/// Closures are handlers of which only `on_datagram` matters:
///
/// ```
/// use std::net::SocketAddr;
/// use sockeye::{Service, udp};
///
/// # let service = Service::builder().threads(1).start()?;
/// let echo = |socket: &mut udp::Session<'_>, from: SocketAddr, data: &[u8]| {
///     socket.send_to(from, data);
/// };
/// let server = udp::Socket::builder(&service, echo).bind("127.0.0.1:0")?;
/// # Ok::<(), sockeye::Error>(())
/// ```
pub trait Handler: Send + 'static {
    /// The socket is open.
    fn on_open(&mut self, socket: &mut Session<'_>) {
        let _ = socket;
    }

    /// A datagram has come: 0 to 65,527 bytes, borrowed from the thread's buffer.
    fn on_datagram(&mut self, socket: &mut Session<'_>, from: SocketAddr, data: &[u8]);

    /// The queue was above its high mark ([`Sent::Congested`](crate::Sent::Congested)) and has
    /// fallen to the low one: a sender that paused can go on.
    fn on_drain(&mut self, socket: &mut Session<'_>) {
        let _ = socket;
    }

    /// A datagram could not be sent or received, and the socket goes on. The error says which, and
    /// how: [`Refused`](crate::ErrorKind::Refused) when the machine of a connected socket's peer
    /// says (ICMP) that nobody listens, [`LimitReached`](crate::ErrorKind::LimitReached) when it
    /// is too long, [`Unreachable`](crate::ErrorKind::Unreachable),
    /// [`PermissionDenied`](crate::ErrorKind::PermissionDenied) and others.
    fn on_error(&mut self, socket: &mut Session<'_>, error: &Error) {
        let _ = (socket, error);
    }

    /// The socket is closed: once for each `on_open`. Nothing can be sent any more.
    fn on_close(&mut self, socket: &mut Session<'_>, reason: &CloseReason) {
        let _ = (socket, reason);
    }
}

impl<F: FnMut(&mut Session<'_>, SocketAddr, &[u8]) + Send + 'static> Handler for F {
    fn on_datagram(&mut self, socket: &mut Session<'_>, from: SocketAddr, data: &[u8]) {
        self(socket, from, data);
    }
}
