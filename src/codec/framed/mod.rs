//! Messages in a stream of bytes: where each begins and ends, and what is put around it.
//!
//! A [`Codec`] knows how; an [`Assembler`] keeps what has come of a message until the rest has.

mod assembler;
mod codec;
mod frame;

pub(crate) use assembler::Assembler;
pub use codec::{Codec, Decoded};
pub use frame::Frame;
