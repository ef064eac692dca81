//! The header fields of a message that was parsed.

use std::fmt;
use std::str;

use super::{Fields, syntax};

/// The header fields of a message, where they lie in what was received.
///
/// Names are compared without case; what is there is in the order of the message. Values have no
/// white space around them, and need not be text.
///
/// ```
/// use sockeye::http::parse::{HeadLimits, RequestHead, Slots};
///
/// let bytes = b"GET / HTTP/1.1\r\nHost: a\r\nAccept: x\r\naccept: y, Z\r\n\r\n";
/// let mut slots = Slots::new();
/// let parsed = RequestHead::parse(bytes, &mut slots, &HeadLimits::default())?;
/// let headers = parsed.expect("the head is complete").0.headers;
/// assert_eq!(headers.str("ACCEPT"), Some("x"));
/// assert_eq!(headers.all("accept").collect::<Vec<_>>(), [b"x".as_slice(), b"y, Z"]);
/// assert!(headers.contains_token("accept", "z"));
/// # Ok::<(), sockeye::http::parse::Rejection>(())
/// ```
#[derive(Clone, Copy, Default)]
pub struct Headers<'b> {
    fields: &'b [httparse::Header<'b>],
}

impl<'b> Headers<'b> {
    pub(super) const fn new(fields: &'b [httparse::Header<'b>]) -> Self {
        Self { fields }
    }

    /// The first field of this name.
    pub fn get(&self, name: &str) -> Option<&'b [u8]> {
        self.all(name).next()
    }

    /// The first field of this name, if it is UTF-8.
    pub fn str(&self, name: &str) -> Option<&'b str> {
        str::from_utf8(self.get(name)?).ok()
    }

    /// All fields of this name.
    pub fn all<'n>(&self, name: &'n str) -> impl Iterator<Item = &'b [u8]> + use<'b, 'n> {
        let named = self.fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name));
        named.map(|field| field.value)
    }

    /// All fields.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'b str, &'b [u8])> + use<'b> {
        self.fields.iter().map(|field| (field.name, field.value))
    }

    /// How many fields there are.
    pub const fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Whether fields of this name, taken for one comma-separated list, contain `token`, compared
    /// without case.
    pub fn contains_token(&self, name: &str, token: &str) -> bool {
        let mut elements = self.all(name).flat_map(syntax::elements);
        elements.any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
    }

    /// A copy.
    pub fn to_fields(&self) -> Fields {
        Fields::from(*self)
    }
}

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(name, value)| (name, Text(value)))).finish()
    }
}

/// Bytes that mostly are text.
pub(super) struct Text<'b>(pub(super) &'b [u8]);

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}
