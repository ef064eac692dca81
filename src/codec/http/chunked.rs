//! Bodies in chunks (RFC 9112 7.1).

use super::trailers::{Line, Trailers};
use super::{Fields, Part, Rejection, Status, body, syntax};

/// Takes a body out of its chunks. Every byte is looked at once, in whatever pieces they come.
#[derive(Debug)]
pub(super) struct Chunks {
    awaited: Awaited,
    /// Bytes that all extensions together may still have.
    extensions: u32,
    /// Bytes that all chunks together may still have.
    room: u64,
    trailers: Trailers,
}

/// What is to come next.
#[derive(Clone, Copy, Debug)]
enum Awaited {
    /// More digits of a chunk's size, or what ends them.
    Size { digits: u8, size: u64 },
    /// More of an extension.
    Extension { size: u64 },
    /// The LF behind a chunk's size.
    SizeEnd { size: u64 },
    /// So many bytes.
    Data(u64),
    /// The CR behind a chunk.
    DataEnd,
    /// The LF behind that.
    DataEndLf,
    /// A line of the trailers, or the empty one.
    Trailers,
}

impl Chunks {
    /// For chunks of at most `limit` bytes together.
    pub(super) const fn new(limit: u64) -> Self {
        Self {
            awaited: Awaited::START,
            extensions: MOST_EXTENSION_BYTES,
            room: limit,
            trailers: Trailers::new(),
        }
    }

    pub(super) fn next<'b>(&mut self, input: &mut &'b [u8]) -> Result<Option<Part<'b>>, Rejection> {
        loop {
            match &mut self.awaited {
                Awaited::Data(0) => self.awaited = Awaited::DataEnd,
                Awaited::Data(left) => return Ok(body::data(left, input)),
                Awaited::Trailers => match self.trailers.next(input)? {
                    Some(Line::Field) => {}
                    Some(Line::Empty) => return Ok(Some(Part::End)),
                    None => return Ok(None),
                },
                &mut awaited => {
                    let Some((&byte, rest)) = input.split_first() else { return Ok(None) };
                    self.awaited = self.behind(awaited, byte)?;
                    *input = rest;
                }
            }
        }
    }

    pub(super) fn take_trailers(&mut self) -> Fields {
        self.trailers.take_fields()
    }

    /// What is awaited behind a byte outside of chunks and trailers.
    fn behind(&mut self, awaited: Awaited, byte: u8) -> Result<Awaited, Rejection> {
        match (awaited, byte) {
            (Awaited::Size { digits: 1.., size }, b'\r') => Ok(Awaited::SizeEnd { size }),
            (Awaited::Size { digits: 1.., size }, b';') => self.extension(size),
            (Awaited::Size { digits, size }, _) => more_digits(digits, size, byte),
            (Awaited::Extension { size }, b'\r') => Ok(Awaited::SizeEnd { size }),
            (Awaited::Extension { size }, _) if syntax::is_value(&[byte]) => self.extension(size),
            (Awaited::SizeEnd { size }, b'\n') => self.chunk(size),
            (Awaited::DataEnd, b'\r') => Ok(Awaited::DataEndLf),
            (Awaited::DataEndLf, b'\n') => Ok(Awaited::START),
            (Awaited::DataEnd | Awaited::DataEndLf, _) => {
                Err(Rejection::bad("a chunk that is longer than its size"))
            }
            _ => Err(Rejection::bad("a malformed line before a chunk")),
        }
    }

    fn extension(&mut self, size: u64) -> Result<Awaited, Rejection> {
        let too_long = Rejection::new(Status::CONTENT_TOO_LARGE, "too long extensions of chunks");
        self.extensions = self.extensions.checked_sub(1).ok_or(too_long)?;
        Ok(Awaited::Extension { size })
    }

    fn chunk(&mut self, size: u64) -> Result<Awaited, Rejection> {
        self.room = self.room.checked_sub(size).ok_or(Rejection::TOO_LARGE)?;
        Ok(if size == 0 { Awaited::Trailers } else { Awaited::Data(size) })
    }
}

impl Awaited {
    const START: Self = Self::Size { digits: 0, size: 0 };
}

fn more_digits(digits: u8, size: u64, byte: u8) -> Result<Awaited, Rejection> {
    let digit = char::from(byte).to_digit(16).filter(|_| digits < MOST_DIGITS);
    let digit = digit.ok_or(Rejection::bad("a malformed size of a chunk"))?;
    Ok(Awaited::Size { digits: digits + 1, size: size << 4 | u64::from(digit) })
}

/// Appends what goes before a chunk of `len` bytes, which must not be 0. Behind it goes CR LF.
pub(crate) fn chunk_head(out: &mut Vec<u8>, len: u64) {
    let digits = (u64::BITS - len.leading_zeros()).div_ceil(4).max(1);
    for digit in (0..digits).rev() {
        out.push(b"0123456789abcdef"[(len >> (4 * digit) & 15) as usize]);
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends the last chunk, which ends the body.
pub(crate) fn last_chunk(out: &mut Vec<u8>, trailers: &Fields) {
    out.extend_from_slice(b"0\r\n");
    out.extend_from_slice(trailers.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// More would overflow. Leading zeroes count.
const MOST_DIGITS: u8 = 16;

/// Nobody is known to use them; without a bound, they are a way to send for ever.
const MOST_EXTENSION_BYTES: u32 = 16 * 1024;
