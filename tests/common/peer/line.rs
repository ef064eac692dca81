//! What a peer speaks through: the plain sockets of the standard library, and what is built alike.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::sync::LazyLock;
use std::time::Duration;

use socket2::SockRef;
use sockeye::Endpoint;

/// A connected byte stream whose calls wait for [`LIMIT`](super::LIMIT) at most.
pub trait Line: Read + Write + Send {
    /// For another thread: one reads while the other writes.
    fn another(&self) -> Box<dyn Line>;
    fn set_nonblocking(&mut self, on: bool) -> io::Result<()>;
    /// Sends no more.
    fn finish(&self) -> io::Result<()>;
    /// Cuts the connection, or leaves without a word where there is no such thing.
    fn reset(self: Box<Self>);
    /// Whether the other side can tell that from an end.
    fn has_reset(&self) -> bool {
        true
    }
    /// What the other side knows this one as.
    fn endpoint(&self) -> Endpoint;
    /// Where it is connected to.
    fn remote(&self) -> Endpoint;
}

/// Whether this system tells that a connection was cut. All do but Wine, which ends in order what
/// is closed.
pub fn tcp_resets() -> bool {
    static TELLS: LazyLock<bool> = LazyLock::new(|| !cfg!(windows) || is_told_of_a_reset());
    *TELLS
}

fn is_told_of_a_reset() -> bool {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (far, _) = listener.accept().unwrap();
    Box::new(far).reset();
    near.read(&mut [0]).is_err()
}

impl Line for TcpStream {
    fn another(&self) -> Box<dyn Line> {
        Box::new(self.try_clone().unwrap())
    }

    fn set_nonblocking(&mut self, on: bool) -> io::Result<()> {
        Self::set_nonblocking(self, on)
    }

    fn finish(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }

    fn reset(self: Box<Self>) {
        SockRef::from(&*self).set_linger(Some(Duration::ZERO)).unwrap();
    }

    fn has_reset(&self) -> bool {
        tcp_resets()
    }

    fn endpoint(&self) -> Endpoint {
        self.local_addr().unwrap().into()
    }

    fn remote(&self) -> Endpoint {
        self.peer_addr().unwrap().into()
    }
}

#[cfg(unix)]
impl Line for UnixStream {
    fn another(&self) -> Box<dyn Line> {
        Box::new(self.try_clone().unwrap())
    }

    fn set_nonblocking(&mut self, on: bool) -> io::Result<()> {
        Self::set_nonblocking(self, on)
    }

    fn finish(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }

    fn reset(self: Box<Self>) {
        // It has none.
    }

    fn has_reset(&self) -> bool {
        false
    }

    fn endpoint(&self) -> Endpoint {
        endpoint(&SockRef::from(self).local_addr().unwrap())
    }

    fn remote(&self) -> Endpoint {
        endpoint(&SockRef::from(self).peer_addr().unwrap())
    }
}

#[cfg(unix)]
fn endpoint(address: &socket2::SockAddr) -> Endpoint {
    use sockeye::UnixName;
    match address.as_pathname() {
        Some(path) => Endpoint::Unix(UnixName::Path(path.into())),
        None => Endpoint::Unix(UnixName::Unnamed),
    }
}
