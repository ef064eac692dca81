//! Compressed messages: `permessage-deflate` (RFC 7692).
//!
//! What a client offers and a server agrees to is a [`Deflate`]; it makes the [`Compressor`] and the
//! [`Inflater`] of a connection.

mod agreed;
#[cfg(any(test, fuzzing))]
#[cfg_attr(not(fuzzing), expect(unreachable_pub, reason = "it is public to fuzzing"))]
pub mod checks;
mod compressor;
mod extensions;
mod inflater;
mod negotiation;
mod parameters;
mod settings;
#[cfg(test)]
mod tests;

pub(crate) use agreed::Deflate;
pub(crate) use compressor::Compressor;
pub(crate) use extensions::{Extension, extensions};
pub(crate) use inflater::{CORRUPT, Inflater};
pub(crate) use negotiation::{Agreement, agree, check, offer};
pub use settings::Settings;

/// The extension's name.
const NAME: &str = "permessage-deflate";

/// What a flush ends with: the end of an empty block, which is not sent (RFC 7692 7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
