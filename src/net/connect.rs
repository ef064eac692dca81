//! Where a client's streams come from.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use mio::net::TcpStream;

#[cfg(unix)]
use super::unix_stream;
use super::{Endpoint, Sockets, Stream, TcpOptions, apply, os};
use crate::error::{Error, Result};

/// Begins to connect. The stream is to be registered; with its events [`outcome`] tells what has
/// become of it. An error here is final, unless it [`is_busy`].
pub(crate) fn start(end: &Endpoint, sockets: &Sockets) -> Result<Stream> {
    match end {
        Endpoint::Inet(addr) => {
            start_tcp(*addr, &sockets.tcp).map_err(|error| Error::io(ATTEMPT, error).on(addr))
        }
        #[cfg(unix)]
        Endpoint::Unix(name) => unix_stream::connect(name, &sockets.unix),
        #[cfg(feature = "testing")]
        Endpoint::MemoryName(name) => match sockets.network.names.connect(name) {
            Ok(client) => Ok(Stream::Memory(Box::new(client))),
            Err(error) => Err(Error::io(ATTEMPT, error).on(end)),
        },
        end => Err(super::unsupported(ATTEMPT, end)),
    }
}

/// Whether a later attempt may succeed that has failed at once: too many wait to be accepted.
///
/// Not of TCP: there `WouldBlock` says that the system cannot even begin.
pub(crate) fn is_busy(end: &Endpoint, error: &Error) -> bool {
    let would_block = |error: &io::Error| error.kind() == io::ErrorKind::WouldBlock;
    !matches!(end, Endpoint::Inet(_)) && error.io_error().is_some_and(would_block)
}

/// Whether it is connected, has failed, or (`None`) neither so far: then events go on to tell.
pub(crate) fn outcome(stream: &Stream) -> Option<io::Result<()>> {
    match stream {
        Stream::Tcp(tcp) => outcome_of_tcp(tcp),
        #[cfg(unix)]
        Stream::Unix(_) => Some(Ok(())),
        #[cfg(feature = "testing")]
        Stream::Memory(_) => Some(Ok(())),
    }
}

const ATTEMPT: &str = "connect to";

/// The unspecified address, which is where a server on all addresses says it is, means this
/// machine, as on Linux by itself.
fn start_tcp(addr: SocketAddr, options: &TcpOptions) -> io::Result<Stream> {
    let addr = reachable(addr);
    let socket = apply::socket(addr)?;
    apply::connecting(&socket, addr, options)?;
    match socket.connect(&addr.into()) {
        Err(error) if !os::connect_goes_on(&error) => Err(error),
        _ => Ok(Stream::Tcp(TcpStream::from_std(socket.into()))),
    }
}

fn reachable(addr: SocketAddr) -> SocketAddr {
    let loopback: IpAddr = match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    if loopback == addr.ip() { addr } else { SocketAddr::new(loopback, addr.port()) }
}

/// Writability alone proves nothing, as events may be spurious. The order is that of mio's
/// `TcpStream::connect`.
fn outcome_of_tcp(tcp: &TcpStream) -> Option<io::Result<()>> {
    match tcp.take_error() {
        Ok(None) => {}
        Ok(Some(error)) | Err(error) => return Some(Err(error)),
    }
    match tcp.peer_addr() {
        Ok(peer) if is_self(tcp, peer) => Some(Err(io::ErrorKind::ConnectionRefused.into())),
        Ok(_) => Some(Ok(())),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => None,
        Err(error) if os::connect_goes_on(&error) => None,
        Err(error) => Some(Err(error)),
    }
}

/// Whether a socket has connected to itself (RFC 9293 3.5, simultaneous open): happens when nobody
/// listens on a port of this machine, and the system chose just this one to connect from. Such a
/// connection would echo, and keep the server from ever listening there.
fn is_self(tcp: &TcpStream, peer: SocketAddr) -> bool {
    tcp.local_addr().is_ok_and(|local| local == peer)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::task::Waker;
    use std::time::Duration;

    use mio::{Events, Poll, Token};
    use socket2::{SockRef, Socket};

    use super::*;

    fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        (listener, addr)
    }

    /// Has an address that nobody else gets, and does not listen on it.
    fn deaf() -> (Socket, SocketAddr) {
        let addr: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let socket = apply::socket(addr).unwrap();
        socket.set_reuse_address(cfg!(unix)).unwrap();
        socket.bind(&addr.into()).unwrap();
        let addr = socket.local_addr().unwrap().as_socket().unwrap();
        (socket, addr)
    }

    /// Waits for the outcome as an event loop does.
    fn connect(addr: SocketAddr, options: &TcpOptions) -> io::Result<Stream> {
        let mut stream = start_tcp(addr, options)?;
        let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(8));
        stream.register(poll.registry(), Token(0), || Waker::noop().clone())?;
        loop {
            if let Some(outcome) = outcome(&stream) {
                return outcome.map(|()| stream);
            }
            poll.poll(&mut events, Some(Duration::from_secs(30)))?;
            assert!(!events.is_empty(), "neither connected nor failed");
        }
    }

    #[test]
    fn a_connection_is_told() {
        let (listener, addr) = listener();
        let mut stream = connect(addr, &TcpOptions::default()).unwrap();
        assert_eq!(stream.peer_addr(), Some(addr.into()));
        let (mut server, peer) = listener.accept().unwrap();
        assert_eq!(stream.local_addr(), Some(peer.into()));
        assert_eq!(stream.write(b"hello").unwrap(), 5);
        stream.shutdown_write().unwrap();
        assert_eq!(io::read_to_string(&mut server).unwrap(), "hello");
    }

    #[test]
    fn a_refusal_is_told() {
        let (_socket, addr) = deaf();
        let error = connect(addr, &TcpOptions::default()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }

    #[test]
    fn options_are_set_before_connecting() {
        let (_listener, addr) = listener();
        let local: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let options = TcpOptions::default().ttl(33).receive_buffer(40_000).local_address(local);
        let stream = connect(addr, &options).unwrap();
        let socket = SockRef::from(stream.tcp());
        assert_eq!(socket.ttl_v4().unwrap(), 33);
        assert!(socket.recv_buffer_size().unwrap() >= 40_000);
        assert!(socket.tcp_nodelay().unwrap() && socket.keepalive().unwrap());
    }

    #[test]
    fn a_local_address_of_the_other_family_fails_at_once() {
        let (_listener, addr) = listener();
        let options = TcpOptions::default().local_address("[::1]:0".parse().unwrap());
        let error = start_tcp(addr, &options).unwrap_err();
        assert!(error.to_string().contains("local_address"), "{error}");
    }

    #[test]
    fn the_hook_may_forbid_it() {
        let (_listener, addr) = listener();
        let options = TcpOptions::default().configure(|_| Err(io::Error::other("not today")));
        assert!(start_tcp(addr, &options).unwrap_err().to_string().contains("not today"));
    }

    #[test]
    fn an_abort_resets() {
        let (listener, addr) = listener();
        let stream = connect(addr, &TcpOptions::default()).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        server.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.abort();
        let error = io::read_to_string(&mut server).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }

    /// A socket bound to the port that it connects to reaches itself.
    #[test]
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn a_connection_to_itself_is_a_refusal() {
        let (_socket, addr) = deaf();
        let error = connect(addr, &TcpOptions::default().local_address(addr)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }
}
