//! A listening Unix socket.

use std::io;
use std::os::unix::net::UnixListener as StdUnixListener;
use std::sync::Arc;

use mio::net::UnixListener as MioListener;
use mio::{Interest, Registry, Token};
use socket2::{SockRef, Socket};

use super::socket_file::{self, SocketFile};
use super::{Endpoint, Stream, UnixName, UnixOptions, UnixStream, os, unix_socket};
use crate::error::{Error, ErrorKind, Result};

#[derive(Debug)]
pub(crate) struct UnixListener {
    /// Removed before the socket is closed. Not of an adopted socket, nor of an abstract name.
    file: Option<Arc<SocketFile>>,
    inner: MioListener,
    name: UnixName,
    options: UnixOptions,
}

impl UnixListener {
    /// Binds, has the file's mode and owner set, and only then listens: until then the system
    /// refuses whoever tries to connect, so that there is no time at which the wrong ones can.
    ///
    /// The socket is bound in its place and not made elsewhere to be renamed: it would be known by
    /// that other name to its peers, and to `getsockname`, as long as it lives.
    pub(super) fn bind(name: &UnixName, options: &UnixOptions) -> Result<Self> {
        let failed = |error| unix_socket::failure("bind", error, name);
        let socket = bound(name, options)?;
        let file = name.path().map(SocketFile::of_bound).transpose().map_err(failed)?;
        if let Some(file) = &file {
            let failed = |error| Error::io("set mode and owner of", error).on(name);
            file.admit(options).map_err(failed)?;
        }
        socket
            .listen(os::backlog(options.backlog))
            .map_err(|error| unix_socket::failure("listen on", error, name))?;
        // Somebody may have taken it for stale before it listened.
        if file.as_ref().is_some_and(|file| !file.is_there()) {
            let error = Error::new(ErrorKind::AddressInUse, "bind").on(name);
            return Err(error.because("somebody else has just replaced it"));
        }
        let inner = MioListener::from_std(socket.into());
        Ok(Self { file: file.map(Arc::new), inner, name: name.clone(), options: options.clone() })
    }

    /// Takes a socket that listens already. Its file is left alone, also in the end.
    pub(super) fn adopt(listener: StdUnixListener, options: &UnixOptions) -> Result<Self> {
        let socket = SockRef::from(&listener);
        let address =
            socket.local_addr().map_err(|error| Error::io("adopt a listening socket", error))?;
        if !address.is_unix() {
            let error = Error::new(ErrorKind::Io, "adopt a listening socket");
            return Err(error.because("it is no Unix socket"));
        }
        let name = unix_socket::name(&address);
        if !os::listens(&socket) {
            let deaf = Error::new(ErrorKind::Io, "listen on").on(&name);
            return Err(deaf.because("the socket does not listen"));
        }
        listener.set_nonblocking(true).map_err(|error| Error::io("listen on", error).on(&name))?;
        let inner = MioListener::from_std(listener);
        Ok(Self { file: None, inner, name, options: options.clone() })
    }

    /// The same socket for another poller: an address of this kind has one socket only. Whoever
    /// comes too late for a connection finds none.
    pub(super) fn another(&self) -> Result<Self> {
        let copy = SockRef::from(&self.inner).try_clone();
        let copy = copy.map_err(|error| Error::io("copy the listener on", error).on(&self.name))?;
        Ok(Self {
            file: self.file.clone(),
            inner: MioListener::from_std(copy.into()),
            name: self.name.clone(),
            options: self.options.clone(),
        })
    }

    /// Not mio's `accept`: that knows neither abstract names nor paths that fill the address.
    pub(super) fn accept(&self) -> io::Result<(Stream, Endpoint)> {
        let (socket, peer) = loop {
            match SockRef::from(&self.inner).accept() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                accepted => break accepted?,
            }
        };
        socket.set_nonblocking(true)?;
        unix_socket::configure(&socket, &self.options)?;
        let stream = UnixStream::new(socket, &self.options);
        Ok((Stream::Unix(stream), unix_socket::end(&peer)))
    }

    pub(super) fn local_addr(&self) -> Endpoint {
        Endpoint::Unix(self.name.clone())
    }

    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut self.inner, token, Interest::READABLE)
    }

    pub(super) fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        registry.deregister(&mut self.inner)
    }
}

/// A bound socket, in the place of a stale one if need be.
fn bound(name: &UnixName, options: &UnixOptions) -> Result<Socket> {
    let address = unix_socket::address(name, "bind")?;
    let failed = |error| unix_socket::failure("bind", error, name);
    let socket = unix_socket::socket().map_err(failed)?;
    match (socket.bind(&address), name.path()) {
        (Err(error), Some(path))
            if options.replace_stale && error.kind() == io::ErrorKind::AddrInUse =>
        {
            socket_file::remove_stale(path, name)?;
            socket.bind(&address).map_err(failed)?;
        }
        (bound, _) => bound.map_err(failed)?,
    }
    Ok(socket)
}
