//! What a server or a client makes its sockets with, whatever the transport.

use std::sync::Arc;

use super::{TcpOptions, UnixOptions};

/// The options of each transport; which of them count is said by the address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sockets {
    pub(crate) tcp: TcpOptions,
    pub(crate) unix: UnixOptions,
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "there is nothing in it"))]
    pub(super) network: Arc<Network>,
}

/// What the servers and clients of one service have in common.
#[derive(Debug, Default)]
pub(crate) struct Network {
    #[cfg(feature = "testing")]
    pub(crate) names: super::Names,
}

impl Sockets {
    /// The defaults for a server or client on this network.
    pub(crate) fn on(network: Arc<Network>) -> Self {
        Self { network, ..Self::default() }
    }
}
