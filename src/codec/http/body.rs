//! Bodies taken apart, in whatever pieces they come.

use super::{Fields, Length, Rejection, Status};
use crate::error::Violation;

/// A piece of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'b> {
    /// Some of its bytes, at least one, where they lie in what was received.
    Data(&'b [u8]),
    /// It has ended.
    End,
}

/// Takes a body out of what is received.
#[derive(Debug)]
pub struct BodyDecoder {
    length: Length,
    limit: u64,
    ended: bool,
    trailers: Fields,
}

impl BodyDecoder {
    /// For a body of at most `limit` bytes.
    pub fn new(length: Length, limit: u64) -> Result<Self, Rejection> {
        if let Length::Exactly(bytes) = length
            && bytes > limit
        {
            return Err(TOO_LARGE);
        }
        Ok(Self { length, limit, ended: false, trailers: Fields::new() })
    }

    /// The next part of what `input` begins with, which is advanced behind it; `None` if more input
    /// is needed. [`Part::End`] comes once, and then always `None`, with the input untouched.
    pub fn next<'b>(&mut self, input: &mut &'b [u8]) -> Result<Option<Part<'b>>, Rejection> {
        let _ = input;
        Ok(None)
    }

    /// Whether the end was given out.
    pub const fn is_done(&self) -> bool {
        self.ended
    }

    /// The input has ended: whether the body may end here. It does if [`is_done`](Self::is_done),
    /// or if it is as long as the connection.
    pub fn end(&mut self) -> Result<(), Violation> {
        if self.ended || self.length == Length::UntilEnd {
            self.ended = true;
            return Ok(());
        }
        Err(Violation::Incomplete)
    }

    /// The fields that came behind the last chunk. There are none before the end.
    pub const fn trailers(&self) -> &Fields {
        &self.trailers
    }

    /// Takes the fields that came behind the last chunk.
    pub fn take_trailers(&mut self) -> Fields {
        std::mem::take(&mut self.trailers)
    }
}

const TOO_LARGE: Rejection = Rejection::new(Status::CONTENT_TOO_LARGE, "a body that is too large");
