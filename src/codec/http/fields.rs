//! Header fields of a message that is made.

use std::error::Error;
use std::fmt;
use std::str;

use memchr::memchr;

use super::headers::{Headers, Text};
use super::syntax;

/// Header fields of a message that is made, in the order that they are sent in.
///
/// Names are compared without case and sent as they were given. What would let a value reach into
/// the next field is refused, so that no value, wherever it is from, can add a header.
///
/// ```
/// use sockeye::http::{Fields, InvalidField};
///
/// let mut fields = Fields::new();
/// fields.insert("Content-Type", "text/plain")?;
/// fields.append("Vary", "Accept")?;
/// fields.append("Vary", "Origin")?;
/// assert_eq!(fields.str("content-type"), Some("text/plain"));
/// assert_eq!(fields.all("vary").count(), 2);
///
/// assert_eq!(fields.insert("Location", "/\r\nSet-Cookie: a=b"), Err(InvalidField::Value));
/// assert_eq!(fields.insert("Content Type", ""), Err(InvalidField::Name));
/// # Ok::<(), InvalidField>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Fields {
    /// Each as `name: value\r\n`, which is how they are sent: where names and values end is clear,
    /// since no name has a colon and no value a line's end.
    lines: Vec<u8>,
}

impl Fields {
    /// No fields, and no memory for any.
    pub const fn new() -> Self {
        Self { lines: Vec::new() }
    }

    /// Sets a field, in the place of all that have its name. White space around the value is left
    /// out.
    ///
    /// # Errors
    ///
    /// [`InvalidField`]; nothing has changed then.
    pub fn insert(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<(), InvalidField> {
        let value = checked(name, value.as_ref())?;
        self.remove(name);
        self.push(name, value);
        Ok(())
    }

    /// Adds a field behind the others, also behind those of its name.
    ///
    /// # Errors
    ///
    /// [`InvalidField`]; nothing has changed then.
    pub fn append(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<(), InvalidField> {
        let value = checked(name, value.as_ref())?;
        self.push(name, value);
        Ok(())
    }

    /// Removes all fields of this name, and tells whether there were any.
    pub fn remove(&mut self, name: &str) -> bool {
        let mut at = 0;
        let before = self.lines.len();
        while let Some(line) = Line::first(&self.lines[at..]) {
            let end = at + line.len;
            if line.name.eq_ignore_ascii_case(name.as_bytes()) {
                self.lines.drain(at..end);
            } else {
                at = end;
            }
        }
        self.lines.len() < before
    }

    /// The first field of this name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.all(name).next()
    }

    /// The first field of this name, if it is UTF-8.
    pub fn str(&self, name: &str) -> Option<&str> {
        str::from_utf8(self.get(name)?).ok()
    }

    /// Whether there is a field of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Whether there is a field of any of these names.
    pub(crate) fn contains_any(&self, names: &[&str]) -> bool {
        let is_one =
            |name: &[u8]| names.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name));
        Lines { rest: &self.lines }.any(|line| is_one(line.name))
    }

    /// All fields of this name.
    pub fn all<'f>(&'f self, name: &str) -> impl Iterator<Item = &'f [u8]> {
        let named = self.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value)
    }

    /// All fields.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let text = |name| str::from_utf8(name).unwrap_or_default();
        Lines { rest: &self.lines }.map(move |line| (text(line.name), line.value))
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        Lines { rest: &self.lines }.count()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Removes all fields, and keeps the memory.
    pub fn clear(&mut self) {
        self.lines.clear();
    }

    /// Whether fields of this name, taken for one comma-separated list, contain `token`, compared
    /// without case.
    pub fn contains_token(&self, name: &str, token: &str) -> bool {
        let mut elements = self.all(name).flat_map(syntax::elements);
        elements.any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
    }

    /// As they are sent, each with its line's end.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.lines
    }

    /// Adds what is known to be a field.
    fn push(&mut self, name: &str, value: &[u8]) {
        self.lines.reserve(name.len() + value.len() + 4);
        self.lines.extend_from_slice(name.as_bytes());
        self.lines.extend_from_slice(b": ");
        self.lines.extend_from_slice(value);
        self.lines.extend_from_slice(b"\r\n");
    }
}

impl From<Headers<'_>> for Fields {
    fn from(headers: Headers<'_>) -> Self {
        let mut fields = Self::new();
        for (name, value) in headers.iter() {
            fields.push(name, value);
        }
        fields
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(name, value)| (name, Text(value)))).finish()
    }
}

/// Why something cannot be a header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InvalidField {
    /// The name is no token (RFC 9110 5.6.2): empty, or with a character that names don't have.
    Name,
    /// The value has a control character (RFC 9110 5.5), such as a line's end.
    Value,
}

impl fmt::Display for InvalidField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "a header's name that is no token",
            Self::Value => "a header's value with a control character",
        })
    }
}

impl Error for InvalidField {}

fn checked<'v>(name: &str, value: &'v [u8]) -> Result<&'v [u8], InvalidField> {
    if !syntax::is_token(name.as_bytes()) {
        return Err(InvalidField::Name);
    }
    if !syntax::is_value(value) {
        return Err(InvalidField::Value);
    }
    Ok(syntax::trim(value))
}

struct Lines<'f> {
    rest: &'f [u8],
}

impl<'f> Iterator for Lines<'f> {
    type Item = Line<'f>;

    fn next(&mut self) -> Option<Line<'f>> {
        let line = Line::first(self.rest)?;
        self.rest = &self.rest[line.len..];
        Some(line)
    }
}

struct Line<'f> {
    name: &'f [u8],
    value: &'f [u8],
    /// With its end.
    len: usize,
}

impl<'f> Line<'f> {
    fn first(lines: &'f [u8]) -> Option<Self> {
        let colon = memchr(b':', lines)?;
        let value = colon + 2;
        let len = memchr(b'\r', &lines[value..])?;
        Some(Self {
            name: &lines[..colon],
            value: &lines[value..value + len],
            len: value + len + 2,
        })
    }
}
