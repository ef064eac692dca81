//! What a request's answer has to heed of it.

use crate::codec::http::write::Connection;
use crate::codec::http::{Method, RequestHead, Version};

#[derive(Clone, Copy, Debug)]
pub(super) struct Exchange {
    /// The answer has no body, whatever its head says.
    pub(super) head_only: bool,
    /// The client may not know of chunks.
    pub(super) old: bool,
    /// The connection goes on behind the answer.
    pub(super) keep: bool,
    /// The client wants another protocol, or a tunnel.
    pub(super) upgrades: bool,
    pub(super) connects: bool,
}

impl Exchange {
    #[inline]
    pub(super) fn of(head: &RequestHead<'_>) -> Self {
        Self {
            head_only: head.method == Method::Head,
            old: head.version == Version::Http10,
            keep: head.keeps_alive(),
            upgrades: head.upgrade().is_some(),
            connects: head.method == Method::Connect,
        }
    }

    /// What the answer says of the connection.
    #[inline]
    pub(super) fn connection(&self) -> Connection {
        match (self.keep, self.old) {
            (false, _) => Connection::Close,
            (true, true) => Connection::KeepAlive,
            (true, false) => Connection::Unsaid,
        }
    }
}
