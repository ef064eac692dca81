//! The other side of a connection: a plain blocking socket of the standard library, TLS on one, or
//! a session of the service itself where there is no socket.

mod line;
mod memory;
mod tls;

use std::io::{self, ErrorKind, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;

use socket2::{Domain, SockAddr, Socket, Type};
use sockeye::{Endpoint, Server};

use super::{LIMIT, Served, Stream, addr_of, eventually};
pub use line::Line;
use memory::Memory;
pub use memory::MemoryListener;
use tls::Tls;

/// A connection whose calls wait for [`LIMIT`] at most.
pub struct Peer(Box<dyn Line>);

/// What a peer can connect to.
pub trait Reachable {
    fn server(&self) -> &Server;
    fn stream(&self) -> Stream;
}

impl Reachable for Server {
    fn server(&self) -> &Server {
        self
    }

    fn stream(&self) -> Stream {
        Stream::Tcp
    }
}

impl Reachable for Served {
    fn server(&self) -> &Server {
        self
    }

    fn stream(&self) -> Stream {
        self.place().stream
    }
}

impl Peer {
    /// One whose session opens.
    pub fn new(to: &impl Reachable) -> Self {
        Self::connected(to, Width::Default, Tls::shaken)
    }

    /// One whose system buffers are small, so that what is not read piles up elsewhere.
    pub fn narrow(to: &impl Reachable) -> Self {
        Self::connected(to, Width::Narrow, Tls::shaken)
    }

    /// One that need not be accepted at once.
    pub fn waiting(to: &impl Reachable) -> Self {
        Self::connected(to, Width::Default, |tls| tls)
    }

    fn connected(to: &impl Reachable, width: Width, shake: fn(Tls) -> Tls) -> Self {
        let server = to.server();
        let line: Box<dyn Line> = match to.stream() {
            Stream::Tcp => Box::new(tcp(addr_of(server), width)),
            Stream::Tls => Box::new(shake(Tls::connected(tcp(addr_of(server), width)))),
            #[cfg(unix)]
            Stream::Unix => Box::new(unix(&server.local_addr(), width)),
            Stream::Memory => Box::new(match width {
                Width::Default => Memory::connected(server.service(), &server.local_addr()),
                Width::Narrow => Memory::narrow(server.service(), &server.local_addr()),
            }),
        };
        Self(line)
    }

    /// One that sends these before anything else, before TLS too: each in a piece of its own, the last
    /// in one with what follows.
    pub fn behind(to: &impl Reachable, pieces: &[&[u8]]) -> Self {
        Self(match to.stream() {
            Stream::Tls => {
                let (last, first) = pieces.split_last().unwrap();
                let mut socket = tcp(addr_of(to.server()), Width::Default);
                // Who is refused is told so by the next read.
                first.iter().for_each(|piece| drop(socket.write_all(piece)));
                Box::new(Tls::connected_behind(socket, last).shaken())
            }
            _ => {
                let mut line = Self::waiting(to).0;
                pieces.iter().for_each(|piece| drop(line.write_all(piece)));
                line
            }
        })
    }

    /// A peer without TLS, whatever the server speaks.
    pub fn plain(to: &impl Reachable) -> Self {
        match to.stream() {
            Stream::Tls => Self(Box::new(tcp(addr_of(to.server()), Width::Default))),
            _ => Self::waiting(to),
        }
    }

    /// A client of TLS, shaking hands with whoever is there.
    pub fn of_tls_client(addr: SocketAddr) -> Self {
        Self(Box::new(Tls::connected(tcp(addr, Width::Default)).shaken()))
    }

    pub fn at(addr: SocketAddr) -> Self {
        Self(Box::new(tcp(addr, Width::Default)))
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
        Self(Box::new(patient(stream)))
    }

    /// A server's end of TLS, shaking hands.
    pub fn of_tls(stream: TcpStream) -> Self {
        Self(Box::new(Tls::accepted(patient(stream)).shaken()))
    }

    #[cfg(unix)]
    pub fn of_unix(stream: UnixStream) -> Self {
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.set_write_timeout(Some(LIMIT)).unwrap();
        Self(Box::new(stream))
    }

    /// What its session knows it as. Not all streams tell peers apart.
    pub fn endpoint(&self) -> Endpoint {
        self.0.endpoint()
    }

    pub fn addr(&self) -> SocketAddr {
        self.endpoint().socket_addr().unwrap()
    }

    /// Where it is connected to.
    pub fn remote(&self) -> Endpoint {
        self.0.remote()
    }

    pub fn remote_addr(&self) -> SocketAddr {
        self.remote().socket_addr().unwrap()
    }

    pub fn another_handle(&self) -> Self {
        Self(self.0.another())
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

    /// Everything up to a reset, which must come; what has none may show an end.
    #[track_caller]
    pub fn receive_to_reset(&mut self) -> Vec<u8> {
        let mut data = Vec::new();
        match self.0.read_to_end(&mut data) {
            Ok(_) if !self.0.has_reset() => {}
            Ok(_) => panic!("the end came in order, after {} bytes", data.len()),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof && !self.0.has_reset() => {}
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
        self.0.finish().unwrap();
    }

    /// Sends what is taken, and then no more, to whom may be gone meanwhile.
    pub fn send_last(&mut self, data: impl AsRef<[u8]>) {
        let _ = self.0.write_all(data.as_ref()).and_then(|()| self.0.finish());
    }

    /// Cuts the connection.
    pub fn reset(self) {
        self.0.reset();
    }
}

#[derive(Clone, Copy)]
enum Width {
    Default,
    Narrow,
}

fn tcp(addr: SocketAddr, width: Width) -> TcpStream {
    patient(socket(Domain::for_address(addr), &addr.into(), width).into())
}

fn patient(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.set_write_timeout(Some(LIMIT)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

#[cfg(unix)]
fn unix(to: &Endpoint, width: Width) -> UnixStream {
    let address = SockAddr::unix(to.path().unwrap()).unwrap();
    let stream: UnixStream = socket(Domain::UNIX, &address, width).into();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.set_write_timeout(Some(LIMIT)).unwrap();
    stream
}

fn socket(domain: Domain, address: &SockAddr, width: Width) -> Socket {
    let socket = Socket::new(domain, Type::STREAM, None).unwrap();
    if let Width::Narrow = width {
        socket.set_recv_buffer_size(NARROW).unwrap();
        socket.set_send_buffer_size(NARROW).unwrap();
    }
    socket.connect(address).unwrap();
    socket
}

/// What a narrow peer asks for; systems double it, or have a minimum.
const NARROW: usize = 4096;

fn difference(got: &[u8], wanted: &[u8]) -> String {
    let at = got.iter().zip(wanted).position(|(got, wanted)| got != wanted).unwrap_or(0);
    let shown =
        |data: &[u8]| String::from_utf8_lossy(&data[at..data.len().min(at + 16)]).into_owned();
    format!("at byte {at}: got {:?}, wanted {:?}", shown(got), shown(wanted))
}
