//! What a receiver goes by.

/// Which side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// It has accepted the connection: what it receives is masked.
    Server,
    /// It has opened the connection: what it sends is masked.
    Client,
}

/// What a receiver goes by: the same for all connections of a server or client, and all of a
/// connection's time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Which side receives.
    pub(crate) role: Role,
    /// Bytes of a message, inflated.
    pub(crate) max_message: usize,
    /// Bytes of a frame of a message, as they come.
    pub(crate) max_frame: usize,
    /// Messages may be compressed.
    pub(crate) deflate: bool,
    /// Messages are handed out whole, and not as they come.
    pub(crate) whole: bool,
}
