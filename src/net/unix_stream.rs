//! A connected Unix socket.

use std::io::{self, IoSlice, IoSliceMut, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};

use mio::event::Source;
use mio::net::UnixStream as MioStream;
use mio::{Interest, Registry, Token};
use rustix::net::{RecvAncillaryBuffer, RecvFlags, ReturnFlags, recvmsg};
use socket2::{SockRef, Socket};

use super::{Endpoint, Stream, UnixName, UnixOptions, unix_socket};
use crate::error::Result;

/// A connected Unix socket, non-blocking.
#[derive(Debug)]
pub(crate) struct UnixStream {
    inner: MioStream,
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
    pub(super) fn new(socket: Socket, _options: &UnixOptions) -> Self {
        Self { inner: MioStream::from_std(socket.into()) }
    }

    /// Reads what there is, up to where the buffer is full or the socket empty: unlike TCP, it
    /// stops short behind bytes that descriptors came with, although there is more.
    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut total = 0;
        loop {
            match self.read_piece(&mut buffer[total..]) {
                Ok((count, more)) => {
                    total += count;
                    if !more || count == 0 || total == buffer.len() {
                        return Ok(total);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && total > 0 => {
                    return Ok(total);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads once, and tells whether there may be more even if the buffer is not full.
    fn read_piece(&self, buffer: &mut [u8]) -> io::Result<(usize, bool)> {
        let mut none = RecvAncillaryBuffer::new(&mut []);
        let mut slices = [IoSliceMut::new(buffer)];
        let received = rustix::io::retry_on_intr(|| {
            recvmsg(&self.inner, &mut slices, &mut none, RecvFlags::empty())
        })?;
        Ok((received.bytes, !TELLS_OF_MORE || received.flags.contains(ReturnFlags::CTRUNC)))
    }

    pub(super) fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.inner.write(data)
    }

    pub(super) fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.inner.write_vectored(slices)
    }

    pub(super) fn shutdown_write(&self) -> io::Result<()> {
        self.inner.shutdown(Shutdown::Write)
    }

    pub(super) fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner.take_error()
    }

    pub(super) fn local_addr(&self) -> Option<Endpoint> {
        SockRef::from(&self.inner).local_addr().ok().as_ref().map(unix_socket::end)
    }

    pub(super) fn peer_addr(&self) -> Option<Endpoint> {
        SockRef::from(&self.inner).peer_addr().ok().as_ref().map(unix_socket::end)
    }

    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.inner.register(registry, token, Interest::READABLE | Interest::WRITABLE)
    }

    pub(super) fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.inner.deregister(registry)
    }
}

impl AsFd for UnixStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

/// Whether the system tells of descriptors that came and were not wanted (`MSG_CTRUNC`), behind
/// which a read stops short. Where not, one must read until `WouldBlock`.
const TELLS_OF_MORE: bool = cfg!(any(target_os = "linux", target_os = "android"));
