//! A peer's TLS: rustls over a blocking socket, so that one thread may read while another writes.

use std::io::{self, ErrorKind, Read, Write};
use std::mem;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use socket2::SockRef;
use sockeye::Endpoint;
use sockeye::tls::rustls::{ClientConnection, Connection, ServerConnection};

use super::Line;
use crate::common::authority::{client_config, name, server_config};

/// Several of these are one connection; the last says goodbye.
#[derive(Clone)]
pub struct Tls(Arc<Shared>);

struct Shared {
    socket: TcpStream,
    connection: Mutex<Connection>,
    /// Ciphertext on its way. Locked before the connection, and while the socket is written to.
    sealed: Mutex<Vec<u8>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Nothing more is said.
    finished: bool,
    /// Ciphertext that rustls has not taken yet.
    received: Vec<u8>,
    /// What ended the handshake, to be told to who reads next.
    failure: Option<io::Error>,
}

impl Tls {
    /// As a client. The handshake goes on when this reads.
    pub fn connected(socket: TcpStream) -> Self {
        let connection = ClientConnection::new(client_config(), name()).unwrap();
        Self::of(socket, connection.into())
    }

    /// As a client that has something to say before TLS.
    pub fn connected_behind(mut socket: TcpStream, preface: &[u8]) -> Self {
        let mut connection = ClientConnection::new(client_config(), name()).unwrap();
        let mut first = preface.to_vec();
        connection.write_tls(&mut first).unwrap();
        // Who is refused is told so by the next read.
        let _ = socket.write_all(&first);
        Self::of(socket, connection.into())
    }

    /// As a server.
    pub fn accepted(socket: TcpStream) -> Self {
        Self::of(socket, ServerConnection::new(server_config()).unwrap().into())
    }

    fn of(socket: TcpStream, connection: Connection) -> Self {
        let (sealed, state) = (Mutex::default(), Mutex::default());
        Self(Arc::new(Shared { socket, connection: Mutex::new(connection), sealed, state }))
    }

    /// Shakes hands, so that the other side has an open session. Whatever goes wrong is told when
    /// this reads.
    pub fn shaken(self) -> Self {
        let shake = || -> io::Result<()> {
            self.0.send(&[])?;
            while self.0.connection.lock().unwrap().is_handshaking() {
                self.0.fill()?;
            }
            Ok(())
        };
        self.0.state.lock().unwrap().failure = shake().err();
        self
    }
}

impl Shared {
    /// Encrypts, and sends what there is room for; tells how much was taken over.
    fn send(&self, data: &[u8]) -> io::Result<usize> {
        let mut sealed = self.sealed.lock().unwrap();
        write(&self.socket, &mut sealed)?;
        let mut connection = self.connection.lock().unwrap();
        let count = connection.writer().write(&data[..data.len().min(AT_ONCE)])?;
        while connection.wants_write() {
            connection.write_tls(&mut *sealed)?;
        }
        drop(connection);
        match write(&self.socket, &mut sealed) {
            // It is taken over all the same.
            Err(error) if error.kind() == ErrorKind::WouldBlock && count > 0 => {}
            Err(error) => return Err(error),
            Ok(()) => {}
        }
        Ok(count)
    }

    /// Receives once, when all that was received before has been read.
    fn fill(&self) -> io::Result<()> {
        let mut received = mem::take(&mut self.state.lock().unwrap().received);
        if received.is_empty() {
            let mut buffer = [0; 4096];
            let count = (&self.socket).read(&mut buffer)?;
            received.extend(&buffer[..count]);
        }
        let mut connection = self.connection.lock().unwrap();
        let taken = connection.read_tls(&mut &*received)?;
        connection.process_new_packets().map_err(io::Error::other)?;
        let (handshaking, answers) = (connection.is_handshaking(), connection.wants_write());
        drop(connection);
        if taken == 0 && handshaking {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.state.lock().unwrap().received.extend(&received[taken..]);
        if answers {
            self.send(&[])?;
        }
        Ok(())
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let (connection, sealed) =
            (self.connection.get_mut().unwrap(), self.sealed.get_mut().unwrap());
        if !self.state.get_mut().unwrap().finished && !connection.is_handshaking() {
            connection.send_close_notify();
            let _ = connection.write_tls(sealed);
            // Whoever does not read it, does not wait for it either.
            let _ = self.socket.set_nonblocking(true);
            let _ = write(&self.socket, sealed);
        }
    }
}

impl Read for Tls {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(failure) = self.0.state.lock().unwrap().failure.take() {
            return Err(failure);
        }
        loop {
            let read = self.0.connection.lock().unwrap().reader().read(buffer);
            match read {
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.0.fill()?,
                read => return read,
            }
        }
    }
}

impl Write for Tls {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.send(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.send(&[]).map(drop)
    }
}

impl Line for Tls {
    fn another(&self) -> Box<dyn Line> {
        Box::new(self.clone())
    }

    /// Back in the blocking mode, what was taken over is sent by a thread of its own.
    fn set_nonblocking(&mut self, on: bool) -> io::Result<()> {
        self.0.socket.set_nonblocking(on)?;
        if !on && !self.0.sealed.lock().unwrap().is_empty() {
            let mut rest = self.clone();
            thread::spawn(move || rest.flush());
        }
        Ok(())
    }

    fn finish(&self) -> io::Result<()> {
        self.0.state.lock().unwrap().finished = true;
        self.0.connection.lock().unwrap().send_close_notify();
        self.0.send(&[])?;
        match self.0.socket.shutdown(Shutdown::Write) {
            // It has got the goodbye, and has cut the connection for it.
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(()),
            done => done,
        }
    }

    fn has_reset(&self) -> bool {
        self.0.socket.has_reset()
    }

    fn reset(self: Box<Self>) {
        self.0.state.lock().unwrap().finished = true;
        SockRef::from(&self.0.socket).set_linger(Some(Duration::ZERO)).unwrap();
    }

    fn endpoint(&self) -> Endpoint {
        self.0.socket.endpoint()
    }

    fn remote(&self) -> Endpoint {
        self.0.socket.remote()
    }
}

/// Four records.
const AT_ONCE: usize = 64 << 10;

/// Writes what is sealed, and keeps what there is no room for.
fn write(mut socket: &TcpStream, sealed: &mut Vec<u8>) -> io::Result<()> {
    while !sealed.is_empty() {
        let count = socket.write(sealed)?;
        sealed.drain(..count);
    }
    Ok(())
}
