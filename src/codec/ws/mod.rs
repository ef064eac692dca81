//! WebSocket (RFC 6455): frames, and the messages that they are pieces of.
//!
//! A [`Receiver`] takes apart what a peer sends, by [`Rules`]; a [`Head`] is what stands before what
//! is sent. What breaks the protocol is a [`Failure`] with the [`Code`] that answers it.

mod code;
mod content;
mod decoder;
pub(crate) mod deflate;
mod event;
mod failure;
pub(crate) mod handshake;
mod head;
mod inflate;
mod mask;
mod message;
mod opcode;
mod partial;
mod receiver;
mod rules;
#[cfg(test)]
mod tests;
mod utf8;

pub use code::Code;
pub(crate) use deflate::Inflater;
pub use event::Kind;
pub(crate) use head::Head;
pub(crate) use inflate::Inflate;
pub(crate) use mask::Masks;
pub(crate) use opcode::Opcode;
pub(crate) use parse::{Event, Failure, Role, mask};
pub(crate) use receiver::Receiver;
pub(crate) use rules::Rules;
pub(crate) use utf8::Utf8;

/// The handshake and frames without connections: what servers and clients here are made of, for
/// programs that have the bytes already.
pub mod parse {
    pub use super::decoder::Decoder;
    pub use super::event::{Event, Kind};
    pub use super::failure::Failure;
    pub use super::handshake::{Upgrade, refusal_fields};
    pub use super::mask::apply as mask;
    pub use super::rules::Role;
}
