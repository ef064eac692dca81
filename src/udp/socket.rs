//! The value that keeps a socket open.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::port::Port;
use super::{Builder, Handle, Handler, Stats};
use crate::service::Service;

/// A UDP socket on a [`Service`], which can do all that its [`Handle`] can.
///
/// A clone is the same socket. When the last is dropped, it closes; so it does when the service
/// stops, to open again with it on the same address and in the same groups.
///
/// ```
/// use sockeye::{Service, udp};
///
/// struct Echo;
/// impl udp::Handler for Echo {
///     fn on_datagram(
///         &mut self,
///         socket: &mut udp::Session<'_>,
///         from: std::net::SocketAddr,
///         data: &[u8],
///     ) {
///         socket.send_to(from, data);
///     }
/// }
///
/// let service = Service::builder().thread_pool(2).start()?;
/// let socket = udp::Socket::builder(&service, Echo).bind("127.0.0.1:0")?;
///
/// let peer = std::net::UdpSocket::bind("127.0.0.1:0")?;
/// peer.send_to(b"hello", socket.local_addr())?;
/// let mut answer = [0; 5];
/// peer.recv_from(&mut answer)?;
/// assert_eq!(&answer, b"hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Socket(Arc<Core>);

/// What dies with the last clone.
struct Core {
    handle: Handle,
    service: Service,
}

impl Drop for Core {
    fn drop(&mut self) {
        self.handle.close();
    }
}

impl Socket {
    /// Sets up a socket on a service.
    pub fn builder(service: &Service, handler: impl Handler) -> Builder {
        Builder::new(service, Box::new(handler))
    }

    pub(super) fn new(port: Arc<Port>, service: Service) -> Self {
        Self(Arc::new(Core { handle: Handle::new(port), service }))
    }

    /// The service it runs on.
    pub fn service(&self) -> &Service {
        &self.0.service
    }

    /// Reads what is counted while there is a socket.
    pub(crate) fn observe(&self) -> impl Fn() -> Option<Stats> + Send + Sync + 'static {
        let port = self.0.handle.downgrade();
        move || port.upgrade().map(|port| port.tally.read())
    }

    /// The socket for other threads, which does not keep it open.
    pub fn handle(&self) -> Handle {
        self.0.handle.clone()
    }
}

impl Deref for Socket {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.0.handle
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("local", &self.local_addr())
            .field("peer", &self.peer_addr())
            .finish_non_exhaustive()
    }
}
