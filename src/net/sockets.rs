//! What a server or a client makes its sockets with, whatever the transport.

use super::{TcpOptions, UnixOptions};

/// The options of each transport; which of them count is said by the address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sockets {
    pub(crate) tcp: TcpOptions,
    pub(crate) unix: UnixOptions,
}
