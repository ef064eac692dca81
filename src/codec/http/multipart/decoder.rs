//! Parts out of a body that comes in pieces.

use memchr::memchr;

use super::Boundary;
use super::head::{self, PartHead};
use super::search::{Found, Search};
use crate::codec::http::{Fields, Rejection, Status};

/// Takes a body apart as it comes.
///
/// What it keeps is an incomplete head of a part, so at most [`Limits::head`] bytes; data is handed
/// out as it comes.
#[derive(Debug)]
pub struct Multipart {
    limits: Limits,
    search: Search,
    awaits: Awaits,
    /// What has come of a line or of a head.
    kept: Vec<u8>,
    fields: Fields,
    parts: usize,
    /// Bytes of the part, or of what is before the first.
    length: u64,
}

/// What the parts of a body may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Parts. Default: 1000.
    pub parts: usize,
    /// Bytes of each part's head, and of what is before the first part. Default: 16 KiB.
    pub head: usize,
    /// Bytes of each part's data. Default: as many as the body may have.
    pub part: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { parts: 1000, head: 16 << 10, part: None }
    }
}

/// What comes of a body, one after another.
#[derive(Clone, Debug)]
pub enum Part<'a> {
    /// A part begins.
    Begin(PartHead<'a>),
    /// Data of the part, which may come in any number of pieces, none of them empty.
    Data(&'a [u8]),
    /// The part has ended.
    End,
    /// There are no more parts. What follows in the body means nothing.
    Done,
}

/// What is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaits {
    /// The first delimiter.
    First,
    /// The rest of a delimiter's line.
    LineEnd,
    /// The end of a part's head.
    Head,
    /// The end of a part's data.
    Data,
    Nothing,
}

impl Multipart {
    /// For a body from its beginning on.
    pub fn new(boundary: Boundary, limits: Limits) -> Self {
        Self {
            limits,
            search: Search::new(boundary.delimiter()),
            awaits: Awaits::First,
            kept: Vec::new(),
            fields: Fields::new(),
            parts: 0,
            length: 0,
        }
    }

    /// The next event, if there is a whole one; moves `input` behind what has been looked at. After
    /// `None` that is everything, and the next call is for the bytes that follow.
    ///
    /// # Errors
    ///
    /// What is wrong with the body: 400 if it is malformed, 413 or 431 if it has more than its
    /// limits. What follows has no meaning then.
    pub fn next<'a, 'd: 'a>(
        &'a mut self,
        input: &mut &'d [u8],
    ) -> Result<Option<Part<'a>>, Rejection> {
        if self.awaits == Awaits::First {
            self.skip_preamble(input)?;
        }
        if self.awaits == Awaits::LineEnd && self.line_end(input)? {
            return Ok(Some(Part::Done));
        }
        match self.awaits {
            Awaits::Head => self.head(input),
            Awaits::Data => self.data(input),
            Awaits::First | Awaits::LineEnd => Ok(None),
            Awaits::Nothing => {
                *input = &[];
                Ok(None)
            }
        }
    }

    /// The body has ended.
    ///
    /// # Errors
    ///
    /// 400 if its last part has not.
    pub fn finish(&self) -> Result<(), Rejection> {
        match self.awaits {
            Awaits::Nothing => Ok(()),
            _ => Err(bad("a form that ends in the middle")),
        }
    }

    fn skip_preamble(&mut self, input: &mut &[u8]) -> Result<(), Rejection> {
        loop {
            match self.search.next(input) {
                Found::Data(data) => self.length += data.len() as u64,
                Found::Delimiter => break,
                Found::Nothing => return Ok(()),
            }
            if self.length > self.limits.head as u64 {
                return Err(bad("a form that does not begin with its boundary"));
            }
        }
        self.awaits = Awaits::LineEnd;
        Ok(())
    }

    /// Reads on to where a part begins; whether none does.
    fn line_end(&mut self, input: &mut &[u8]) -> Result<bool, Rejection> {
        while let Some((byte, rest)) = input.split_first() {
            *input = rest;
            match (&*self.kept, byte) {
                ([.., b'\r'], b'\n') => {
                    self.begin_head()?;
                    return Ok(false);
                }
                ([b'-'], b'-') => {
                    self.awaits = Awaits::Nothing;
                    self.kept = Vec::new();
                    return Ok(true);
                }
                // RFC 2046 5.1.1: white space may follow a boundary.
                ([] | [.., b' ' | b'\t'], b' ' | b'\t' | b'\r') | ([], b'-') => {}
                _ => return Err(bad("a boundary with something behind it")),
            }
            self.keep(&[*byte])?;
        }
        Ok(false)
    }

    fn begin_head(&mut self) -> Result<(), Rejection> {
        self.kept.clear();
        self.parts += 1;
        if self.parts > self.limits.parts {
            return Err(Rejection::new(Status::CONTENT_TOO_LARGE, "a form with too many parts"));
        }
        self.awaits = Awaits::Head;
        Ok(())
    }

    /// Reads on to the empty line, which may be the first.
    fn head<'a>(&'a mut self, input: &mut &[u8]) -> Result<Option<Part<'a>>, Rejection> {
        loop {
            let Some(lf) = memchr(b'\n', input) else {
                self.keep(input)?;
                *input = &[];
                return Ok(None);
            };
            let (line, rest) = input.split_at(lf + 1);
            *input = rest;
            self.keep(line)?;
            if !self.kept.ends_with(b"\r\n") {
                return Err(bad("a part's head with a bare LF"));
            }
            if self.kept == b"\r\n" || self.kept.ends_with(b"\r\n\r\n") {
                break;
            }
        }
        self.fields = head::fields(&self.kept).map_err(bad)?;
        self.kept.clear();
        self.length = 0;
        self.search.begin();
        self.awaits = Awaits::Data;
        PartHead::of(&self.fields).map(Part::Begin).map(Some).map_err(bad)
    }

    fn data<'a, 'd: 'a>(&'a mut self, input: &mut &'d [u8]) -> Result<Option<Part<'a>>, Rejection> {
        match self.search.next(input) {
            Found::Data(data) => {
                self.length += data.len() as u64;
                if self.limits.part.is_some_and(|limit| self.length > limit) {
                    return Err(Rejection::new(
                        Status::CONTENT_TOO_LARGE,
                        "a part that is too long",
                    ));
                }
                Ok(Some(Part::Data(data)))
            }
            Found::Delimiter => {
                self.awaits = Awaits::LineEnd;
                Ok(Some(Part::End))
            }
            Found::Nothing => Ok(None),
        }
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), Rejection> {
        if self.kept.len() + bytes.len() > self.limits.head {
            let why = "a part with a head that is too long";
            return Err(Rejection::new(Status::REQUEST_HEADER_FIELDS_TOO_LARGE, why));
        }
        self.kept.extend_from_slice(bytes);
        Ok(())
    }
}

fn bad(why: &'static str) -> Rejection {
    Rejection::bad(why)
}
