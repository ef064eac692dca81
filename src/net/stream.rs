//! A connected byte stream: TCP, a Unix socket, or in memory. Nothing here blocks; what cannot be done now is
//! `WouldBlock`, and the poller (or the waker) tells when to try again.

use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::task::Waker;
use std::time::Duration;

use mio::event::Source;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use socket2::SockRef;

use super::Endpoint;
#[cfg(unix)]
use super::UnixStream;
#[cfg(feature = "testing")]
use super::memory;

/// Whether a read of less than was room for has emptied the socket, so that it need not be read
/// again before the next event: what comes later makes a new edge (`epoll(7)`, question 9).
///
/// Not if an event since the last read has said `is_read_closed` or `is_error`: then the end of
/// the stream may already lie behind the data, and its edge is gone; read on until 0, an error or
/// `WouldBlock`. On Windows mio arms a socket again only after `WouldBlock` (its `Poll`,
/// "Draining readiness"), so that there one must always read up to that.
pub(crate) const SHORT_READ_DRAINS: bool = cfg!(unix);

/// The same of writing: whether a write of less than was given has filled the socket, so that
/// the next event tells when there is room again. If not, write on until `WouldBlock`.
pub(crate) const SHORT_WRITE_FILLS: bool = SHORT_READ_DRAINS;

/// A connected stream. In a connecting one, nothing but [`outcome`](super::outcome) is of use.
/// Dropping it closes it: with a FIN, or with a RST if unread data was lost with it.
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    #[cfg(feature = "testing")]
    Memory(Box<memory::End>),
}

impl Stream {
    /// Reads what there is; 0 is the end.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp) => uninterrupted(|| tcp.read(buffer)),
            #[cfg(unix)]
            Self::Unix(unix) => unix.read(buffer),
            #[cfg(feature = "testing")]
            Self::Memory(end) => end.read(buffer),
        }
    }

    /// Writes as much as there is room for.
    pub(crate) fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp) => uninterrupted(|| tcp.write(data)),
            #[cfg(unix)]
            Self::Unix(unix) => uninterrupted(|| unix.write(data)),
            #[cfg(feature = "testing")]
            Self::Memory(end) => end.write(data),
        }
    }

    /// Writes as much as there is room for. Systems take 1024 slices at most (16 on some); the
    /// rest count as not written.
    pub(crate) fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        // `send` costs 0.1 to 0.2 µs less than `writev` for a single piece.
        if let [piece] = slices {
            return self.write(piece);
        }
        match self {
            Self::Tcp(tcp) => uninterrupted(|| tcp.write_vectored(slices)),
            #[cfg(unix)]
            Self::Unix(unix) => uninterrupted(|| unix.write_vectored(slices)),
            #[cfg(feature = "testing")]
            Self::Memory(end) => end.write_vectored(slices),
        }
    }

    /// Sends a FIN behind what was written. The peer may go on sending.
    pub(crate) fn shutdown_write(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(tcp) => tcp.shutdown(Shutdown::Write),
            #[cfg(unix)]
            Self::Unix(unix) => unix.shutdown_write(),
            #[cfg(feature = "testing")]
            Self::Memory(end) => end.shutdown_write(),
        }
    }

    /// Closes at once with a RST; what was written and not yet sent is lost.
    pub(crate) fn abort(self) {
        match self {
            Self::Tcp(tcp) => {
                // RFC 9293 3.10.7.1. Without it, it is a close like any other: nothing to be done.
                let _ = SockRef::from(&tcp).set_linger(Some(Duration::ZERO));
            }
            // Such a socket has no RST, and what was written stays readable. Closed while something
            // was unread, the peer gets ECONNRESET; else it sees an end.
            #[cfg(unix)]
            Self::Unix(unix) => drop(unix),
            #[cfg(feature = "testing")]
            Self::Memory(end) => end.abort(),
        }
    }

    /// The error that an event told of, if there is one. It is told once.
    pub(crate) fn take_error(&self) -> io::Result<Option<io::Error>> {
        match self {
            Self::Tcp(tcp) => tcp.take_error(),
            #[cfg(unix)]
            Self::Unix(unix) => unix.take_error(),
            #[cfg(feature = "testing")]
            Self::Memory(end) => Ok(end.take_error()),
        }
    }

    /// Whether no event tells of an error, so that one must ask at every turn.
    pub(crate) fn fails_without_event(&self) -> bool {
        match self {
            Self::Tcp(_) => false,
            #[cfg(unix)]
            Self::Unix(_) => false,
            #[cfg(feature = "testing")]
            Self::Memory(_) => true,
        }
    }

    /// This end. `None` if the system does not know it any more.
    pub(crate) fn local_addr(&self) -> Option<Endpoint> {
        match self {
            Self::Tcp(tcp) => tcp.local_addr().ok().map(Endpoint::connected),
            #[cfg(unix)]
            Self::Unix(unix) => unix.local_addr(),
            #[cfg(feature = "testing")]
            Self::Memory(end) => Some(end.local_addr().clone()),
        }
    }

    /// The other end. `None` if there is none, or none any more.
    pub(crate) fn peer_addr(&self) -> Option<Endpoint> {
        match self {
            Self::Tcp(tcp) => tcp.peer_addr().ok().map(Endpoint::connected),
            #[cfg(unix)]
            Self::Unix(unix) => unix.peer_addr(),
            #[cfg(feature = "testing")]
            Self::Memory(end) => Some(end.peer_addr().clone()),
        }
    }

    /// Has edges told to the poller, both of reading and of writing: once for the stream's whole
    /// life, as changing interests costs system calls. What is ready already makes an edge at
    /// once. A memory stream has no poller; it calls the waker instead.
    #[cfg_attr(not(feature = "testing"), expect(unused_variables))]
    pub(crate) fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        waker: impl FnOnce() -> Waker,
    ) -> io::Result<()> {
        match self {
            Self::Tcp(tcp) => tcp.register(registry, token, BOTH),
            #[cfg(unix)]
            Self::Unix(unix) => unix.register(registry, token),
            #[cfg(feature = "testing")]
            Self::Memory(end) => {
                end.set_waker(Some(waker()));
                Ok(())
            }
        }
    }

    /// Tells the poller (or drops the waker): no more edges, and it may go to another poller.
    pub(crate) fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        match self {
            Self::Tcp(tcp) => tcp.deregister(registry),
            #[cfg(unix)]
            Self::Unix(unix) => unix.deregister(registry),
            #[cfg(feature = "testing")]
            Self::Memory(end) => {
                end.set_waker(None);
                Ok(())
            }
        }
    }
}

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// A non-blocking call is hardly ever interrupted; if it is, it has done nothing yet.
fn uninterrupted(mut call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

#[cfg(test)]
impl Stream {
    pub(super) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Tcp(tcp) => tcp,
            #[cfg(unix)]
            Self::Unix(_) => unreachable!("no test asks it"),
            #[cfg(feature = "testing")]
            Self::Memory(_) => unreachable!("no test asks it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use mio::event::Event;
    use mio::{Events, Poll};

    use super::*;

    /// A registered stream, and its peer.
    struct Watched {
        stream: Stream,
        peer: std::net::TcpStream,
        poll: Poll,
    }

    impl Watched {
        fn new() -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let inner = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            inner.set_nonblocking(true).unwrap();
            let mut stream = Stream::Tcp(TcpStream::from_std(inner));
            let (peer, poll) = (listener.accept().unwrap().0, Poll::new().unwrap());
            stream.register(poll.registry(), Token(0), || Waker::noop().clone()).unwrap();
            let mut watched = Self { stream, peer, poll };
            watched.wait(Event::is_writable);
            watched
        }

        /// Waits for such an event; others do not count.
        fn wait(&mut self, wanted: impl Fn(&Event) -> bool) {
            let mut events = Events::with_capacity(8);
            while !events.iter().any(&wanted) {
                self.poll.poll(&mut events, Some(Duration::from_secs(30))).unwrap();
                assert!(!events.is_empty(), "no such event");
            }
        }
    }

    #[test]
    #[cfg(unix)]
    fn an_edge_follows_a_short_read() {
        let mut watched = Watched::new();
        let mut buffer = [0; 16];
        for text in [&b"abc"[..], b"d", b"ef"] {
            watched.peer.write_all(text).unwrap();
            watched.wait(Event::is_readable);
            assert_eq!(watched.stream.read(&mut buffer).unwrap(), text.len());
        }
        watched.peer.shutdown(Shutdown::Write).unwrap();
        watched.wait(Event::is_read_closed);
        assert_eq!(watched.stream.read(&mut buffer).unwrap(), 0);
    }

    #[test]
    #[cfg(unix)]
    fn the_event_tells_of_an_end_right_behind_the_data() {
        let mut watched = Watched::new();
        watched.peer.write_all(b"abc").unwrap();
        watched.peer.shutdown(Shutdown::Write).unwrap();
        watched.wait(|event| event.is_readable() && event.is_read_closed());
        let mut buffer = [0; 16];
        assert_eq!(watched.stream.read(&mut buffer).unwrap(), 3);
        assert_eq!(watched.stream.read(&mut buffer).unwrap(), 0);
    }

    #[test]
    #[cfg(unix)]
    fn an_edge_follows_a_short_write() {
        let mut watched = Watched::new();
        let data = vec![7; 1 << 20];
        let mut sent = 0;
        while let Ok(count) = watched.stream.write_vectored(&[IoSlice::new(&data)]) {
            sent += count;
            if count < data.len() {
                break;
            }
        }
        let mut received = vec![0; sent];
        watched.peer.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        watched.peer.read_exact(&mut received).unwrap();
        watched.wait(Event::is_writable);
        assert!(watched.stream.write(&data).unwrap() > 0);
    }

    /// In debug builds mio's sockets remember their poller.
    #[test]
    #[cfg(not(debug_assertions))]
    fn a_stream_is_two_words() {
        assert_eq!(size_of::<Stream>(), 2 * size_of::<usize>());
    }

    #[test]
    fn a_stream_may_change_its_poller() {
        let mut watched = Watched::new();
        watched.stream.deregister(watched.poll.registry()).unwrap();
        watched.poll = Poll::new().unwrap();
        let registry = watched.poll.registry();
        watched.stream.register(registry, Token(1), || Waker::noop().clone()).unwrap();
        watched.wait(|event| event.token() == Token(1) && event.is_writable());
        watched.peer.write_all(b"abc").unwrap();
        watched.wait(|event| event.token() == Token(1) && event.is_readable());
    }
}
