//! How messages lie in a stream: the trait that every codec implements.

use std::ops::Range;

use super::Frame;
use crate::error::Violation;

/// How messages lie in a stream of bytes: what is around each, and how long it may be.
///
/// One value says how a protocol's messages look. Each session decodes with a clone of its own, so
/// that a codec may remember how far it has looked; what is sent is encoded by the one that was
/// given.
///
/// See [`framed`](crate::framed) for how to write one.
pub trait Codec: Clone + Send + Sync + 'static {
    /// What handlers get: `[u8]`, `str`, or a type of the codec's own.
    type Message: ?Sized;

    /// Looks for one frame at the beginning of `data`, which has at least one byte.
    ///
    /// As long as the answer is [`Decoded::Incomplete`], the next call's data begins with the same
    /// bytes and has more behind them; after a frame it begins behind that frame.
    ///
    /// # Errors
    ///
    /// What is wrong with the bytes; the session ends with it.
    fn decode(&mut self, data: &[u8]) -> Result<Decoded, Violation>;

    /// The message in the bytes that [`Decoded::Frame`] has named as its payload, or in what
    /// [`middleware`](crate::middleware) has made of them.
    ///
    /// # Errors
    ///
    /// What is wrong with them; the session ends with it.
    fn read<'a>(&'a mut self, payload: &'a [u8]) -> Result<&'a Self::Message, Violation>;

    /// Puts around a message what makes it a frame, and the message itself with
    /// [`Frame::message`].
    ///
    /// # Errors
    ///
    /// Why the message cannot be sent; the sender is told [`Sent::Invalid`](crate::Sent::Invalid).
    fn encode(&self, message: &[u8], frame: &mut Frame<'_>) -> Result<(), Violation>;

    /// The peer has finished sending behind these bytes, of which `decode` has said that they are
    /// incomplete; the payload among them, if they are a message nevertheless. They are never
    /// none. Default: they are not.
    ///
    /// # Errors
    ///
    /// What is wrong; the session ends with it.
    fn decode_end(&mut self, rest: &[u8]) -> Result<Range<usize>, Violation> {
        let _ = rest;
        Err(Violation::Incomplete)
    }

    /// Bytes that one frame may have, with all that is around its message: a longer one is refused,
    /// whatever `decode` says, and no more than these are kept. Default: 1 MiB and 64 bytes.
    fn max_frame(&self) -> usize {
        MAX_MESSAGE + 64
    }
}

/// What a codec has found at the beginning of its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// A frame.
    Frame {
        /// Where its message lies.
        payload: Range<usize>,
        /// Where the frame ends, and the next one begins.
        end: usize,
    },
    /// Bytes between frames, such as padding or heartbeats.
    Skip {
        /// Where they end, and a frame may begin.
        end: usize,
    },
    /// Less than a frame: whatever follows, no frame ends within these bytes.
    Incomplete {
        /// How many bytes there must be, from the frame's beginning, before it is worth looking
        /// again; one more than there are, if that is not known.
        wanted: usize,
    },
}

/// Bytes that a message may have unless its codec is told otherwise.
pub(crate) const MAX_MESSAGE: usize = 1 << 20;
