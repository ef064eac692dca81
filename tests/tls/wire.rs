//! A peer that controls every byte: rustls, driven by hand over a plain blocking socket.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use socket2::SockRef;
use sockeye::tls::rustls::pki_types::ServerName;
use sockeye::tls::rustls::{
    ClientConfig, ClientConnection, Connection, Error as Tls, ServerConfig, ServerConnection,
};

use crate::common::{LIMIT, eventually};

pub(crate) struct Wire {
    pub(crate) tls: Connection,
    pub(crate) tcp: TcpStream,
}

/// How the other side's stream ended.
#[derive(Debug)]
pub(crate) enum End {
    /// With `close_notify`.
    Goodbye,
    /// With a FIN alone.
    Cut,
    Reset,
    Failure(Tls),
}

impl Wire {
    /// A client of this machine by its name.
    pub(crate) fn connect(addr: SocketAddr, config: &Arc<ClientConfig>) -> Self {
        Self::connect_to(addr, config, "localhost")
    }

    pub(crate) fn connect_to(addr: SocketAddr, config: &Arc<ClientConfig>, name: &str) -> Self {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let client = ClientConnection::new(Arc::clone(config), name).unwrap();
        Self::of(Connection::Client(client), TcpStream::connect(addr).unwrap())
    }

    /// The server of who connects next to a listener of the test's own.
    #[track_caller]
    pub(crate) fn accept(listener: &TcpListener, config: &Arc<ServerConfig>) -> Self {
        let server = ServerConnection::new(Arc::clone(config)).unwrap();
        Self::of(Connection::Server(server), accept(listener))
    }

    fn of(tls: Connection, tcp: TcpStream) -> Self {
        limit(&tcp);
        Self { tls, tcp }
    }

    pub(crate) fn try_handshake(&mut self) -> io::Result<()> {
        while self.tls.is_handshaking() {
            self.tls.complete_io(&mut self.tcp)?;
        }
        self.push()
    }

    #[track_caller]
    pub(crate) fn shake_hands(mut self) -> Self {
        self.try_handshake().unwrap();
        self
    }

    /// Why the handshake fails: what rustls says.
    #[track_caller]
    pub(crate) fn handshake_failure(&mut self) -> Tls {
        let Err(error) = self.try_handshake() else {
            // With TLS 1.3 a client is done before its server has looked at its certificate.
            return match self.receive_to_end() {
                (_, End::Failure(error)) => error,
                (_, end) => panic!("no failure, but {end:?}"),
            };
        };
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Tls>());
        inner.cloned().unwrap_or_else(|| panic!("{error}"))
    }

    /// Sends what the connection has to send.
    pub(crate) fn push(&mut self) -> io::Result<()> {
        while self.tls.wants_write() {
            self.tls.write_tls(&mut self.tcp)?;
        }
        Ok(())
    }

    /// What the connection has to send, which is not sent.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut bytes).unwrap();
        }
        bytes
    }

    /// Encrypts without sending.
    pub(crate) fn seal(&mut self, data: impl AsRef<[u8]>) -> Vec<u8> {
        self.tls.writer().write_all(data.as_ref()).unwrap();
        self.take()
    }

    pub(crate) fn send(&mut self, data: impl AsRef<[u8]>) {
        for piece in data.as_ref().chunks(1 << 14) {
            self.tls.writer().write_all(piece).unwrap();
            self.push().unwrap();
        }
    }

    pub(crate) fn send_raw(&mut self, data: impl AsRef<[u8]>) {
        self.tcp.write_all(data.as_ref()).unwrap();
    }

    /// Reads what comes next; 0 is the end of the stream.
    pub(crate) fn pull(&mut self) -> io::Result<usize> {
        let count = self.tls.read_tls(&mut self.tcp)?;
        if let Err(error) = self.tls.process_new_packets() {
            let _ = self.push();
            return Err(io::Error::new(ErrorKind::InvalidData, error));
        }
        Ok(count)
    }

    #[track_caller]
    pub(crate) fn receive(&mut self, count: usize) -> Vec<u8> {
        let mut data = vec![0; count];
        let mut at = 0;
        while at < count {
            match self.tls.reader().read(&mut data[at..]) {
                Ok(0) => panic!("the end after {at} bytes"),
                Ok(count) => at += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.pull().unwrap();
                }
                Err(error) => panic!("{error} after {at} bytes"),
            }
        }
        data
    }

    #[track_caller]
    pub(crate) fn expect(&mut self, data: impl AsRef<[u8]>) {
        let wanted = data.as_ref();
        let got = self.receive(wanted.len());
        let at = got.iter().zip(wanted).position(|(got, wanted)| got != wanted);
        assert!(at.is_none(), "differs at byte {at:?}");
    }

    /// Sends and expects the same back.
    #[track_caller]
    pub(crate) fn exchange(&mut self, data: impl AsRef<[u8]>) {
        self.send(data.as_ref());
        self.expect(data);
    }

    /// Everything up to the end, and how that came.
    pub(crate) fn receive_to_end(&mut self) -> (Vec<u8>, End) {
        let mut data = Vec::new();
        let mut piece = vec![0; 1 << 16];
        loop {
            let error = match self.tls.reader().read(&mut piece) {
                Ok(0) => return (data, End::Goodbye),
                Ok(count) => {
                    data.extend_from_slice(&piece[..count]);
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => match self.pull() {
                    Ok(_) => continue,
                    Err(error) => error,
                },
                Err(error) => error,
            };
            let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Tls>()).cloned();
            let end = match (tls, error.kind()) {
                (Some(failure), _) => End::Failure(failure),
                (None, ErrorKind::UnexpectedEof) => End::Cut,
                (None, ErrorKind::ConnectionReset) => End::Reset,
                (None, _) => panic!("{error}"),
            };
            return (data, end);
        }
    }

    /// A goodbye is next, and a FIN right behind it.
    #[track_caller]
    pub(crate) fn expect_goodbye(&mut self) {
        let (data, end) = self.receive_to_end();
        assert!(matches!(end, End::Goodbye) && data.is_empty(), "{end:?}, {} bytes", data.len());
        assert_eq!(self.tcp.read(&mut [0]).unwrap(), 0, "nothing behind the goodbye");
    }

    pub(crate) fn say_goodbye(&mut self) {
        self.tls.send_close_notify();
        self.push().unwrap();
    }

    /// A FIN, whatever was said before it.
    pub(crate) fn finish(&self) {
        self.tcp.shutdown(Shutdown::Write).unwrap();
    }

    pub(crate) fn reset(self) {
        SockRef::from(&self.tcp).set_linger(Some(Duration::ZERO)).unwrap();
    }
}

/// Who connects next to a listener of the test's own.
#[track_caller]
pub(crate) fn accept(listener: &TcpListener) -> TcpStream {
    listener.set_nonblocking(true).unwrap();
    let mut accepted = None;
    eventually("somebody connects", || {
        accepted = listener.accept().ok();
        accepted.is_some()
    });
    let (tcp, _) = accepted.unwrap();
    // Elsewhere than on Linux it would be as its listener.
    tcp.set_nonblocking(false).unwrap();
    limit(&tcp);
    tcp
}

/// Calls end, and nothing waits to be sent.
pub(crate) fn limit(tcp: &TcpStream) {
    tcp.set_read_timeout(Some(LIMIT)).unwrap();
    tcp.set_write_timeout(Some(LIMIT)).unwrap();
    tcp.set_nodelay(true).unwrap();
}
