//! A connected Unix socket.

use std::io::{self, IoSlice, IoSliceMut, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use mio::event::Source;
use mio::net::UnixStream as MioStream;
use mio::{Interest, Registry, Token};
use rustix::net::{RecvAncillaryBuffer, RecvFlags, ReturnFlags, recvmsg};
use socket2::{SockRef, Socket};

use super::passing::Passing;
use super::{Endpoint, Stream, UnixName, UnixOptions, unix_socket};
use crate::error::Result;

/// A connected Unix socket, non-blocking.
///
/// Two words, of which the enum of all streams makes no more: each further one would be one for
/// every session of the program.
#[derive(Debug)]
pub(crate) enum UnixStream {
    Plain(MioStream),
    Passing(Box<PassingStream>),
}

/// One that passes descriptors.
#[derive(Debug)]
pub(crate) struct PassingStream {
    inner: MioStream,
    passing: Passing,
    /// What failed behind bytes that went well.
    failure: Option<io::Error>,
}

/// Connects at once or not at all: a Unix socket has no handshake. `WouldBlock` says that too many
/// wait to be accepted (`connect(2)`, EAGAIN; Linux only, others refuse): no event tells when that
/// changes.
pub(super) fn connect(name: &UnixName, options: &UnixOptions) -> Result<Stream> {
    let attempt = "connect to";
    let address = unix_socket::address(name, attempt)?;
    let connected = || -> io::Result<Socket> {
        let socket = unix_socket::socket()?;
        unix_socket::configure(&socket, options)?;
        socket.connect(&address)?;
        Ok(socket)
    };
    let socket = connected().map_err(|error| unix_socket::failure(attempt, error, name))?;
    Ok(Stream::Unix(UnixStream::new(socket, options)))
}

impl UnixStream {
    pub(super) fn new(socket: Socket, options: &UnixOptions) -> Self {
        let inner = MioStream::from_std(socket.into());
        match options.pass_descriptors {
            0 => Self::Plain(inner),
            most => {
                let passing = Passing::new(most);
                Self::Passing(Box::new(PassingStream { inner, passing, failure: None }))
            }
        }
    }

    /// Reads what there is, up to where the buffer is full or the socket empty: unlike TCP, it
    /// stops short behind bytes that descriptors came with, although there is more.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut total = 0;
        loop {
            match self.read_piece(&mut buffer[total..]) {
                Ok((count, more)) => {
                    total += count;
                    let more = more || !TELLS_OF_MORE;
                    if !more || count == 0 || total == buffer.len() {
                        return Ok(total);
                    }
                }
                Err(error) if total > 0 => {
                    self.fail_later(error);
                    return Ok(total);
                }
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(inner) => inner.write(data),
            Self::Passing(stream) => stream.write_vectored(&[IoSlice::new(data)]),
        }
    }

    pub(super) fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Plain(inner) => inner.write_vectored(slices),
            Self::Passing(stream) => stream.write_vectored(slices),
        }
    }

    /// How many descriptors more may be attached, and how many there may be at most.
    pub(super) fn room(&self) -> (usize, usize) {
        match self {
            Self::Plain(_) => (0, 0),
            Self::Passing(stream) => stream.passing.room(),
        }
    }

    pub(super) fn attach(&mut self, after: usize, descriptors: Vec<OwnedFd>) {
        if let Self::Passing(stream) = self {
            stream.passing.attach(after, descriptors);
        }
    }

    pub(super) fn take_descriptors(&mut self) -> Vec<OwnedFd> {
        match self {
            Self::Plain(_) => Vec::new(),
            Self::Passing(stream) => stream.passing.take(),
        }
    }

    pub(super) fn lost_descriptors(&self) -> u64 {
        match self {
            Self::Plain(_) => 0,
            Self::Passing(stream) => stream.passing.lost(),
        }
    }

    pub(super) fn shutdown_write(&self) -> io::Result<()> {
        self.inner().shutdown(Shutdown::Write)
    }

    pub(super) fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner().take_error()
    }

    pub(super) fn local_addr(&self) -> Option<Endpoint> {
        SockRef::from(self.inner()).local_addr().ok().as_ref().map(unix_socket::end)
    }

    pub(super) fn peer_addr(&self) -> Option<Endpoint> {
        SockRef::from(self.inner()).peer_addr().ok().as_ref().map(unix_socket::end)
    }

    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.inner_mut().register(registry, token, Interest::READABLE | Interest::WRITABLE)
    }

    pub(super) fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.inner_mut().deregister(registry)
    }

    /// Reads once, and tells whether there may be more even if the buffer is not full.
    fn read_piece(&mut self, buffer: &mut [u8]) -> io::Result<(usize, bool)> {
        let inner = match self {
            Self::Plain(inner) => inner,
            Self::Passing(stream) => return stream.read_piece(buffer),
        };
        let mut none = RecvAncillaryBuffer::new(&mut []);
        let mut slices = [IoSliceMut::new(buffer)];
        let received = rustix::io::retry_on_intr(|| {
            recvmsg(&*inner, &mut slices, &mut none, RecvFlags::empty())
        })?;
        Ok((received.bytes, received.flags.contains(ReturnFlags::CTRUNC)))
    }

    /// The next call will tell, and is made to come: nothing else may wake the session.
    fn fail_later(&mut self, error: io::Error) {
        match self {
            Self::Passing(stream) => stream.fail_later(error),
            // There is no room for the reason: the session sees an end.
            Self::Plain(inner) => shut_down(inner, &error),
        }
    }

    fn inner(&self) -> &MioStream {
        match self {
            Self::Plain(inner) => inner,
            Self::Passing(stream) => &stream.inner,
        }
    }

    fn inner_mut(&mut self) -> &mut MioStream {
        match self {
            Self::Plain(inner) => inner,
            Self::Passing(stream) => &mut stream.inner,
        }
    }
}

impl PassingStream {
    fn read_piece(&mut self, buffer: &mut [u8]) -> io::Result<(usize, bool)> {
        self.take_failure()?;
        self.passing.receive(self.inner.as_fd(), buffer)
    }

    /// Writes in pieces, each up to the next byte that descriptors go with, as it is the first of
    /// a piece that they are sent with.
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.take_failure()?;
        let Self { inner, passing, .. } = self;
        if !passing.has_outgoing() {
            let count = inner.write_vectored(slices)?;
            passing.wrote(count);
            return Ok(count);
        }
        let mut rest = slices.to_vec();
        let (mut rest, mut total) = (rest.as_mut_slice(), 0);
        loop {
            let (piece, offered) = first_bytes(rest, passing.distance());
            if offered == 0 {
                return Ok(total);
            }
            match passing.send(inner.as_fd(), &piece) {
                Ok(count) => {
                    total += count;
                    if count < offered {
                        return Ok(total);
                    }
                    IoSlice::advance_slices(&mut rest, count);
                }
                Err(error) if total > 0 => {
                    self.fail_later(error);
                    return Ok(total);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn fail_later(&mut self, error: io::Error) {
        if error.kind() != io::ErrorKind::WouldBlock {
            shut_down(&self.inner, &error);
            self.failure = Some(error);
        }
    }

    fn take_failure(&mut self) -> io::Result<()> {
        self.failure.take().map_or(Ok(()), Err)
    }
}

/// Has an event come, unless it is one that the error waits for.
fn shut_down(socket: &MioStream, error: &io::Error) {
    if error.kind() != io::ErrorKind::WouldBlock {
        // Fails only where the connection is down, of which an event tells as well.
        let _ = socket.shutdown(Shutdown::Both);
    }
}

/// Slices of the first bytes, at most so many, and how many these are.
fn first_bytes<'a>(slices: &'a [IoSlice<'_>], most: usize) -> (Vec<IoSlice<'a>>, usize) {
    let (mut first, mut left) = (Vec::with_capacity(slices.len()), most);
    for slice in slices {
        let bytes = &slice[..slice.len().min(left)];
        left -= bytes.len();
        first.push(IoSlice::new(bytes));
        if left == 0 {
            break;
        }
    }
    (first, most - left)
}

impl AsFd for UnixStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner().as_fd()
    }
}

/// Whether the system tells of descriptors that came and were not wanted (`MSG_CTRUNC`), behind
/// which a read stops short. Where not, one must read until `WouldBlock`.
const TELLS_OF_MORE: bool = cfg!(any(target_os = "linux", target_os = "android"));
