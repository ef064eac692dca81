//! The other side of a connection: a plain blocking socket of the standard library.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};
use sockeye::Server;

use super::{LIMIT, addr_of, eventually};

/// A connected socket whose calls wait for [`LIMIT`] at most.
pub struct Peer(TcpStream);

impl Peer {
    pub fn new(server: &Server) -> Self {
        Self::at(addr_of(server))
    }

    pub fn at(addr: SocketAddr) -> Self {
        Self::of(TcpStream::connect(addr).unwrap())
    }

    /// One whose system buffers are small, so that what is not read piles up elsewhere.
    pub fn narrow(addr: SocketAddr) -> Self {
        let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(NARROW).unwrap();
        socket.set_send_buffer_size(NARROW).unwrap();
        socket.connect(&addr.into()).unwrap();
        Self::of(socket.into())
    }

    /// Who connects next to a listener of the test's own.
    #[track_caller]
    pub fn accepted(listener: &TcpListener) -> Self {
        listener.set_nonblocking(true).unwrap();
        let mut accepted = None;
        eventually("somebody connects", || {
            accepted = match listener.accept() {
                Ok((stream, _)) => Some(stream),
                Err(error) if error.kind() == ErrorKind::WouldBlock => None,
                Err(error) => panic!("{error}"),
            };
            accepted.is_some()
        });
        listener.set_nonblocking(false).unwrap();
        let stream = accepted.unwrap();
        // Elsewhere than on Linux it would be as its listener.
        stream.set_nonblocking(false).unwrap();
        Self::of(stream)
    }

    pub fn of(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.set_write_timeout(Some(LIMIT)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }

    pub fn addr(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    pub fn remote_addr(&self) -> SocketAddr {
        self.0.peer_addr().unwrap()
    }

    pub fn another_handle(&self) -> Self {
        Self(self.0.try_clone().unwrap())
    }

    pub fn send(&mut self, data: impl AsRef<[u8]>) {
        self.0.write_all(data.as_ref()).unwrap();
    }

    /// Sends what the system takes at once, if the connection is still there.
    pub fn send_at_once(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.set_nonblocking(true)?;
        let sent = self.0.write(data);
        self.0.set_nonblocking(false)?;
        sent
    }

    /// Sends until nothing more fits into the system's buffers, and tells how much did.
    pub fn send_what_fits(&mut self, most: usize) -> usize {
        self.0.set_nonblocking(true).unwrap();
        let mut sent = 0;
        while sent < most {
            match self.0.write(&[7; 4096]) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
        self.0.set_nonblocking(false).unwrap();
        sent
    }

    pub fn receive(&mut self, count: usize) -> Vec<u8> {
        let mut data = vec![0; count];
        self.0.read_exact(&mut data).unwrap();
        data
    }

    #[track_caller]
    pub fn expect(&mut self, data: impl AsRef<[u8]>) {
        let wanted = data.as_ref();
        let got = self.receive(wanted.len());
        assert!(got == wanted, "{}", difference(&got, wanted));
    }

    /// Sends and expects the same back.
    #[track_caller]
    pub fn exchange(&mut self, data: impl AsRef<[u8]>) {
        self.send(data.as_ref());
        self.expect(data);
    }

    /// Everything up to the end, which must come in order.
    pub fn receive_to_end(&mut self) -> Vec<u8> {
        let mut data = Vec::new();
        self.0.read_to_end(&mut data).unwrap();
        data
    }

    /// The end is next.
    #[track_caller]
    pub fn expect_end(&mut self) {
        let data = self.receive_to_end();
        assert!(data.is_empty(), "{} bytes before the end", data.len());
    }

    /// Everything up to a reset, which must come.
    #[track_caller]
    pub fn receive_to_reset(&mut self) -> Vec<u8> {
        let mut data = Vec::new();
        match self.0.read_to_end(&mut data) {
            Ok(_) => panic!("the end came in order, after {} bytes", data.len()),
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
        data
    }

    /// Everything up to the end, however it comes.
    pub fn receive_what_comes(&mut self) -> Vec<u8> {
        let mut data = Vec::new();
        if let Err(error) = self.0.read_to_end(&mut data) {
            assert_ne!(error.kind(), ErrorKind::WouldBlock, "the end did not come");
        }
        data
    }

    /// Sends no more: the other side sees the end.
    pub fn finish(&self) {
        self.0.shutdown(Shutdown::Write).unwrap();
    }

    /// Cuts the connection.
    pub fn reset(self) {
        SockRef::from(&self.0).set_linger(Some(Duration::ZERO)).unwrap();
    }
}

/// What a narrow peer asks for; systems double it, or have a minimum.
const NARROW: usize = 4096;

fn difference(got: &[u8], wanted: &[u8]) -> String {
    let at = got.iter().zip(wanted).position(|(got, wanted)| got != wanted).unwrap_or(0);
    let shown =
        |data: &[u8]| String::from_utf8_lossy(&data[at..data.len().min(at + 16)]).into_owned();
    format!("at byte {at}: got {:?}, wanted {:?}", shown(got), shown(wanted))
}

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
