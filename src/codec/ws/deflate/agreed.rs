//! What both sides have agreed to.

use super::{Compressor, Inflater};
use crate::codec::ws::Role;

/// How messages of a connection are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Deflate {
    /// Whether a server's messages refer to those before.
    pub(crate) server_takeover: bool,
    pub(crate) client_takeover: bool,
    /// How far back a server's messages refer, as a power of two: 8 to 15.
    pub(crate) server_bits: u8,
    pub(crate) client_bits: u8,
}

impl Deflate {
    /// Whether what we send refers to what we have sent before, and how far back.
    pub(crate) const fn sending(&self, role: Role) -> (bool, u8) {
        match role {
            Role::Server => (self.server_takeover, self.server_bits),
            Role::Client => (self.client_takeover, self.client_bits),
        }
    }

    /// The same of what we receive.
    pub(crate) const fn receiving(&self, role: Role) -> (bool, u8) {
        match role {
            Role::Server => self.sending(Role::Client),
            Role::Client => self.sending(Role::Server),
        }
    }

    /// What compresses what we send. `None` if that may refer no further than 256 bytes back: there is
    /// no compressor that does, and a message may always be sent as it is (RFC 7692 6.1).
    pub(crate) fn compressor(&self, role: Role, level: u32) -> Option<Compressor> {
        let (_, bits) = self.sending(role);
        (bits > 8).then(|| Compressor::new(bits, level))
    }

    /// What inflates what we receive.
    pub(crate) fn inflater(&self, role: Role) -> Inflater {
        let (takeover, _) = self.receiving(role);
        Inflater::new(takeover)
    }
}
