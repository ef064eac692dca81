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
pub use decoder::Decoder;
pub(crate) use deflate::Inflater;
pub use event::{Event, Kind};
pub use failure::Failure;
pub(crate) use head::Head;
pub(crate) use inflate::Inflate;
pub(crate) use mask::Masks;
pub use mask::apply as mask;
pub(crate) use opcode::Opcode;
pub(crate) use receiver::Receiver;
pub use rules::Role;
pub(crate) use rules::Rules;
pub(crate) use utf8::Utf8;
