//! A listening TCP socket.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use mio::net::TcpListener as MioListener;
use mio::{Interest, Registry, Token};
use socket2::SockRef;

use super::apply::{self, INHERITED};
use super::{Endpoint, Stream, TcpOptions, os};
use crate::error::{Error, ErrorKind, Result};

#[derive(Debug)]
pub(crate) struct TcpListener {
    inner: MioListener,
    local: SocketAddr,
    options: TcpOptions,
}

impl TcpListener {
    pub(super) fn bind(addr: SocketAddr, options: &TcpOptions) -> Result<Self> {
        let socket = match apply::socket(addr) {
            Err(error) if is_dual_stack(addr, options) && os::family_missing(&error) => {
                return Self::bind((Ipv4Addr::UNSPECIFIED, addr.port()).into(), options);
            }
            other => other.map_err(|error| Error::io("bind", error).on(addr))?,
        };
        apply::listening(&socket, addr, options)
            .and_then(|()| socket.bind(&addr.into()))
            .map_err(|error| Error::io("bind", error).on(addr))?;
        socket
            .listen(os::backlog(options.backlog))
            .map_err(|error| Error::io("listen on", error).on(addr))?;
        Self::new(socket.into(), options)
    }

    pub(super) fn adopt(listener: std::net::TcpListener, options: &TcpOptions) -> Result<Self> {
        let listener = Self::new(listener, options)?;
        let socket = SockRef::from(&listener.inner);
        if !os::listens(&socket) {
            let deaf = Error::new(ErrorKind::Io, "listen on").on(listener.local);
            return Err(deaf.because("the socket does not listen"));
        }
        socket
            .set_nonblocking(true)
            .and_then(|()| apply::inheritable(&socket, listener.local, options))
            .map_err(|error| Error::io("listen on", error).on(listener.local))?;
        Ok(listener)
    }

    /// The same address for another poller: with a socket of its own where the system spreads the
    /// connections over several. Elsewhere whoever comes too late for a connection finds none.
    pub(super) fn another(&self, options: &TcpOptions) -> Result<Self> {
        if os::SPREADS_CONNECTIONS {
            return Self::bind(self.local, options);
        }
        let copy = SockRef::from(&self.inner).try_clone();
        let copy = copy.map_err(|error| Error::io("copy the listener on", error).on(self.local))?;
        Self::new(copy.into(), options)
    }

    pub(super) fn accept(&self) -> io::Result<(Stream, Endpoint)> {
        let (stream, peer) = loop {
            match self.inner.accept() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                accepted => break accepted?,
            }
        };
        if !INHERITED {
            let set = apply::per_connection(&SockRef::from(&stream), self.local, &self.options);
            if let Err(error) = set {
                // The listener took the same, so it is the peer who has gone (macOS: EINVAL).
                log::debug!("{peer}: {error}");
            }
        }
        Ok((Stream::Tcp(stream), Endpoint::connected(peer)))
    }

    pub(super) fn local_addr(&self) -> Endpoint {
        Endpoint::Inet(self.local)
    }

    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut self.inner, token, Interest::READABLE)
    }

    pub(super) fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        registry.deregister(&mut self.inner)
    }

    fn new(listener: std::net::TcpListener, options: &TcpOptions) -> Result<Self> {
        let local = listener.local_addr().map_err(|error| Error::io("listen", error))?;
        let options = options.clone();
        Ok(Self { inner: MioListener::from_std(listener), local, options })
    }
}

/// Whether IPv4 alone is better than nothing.
fn is_dual_stack(addr: SocketAddr, options: &TcpOptions) -> bool {
    options.dual_stack && addr.ip() == Ipv6Addr::UNSPECIFIED
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;
    use std::time::Duration;

    use mio::{Events, Poll, Token};
    use socket2::Socket;

    use super::*;
    use crate::error::ErrorKind;

    const LOOPBACK: &str = "127.0.0.1:0";

    fn bind(addr: &str, options: &TcpOptions) -> TcpListener {
        TcpListener::bind(addr.parse().unwrap(), options).unwrap()
    }

    /// Connects to the listener through the loopback of this address, and accepts that.
    fn accept(listener: &mut TcpListener, host: &str) -> (Stream, Endpoint, TcpStream) {
        let port = listener.local_addr().port().unwrap();
        let client = TcpStream::connect((host, port)).unwrap();
        let mut poll = Poll::new().unwrap();
        listener.register(poll.registry(), Token(0)).unwrap();
        let (stream, peer) = loop {
            match listener.accept() {
                Ok(accepted) => break accepted,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let mut events = Events::with_capacity(1);
                    poll.poll(&mut events, Some(Duration::from_secs(30))).unwrap();
                    assert!(!events.is_empty(), "no connection came");
                }
                Err(error) => panic!("{error}"),
            }
        };
        listener.deregister(poll.registry()).unwrap();
        (stream, peer, client)
    }

    fn with_socket<T>(stream: &Stream, see: impl FnOnce(&Socket) -> io::Result<T>) -> T {
        see(&SockRef::from(stream.tcp())).unwrap()
    }

    #[test]
    fn accepted_streams_know_both_ends() {
        let mut listener = bind(LOOPBACK, &TcpOptions::default());
        let (stream, peer, client) = accept(&mut listener, "127.0.0.1");
        let client = Endpoint::from(client.local_addr().unwrap());
        assert_eq!((peer, stream.peer_addr()), (client.clone(), Some(client)));
        assert_eq!(stream.local_addr(), Some(listener.local_addr()));
        assert!(with_socket(&stream, Socket::tcp_nodelay));
    }

    #[test]
    fn one_dual_stack_listener_serves_both_families() {
        let mut listener = bind("[::]:0", &TcpOptions::default());
        let (_stream, peer, _client) = accept(&mut listener, "127.0.0.1");
        assert_eq!(peer.ip(), Some(Ipv4Addr::LOCALHOST.into()));
    }

    #[test]
    fn an_address_in_use_is_reported_with_its_name() {
        let first = bind(LOOPBACK, &TcpOptions::default());
        let error = TcpListener::bind(first.local, &TcpOptions::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressInUse);
        assert_eq!(error.address(), Some(&*first.local.to_string()));
    }

    #[test]
    fn values_that_the_system_refuses_are_reported_by_option() {
        let addr = LOOPBACK.parse().unwrap();
        for (name, options) in [
            ("ttl", TcpOptions::default().ttl(256)),
            ("dscp", TcpOptions::default().dscp(64)),
            ("my own", TcpOptions::default().configure(|_| Err(io::Error::other("my own")))),
            ("panicked: oh", TcpOptions::default().configure(|_| panic!("oh"))),
        ] {
            let error = TcpListener::bind(addr, &options).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
            assert_ne!(error.kind(), ErrorKind::AddressInvalid, "{error}");
        }
    }

    #[test]
    fn adopted_listeners_work_like_bound_ones() {
        let inner = std::net::TcpListener::bind(LOOPBACK).unwrap();
        let options = TcpOptions::default().keep_alive(None);
        let mut listener = TcpListener::adopt(inner, &options).unwrap();
        let error = listener.accept().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        let (stream, ..) = accept(&mut listener, "127.0.0.1");
        assert!(with_socket(&stream, Socket::tcp_nodelay));
        assert!(!with_socket(&stream, Socket::keepalive));
    }

    /// What `apply::INHERITED` relies on: no option is set on the accepted stream itself.
    #[test]
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn accepted_streams_inherit_every_option() {
        use crate::net::KeepAlive;

        let seconds = Duration::from_secs;
        let probes = KeepAlive { idle: seconds(77), interval: seconds(7), count: 3 };
        let options = TcpOptions::default()
            .keep_alive(probes)
            .receive_buffer(50_000)
            .send_buffer(60_000)
            .ttl(44)
            .dscp(10)
            .configure(|socket| socket.set_tcp_user_timeout(Some(Duration::from_secs(99))));
        for (addr, host) in [(LOOPBACK, "127.0.0.1"), ("[::]:0", "127.0.0.1"), ("[::]:0", "::1")] {
            let mut listener = bind(addr, &options);
            let is_ipv6 = listener.local.is_ipv6();
            if host == "::1" && std::net::TcpListener::bind("[::1]:0").is_err() {
                continue; // This machine has no IPv6.
            }
            let (stream, ..) = accept(&mut listener, host);
            with_socket(&stream, |socket| {
                assert!(socket.nonblocking()?);
                assert!(socket.tcp_nodelay()?);
                assert!(socket.keepalive()?);
                assert_eq!(socket.tcp_keepalive_time()?, probes.idle);
                assert_eq!(socket.tcp_keepalive_interval()?, probes.interval);
                assert_eq!(socket.tcp_keepalive_retries()?, probes.count);
                assert_eq!(socket.recv_buffer_size()?, 2 * 50_000); // `socket(7)`: doubled
                assert_eq!(socket.send_buffer_size()?, 2 * 60_000);
                assert_eq!(socket.tcp_user_timeout()?, Some(seconds(99)));
                assert_eq!(socket.ttl_v4()?, 44);
                assert_eq!(socket.tos_v4()?, 10 << 2);
                if is_ipv6 {
                    assert_eq!(socket.unicast_hops_v6()?, 44);
                    assert_eq!(socket.tclass_v6()?, 10 << 2);
                }
                Ok(())
            });
        }
    }
}
