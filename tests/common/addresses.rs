//! Addresses of a test's own, and one that does not answer.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// An address where to connect takes for ever: a listener whose backlog is full.
pub struct Hanging {
    listener: Socket,
    pub addr: SocketAddr,
    filling: Vec<Socket>,
}

impl Hanging {
    pub fn new() -> Self {
        let addr: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&addr.into()).unwrap();
        listener.listen(0).unwrap();
        let addr = listener.local_addr().unwrap().as_socket().unwrap();
        let mut filling = Vec::new();
        loop {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            let connected = socket.connect_timeout(&addr.into(), Duration::from_millis(100));
            filling.push(socket);
            match connected {
                Ok(()) => assert!(filling.len() < 100, "the backlog does not fill"),
                Err(error) if error.kind() == ErrorKind::TimedOut => break,
                Err(error) => panic!("{error}"),
            }
        }
        Self { listener, addr, filling }
    }
}

/// An address that nobody has just now, and nobody else takes.
pub fn free_addr() -> SocketAddr {
    TcpListener::bind(quiet()).unwrap().local_addr().unwrap()
}

/// A loopback address of one's own to listen on, port 0: one may leave it and come back, and no
/// connection takes its port, nor does another test listen there meanwhile and get one's peers.
pub fn quiet() -> SocketAddr {
    static COUNT: AtomicU8 = AtomicU8::new(0);
    let [_, _, high, low] = process::id().to_be_bytes();
    let own = Ipv4Addr::new(127, 64 | high & 63, low, COUNT.fetch_add(1, Ordering::Relaxed).max(1));
    // On Linux every address of 127.0.0.0/8 is this machine's.
    match TcpListener::bind((own, 0)) {
        Ok(_) => (own, 0).into(),
        Err(_) => (Ipv4Addr::LOCALHOST, 0).into(),
    }
}
