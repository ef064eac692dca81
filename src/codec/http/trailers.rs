//! The fields behind a body in chunks (RFC 9112 7.1.2, RFC 9110 6.5).

use std::{mem, str};

use memchr::memchr;

use super::{Fields, Rejection, Status};

/// Takes trailers line by line, in whatever pieces they come.
#[derive(Debug)]
pub(super) struct Trailers {
    fields: Fields,
    /// The line that has not ended.
    line: Vec<u8>,
    count: u16,
    bytes: usize,
}

/// What a line was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Field,
    /// The last one.
    Empty,
}

impl Trailers {
    pub(super) const fn new() -> Self {
        Self { fields: Fields::new(), line: Vec::new(), count: 0, bytes: 0 }
    }

    pub(super) fn take_fields(&mut self) -> Fields {
        mem::take(&mut self.fields)
    }

    /// Takes the next line, or what there is of it.
    pub(super) fn next(&mut self, input: &mut &[u8]) -> Result<Option<Line>, Rejection> {
        let end = memchr(b'\n', input).map(|lf| lf + 1);
        let (line, rest) = input.split_at(end.unwrap_or(input.len()));
        self.bytes += line.len();
        if self.bytes > MOST_BYTES {
            return Err(TOO_MANY);
        }
        *input = rest;
        // Most bodies have no trailers: nothing is copied for the empty line alone.
        if line == b"\r\n" && self.line.is_empty() {
            return Ok(Some(Line::Empty));
        }
        self.line.extend_from_slice(line);
        if end.is_none() {
            return Ok(None);
        }
        self.ended().map(Some)
    }

    fn ended(&mut self) -> Result<Line, Rejection> {
        let line = self.line.strip_suffix(b"\r\n");
        let line = line.ok_or(Rejection::bad("a trailer that is not ended by CR LF"))?;
        if line.is_empty() {
            self.line = Vec::new();
            return Ok(Line::Empty);
        }
        self.count += 1;
        if self.count > MOST_FIELDS {
            return Err(TOO_MANY);
        }
        add(&mut self.fields, line)?;
        self.line.clear();
        Ok(Line::Field)
    }
}

fn add(fields: &mut Fields, line: &[u8]) -> Result<(), Rejection> {
    let malformed = Rejection::bad("a malformed trailer");
    let colon = memchr(b':', line).ok_or(malformed)?;
    let name = str::from_utf8(&line[..colon]).map_err(|_| malformed)?;
    let is = |names: &[&str]| names.iter().any(|other| other.eq_ignore_ascii_case(name));
    if is(&FRAMING) {
        return Err(Rejection::bad("a trailer that belongs before the body"));
    }
    // What is not kept is to be well-formed as well.
    if is(&NOT_KEPT) {
        return Fields::new().append(name, &line[colon + 1..]).map_err(|_| malformed);
    }
    fields.append(name, &line[colon + 1..]).map_err(|_| malformed)
}

/// Who sends these behind a body wants somebody to take the message for another one.
const FRAMING: [&str; 9] = [
    "Connection",
    "Content-Length",
    "Expect",
    "Host",
    "Keep-Alive",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
];

/// RFC 9110 6.5.1: what says how a message is routed, who sends it and what its content is must not
/// be believed when it comes behind that.
const NOT_KEPT: [&str; 16] = [
    "Age",
    "Authorization",
    "Cache-Control",
    "Content-Encoding",
    "Content-Range",
    "Content-Type",
    "Cookie",
    "Date",
    "Expires",
    "Location",
    "Max-Forwards",
    "Pragma",
    "Proxy-Authorization",
    "Range",
    "Set-Cookie",
    "Vary",
];

const TOO_MANY: Rejection =
    Rejection::new(Status::REQUEST_HEADER_FIELDS_TOO_LARGE, "too many trailers");

const MOST_FIELDS: u16 = 100;
const MOST_BYTES: usize = 16 * 1024;
