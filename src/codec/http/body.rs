//! Bodies taken apart, in whatever pieces they come.

use std::mem;

use super::chunked::Chunks;
use super::{Fields, Length, Rejection, Status};
use crate::error::Violation;

/// A part of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'b> {
    /// Some of its bytes, at least one, where they lie in what was received.
    Data(&'b [u8]),
    /// It has ended.
    End,
}

/// Takes a body out of what is received, without a copy.
///
/// ```
/// use sockeye::http::parse::{BodyDecoder, Length, Part};
///
/// let mut decoder = BodyDecoder::new(Length::Chunked, 1024)?;
/// let mut input = b"5\r\nHello\r\n1\r\n!\r\n0\r\n\r\nand what follows".as_slice();
/// let mut body = Vec::new();
/// while let Some(Part::Data(data)) = decoder.next(&mut input)? {
///     body.extend_from_slice(data);
/// }
/// assert!(decoder.is_done());
/// assert_eq!((body, input), (b"Hello!".to_vec(), b"and what follows".as_slice()));
/// # Ok::<(), sockeye::http::parse::Rejection>(())
/// ```
#[derive(Debug)]
pub struct BodyDecoder {
    awaited: Awaited,
    trailers: Fields,
}

#[derive(Debug)]
enum Awaited {
    /// So many bytes.
    Exactly(u64),
    /// All that comes, of which there may be so much.
    UntilEnd(u64),
    /// What is in chunks. A box, since most bodies, and all that there are none of, need no such
    /// room.
    Chunks(Box<Chunks>),
    Nothing,
}

impl BodyDecoder {
    /// For a body of at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// A [`Rejection`] with status 413 if it is known to have more.
    pub fn new(length: Length, limit: u64) -> Result<Self, Rejection> {
        let awaited = match length {
            Length::None => Awaited::Exactly(0),
            Length::Exactly(bytes) if bytes > limit => return Err(Rejection::TOO_LARGE),
            Length::Exactly(bytes) => Awaited::Exactly(bytes),
            Length::Chunked => Awaited::Chunks(Box::new(Chunks::new(limit))),
            Length::UntilEnd => Awaited::UntilEnd(limit),
        };
        Ok(Self { awaited, trailers: Fields::new() })
    }

    /// The next part of what `input` begins with, which is advanced behind it; `None` if more input
    /// is needed. [`Part::End`] comes once, and then always `None`, with the input untouched.
    ///
    /// # Errors
    ///
    /// A [`Rejection`] if it is malformed, or if it is longer than it may be: 413, 431 for its
    /// trailers. What comes behind that is of no use.
    pub fn next<'b>(&mut self, input: &mut &'b [u8]) -> Result<Option<Part<'b>>, Rejection> {
        match &mut self.awaited {
            Awaited::Nothing => Ok(None),
            Awaited::Exactly(0) => {
                self.awaited = Awaited::Nothing;
                Ok(Some(Part::End))
            }
            Awaited::Exactly(left) => Ok(data(left, input)),
            Awaited::UntilEnd(0) if !input.is_empty() => Err(Rejection::TOO_LARGE),
            Awaited::UntilEnd(room) => Ok(data(room, input)),
            Awaited::Chunks(chunks) => {
                let part = chunks.next(input)?;
                if part == Some(Part::End) {
                    self.trailers = chunks.take_trailers();
                    self.awaited = Awaited::Nothing;
                }
                Ok(part)
            }
        }
    }

    /// Whether the body has ended, and [`Part::End`] was given out.
    pub const fn is_done(&self) -> bool {
        matches!(self.awaited, Awaited::Nothing)
    }

    /// The input has ended: whether the body may end here. If so, it is done.
    ///
    /// # Errors
    ///
    /// [`Violation::Incomplete`] if some of it is missing. Of bodies of [`Length::UntilEnd`] that
    /// cannot be known.
    pub fn end(&mut self) -> Result<(), Violation> {
        match self.awaited {
            Awaited::Nothing | Awaited::Exactly(0) | Awaited::UntilEnd(_) => {
                self.awaited = Awaited::Nothing;
                Ok(())
            }
            Awaited::Exactly(_) | Awaited::Chunks(_) => Err(Violation::Incomplete),
        }
    }

    /// The fields that came behind the last chunk; none before the end.
    ///
    /// Those that would change how the message is framed, routed or understood are not among them
    /// (RFC 9110 6.5.1).
    pub const fn trailers(&self) -> &Fields {
        &self.trailers
    }

    /// Takes the fields that came behind the last chunk.
    pub fn take_trailers(&mut self) -> Fields {
        mem::take(&mut self.trailers)
    }
}

/// Some of what is `left`.
pub(super) fn data<'b>(left: &mut u64, input: &mut &'b [u8]) -> Option<Part<'b>> {
    let len = usize::try_from(*left).map_or(input.len(), |left| left.min(input.len()));
    let (data, rest) = input.split_at(len);
    *input = rest;
    *left -= len as u64;
    (len > 0).then_some(Part::Data(data))
}

impl Rejection {
    pub(super) const TOO_LARGE: Self =
        Self::new(Status::CONTENT_TOO_LARGE, "a body that is too large");
}
