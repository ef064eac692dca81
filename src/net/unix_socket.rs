//! What Unix sockets have in common, listening or connected: their addresses and their errors.

use std::io;

use socket2::{Domain, SockAddr, Socket, Type};

use super::{Endpoint, UnixName, UnixOptions, os};
use crate::error::{Error, ErrorKind, Result};

/// Bytes of a path, or of an abstract name, that a socket's address has room for (`unix(7)`;
/// `sys/un.h` of the BSDs).
const NAME_LIMIT: usize =
    if cfg!(any(target_os = "linux", target_os = "android")) { 107 } else { 103 };

/// A non-blocking socket.
pub(super) fn socket() -> io::Result<Socket> {
    let socket = Socket::new(Domain::UNIX, os::STREAM, None)?;
    if os::STREAM == Type::STREAM {
        socket.set_nonblocking(true)?;
    }
    Ok(socket)
}

/// What each connection shall have, whichever side it is on: a Unix socket inherits nothing from
/// its listener.
pub(super) fn configure(socket: &Socket, options: &UnixOptions) -> io::Result<()> {
    options.send_buffer.map_or(Ok(()), |bytes| socket.set_send_buffer_size(bytes))
}

/// The address as the system takes it.
pub(super) fn address(name: &UnixName, attempt: &'static str) -> Result<SockAddr> {
    let failed = |kind| Error::new(kind, attempt).on(name);
    let bytes = match name {
        UnixName::Path(path) => path.as_os_str().as_encoded_bytes(),
        UnixName::Abstract(_) if !cfg!(any(target_os = "linux", target_os = "android")) => {
            return Err(failed(ErrorKind::Unsupported).because("only Linux has abstract names"));
        }
        UnixName::Abstract(name) => name,
        UnixName::Unnamed => return Err(failed(ErrorKind::AddressInvalid)),
    };
    if bytes.len() > NAME_LIMIT {
        let why =
            format!("a socket's path has at most {NAME_LIMIT} bytes, this has {}", bytes.len());
        return Err(failed(ErrorKind::AddressInvalid).because(why));
    }
    let address = match name {
        UnixName::Path(path) => SockAddr::unix(path),
        UnixName::Abstract(_) | UnixName::Unnamed => {
            let with_zero = [b"\0", bytes].concat();
            SockAddr::unix(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(
                &with_zero,
            ))
        }
    };
    address.map_err(|error| Error::io(attempt, error).on(name))
}

/// An address as the system tells it.
pub(super) fn name(address: &SockAddr) -> UnixName {
    if let Some(path) = address.as_pathname() {
        UnixName::Path(path.into())
    } else if let Some(name) = address.as_abstract_namespace() {
        UnixName::Abstract(name.into())
    } else {
        UnixName::Unnamed
    }
}

/// The same as an end of a connection.
pub(super) fn end(address: &SockAddr) -> Endpoint {
    Endpoint::Unix(name(address))
}

/// What failed, with the reasons for which the system's words are no help.
pub(super) fn failure(attempt: &'static str, error: io::Error, name: &UnixName) -> Error {
    let kind = error.kind();
    let binds = attempt == "bind";
    let error = Error::io(attempt, error).on(name);
    match kind {
        io::ErrorKind::NotFound if binds => {
            error.of_kind(ErrorKind::AddressInvalid).because("there is no such folder")
        }
        io::ErrorKind::NotFound => {
            error.of_kind(ErrorKind::Refused).because("there is no such socket")
        }
        io::ErrorKind::NotADirectory => error.of_kind(ErrorKind::AddressInvalid),
        _ => error,
    }
}
