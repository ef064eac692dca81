//! Framed sessions: whole messages.

pub use crate::codec::framed::{Codec, Decoded, Frame};
