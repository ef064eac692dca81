//! Messages in a stream of bytes: where each begins and ends, and what is put around it.
//!
//! A [`Codec`] knows how; an [`Assembler`] keeps what has come of a message until the rest has.

mod assembler;
mod codec;
mod counted;
mod decoder;
mod delimiter;
mod fixed_size;
mod frame;
mod length_prefix;
mod lines;
mod scan;
#[cfg(test)]
mod tests;
mod varint;

pub(crate) use assembler::Assembler;
pub use codec::{Codec, Decoded};
pub use decoder::{Decoder, encode};
pub use delimiter::Delimiter;
pub use fixed_size::FixedSize;
pub use frame::Frame;
pub use length_prefix::LengthPrefix;
pub use lines::Lines;
pub use varint::Varint;
