//! Where a server's streams come from, whatever the transport.

use std::io;
use std::net::TcpListener as StdTcpListener;
#[cfg(unix)]
use std::os::unix::net::UnixListener as StdUnixListener;
use std::task::Waker;

use mio::{Registry, Token};

#[cfg(feature = "testing")]
use super::memory_listener::MemoryListener;
use super::tcp_listener::TcpListener;
#[cfg(unix)]
use super::unix_listener::UnixListener;
use super::{Endpoint, Sockets, Stream};
use crate::error::{Error, Result};

/// A listening socket. Dropping it refuses whoever waits to be accepted.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(Box<TcpListener>),
    #[cfg(unix)]
    Unix(UnixListener),
    #[cfg(feature = "testing")]
    Memory(MemoryListener),
}

impl Listener {
    /// Binds and listens. Port 0 lets the system choose: see [`local_addr`](Self::local_addr).
    pub(crate) fn bind(end: &Endpoint, sockets: &Sockets) -> Result<Self> {
        match end {
            Endpoint::Inet(addr) => {
                TcpListener::bind(*addr, &sockets.tcp).map(Box::new).map(Self::Tcp)
            }
            #[cfg(unix)]
            Endpoint::Unix(name) => UnixListener::bind(name, &sockets.unix).map(Self::Unix),
            #[cfg(feature = "testing")]
            Endpoint::MemoryName(name) => sockets.network.names.listen(name).map(Self::Memory),
            end => Err(super::unsupported("bind", end)),
        }
    }

    /// Takes a socket that listens already, as a service manager hands it over. Its address,
    /// backlog and reuse are left alone; what each connection shall have is set.
    pub(crate) fn adopt(socket: ListeningSocket, sockets: &Sockets) -> Result<Self> {
        match socket.0 {
            Kind::Tcp(socket) => {
                TcpListener::adopt(socket, &sockets.tcp).map(Box::new).map(Self::Tcp)
            }
            #[cfg(unix)]
            Kind::Unix(socket) => UnixListener::adopt(socket, &sockets.unix).map(Self::Unix),
        }
    }

    /// Another listener on the same address, for another acceptor.
    pub(crate) fn another(&self, sockets: &Sockets) -> Result<Self> {
        match self {
            Self::Tcp(listener) => listener.another(&sockets.tcp).map(Box::new).map(Self::Tcp),
            #[cfg(unix)]
            Self::Unix(listener) => listener.another().map(Self::Unix),
            #[cfg(feature = "testing")]
            Self::Memory(listener) => Ok(Self::Memory(listener.another())),
        }
    }

    /// Takes the next connection, if one waits (else `WouldBlock`).
    ///
    /// After [`out_of_resources`](crate::error::out_of_resources) the connection still waits: to try
    /// again at once would spin. After any other error it is gone, and the next one may be fine
    /// (`accept(2)`, "Error handling").
    pub(crate) fn accept(&self) -> io::Result<(Stream, Endpoint)> {
        match self {
            Self::Tcp(listener) => listener.accept(),
            #[cfg(unix)]
            Self::Unix(listener) => listener.accept(),
            #[cfg(feature = "testing")]
            Self::Memory(listener) => listener.accept(),
        }
    }

    /// Where it listens, with the port that the system chose.
    pub(crate) fn local_addr(&self) -> Endpoint {
        match self {
            Self::Tcp(listener) => listener.local_addr(),
            #[cfg(unix)]
            Self::Unix(listener) => listener.local_addr(),
            #[cfg(feature = "testing")]
            Self::Memory(listener) => listener.local_addr(),
        }
    }

    /// Tells of connections that wait, with edge-triggered events. A listener in memory has no
    /// poller; it calls the waker instead.
    #[cfg_attr(not(feature = "testing"), expect(unused_variables))]
    pub(crate) fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        waker: impl FnOnce() -> Waker,
    ) -> io::Result<()> {
        match self {
            Self::Tcp(listener) => listener.register(registry, token),
            #[cfg(unix)]
            Self::Unix(listener) => listener.register(registry, token),
            #[cfg(feature = "testing")]
            Self::Memory(listener) => {
                listener.set_waker(Some(waker()));
                Ok(())
            }
        }
    }

    pub(crate) fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        match self {
            Self::Tcp(listener) => listener.deregister(registry),
            #[cfg(unix)]
            Self::Unix(listener) => listener.deregister(registry),
            #[cfg(feature = "testing")]
            Self::Memory(listener) => {
                listener.set_waker(None);
                Ok(())
            }
        }
    }
}

/// A socket of the standard library's that listens already: TCP or, on Unix, a Unix socket. Made
/// with `from`; see [`Builder::listen_socket`](crate::server::Builder::listen_socket).
#[derive(Debug)]
pub struct ListeningSocket(Kind);

#[derive(Debug)]
enum Kind {
    Tcp(StdTcpListener),
    #[cfg(unix)]
    Unix(StdUnixListener),
}

impl ListeningSocket {
    /// Another descriptor of the same socket.
    pub(crate) fn try_clone(&self) -> Result<Self> {
        let kind = match &self.0 {
            Kind::Tcp(socket) => socket.try_clone().map(Kind::Tcp),
            #[cfg(unix)]
            Kind::Unix(socket) => socket.try_clone().map(Kind::Unix),
        };
        kind.map(Self).map_err(|error| Error::io("copy a listener", error))
    }
}

impl From<StdTcpListener> for ListeningSocket {
    fn from(socket: StdTcpListener) -> Self {
        Self(Kind::Tcp(socket))
    }
}

#[cfg(unix)]
impl From<StdUnixListener> for ListeningSocket {
    fn from(socket: StdUnixListener) -> Self {
        Self(Kind::Unix(socket))
    }
}
