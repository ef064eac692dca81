//! WebSocket (RFC 6455).

pub use crate::codec::ws::Code;
pub use crate::codec::ws::deflate::Settings as Deflate;

/// Frames without connections: what servers and clients here are made of, for programs that have the
/// bytes already.
pub mod parse {
    pub use crate::codec::ws::{Decoder, Event, Failure, Kind, Role};
}
