//! What a request asks for.

use std::error::Error;
use std::fmt;
use std::str::{self, FromStr};

use super::syntax;

/// What a request asks for (RFC 9110 9).
///
/// Names are compared with case: `get` is another method than `GET`.
///
/// ```
/// use sockeye::http::Method;
///
/// assert_eq!("GET".parse(), Ok(Method::Get));
/// assert!(Method::Put.is_idempotent() && !Method::Put.is_safe());
///
/// let own: Method = "PROPFIND".parse()?;
/// assert_eq!(own.as_str(), "PROPFIND");
/// # Ok::<(), sockeye::http::InvalidMethod>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// The content.
    Get,
    /// What GET would answer, without the content.
    Head,
    /// Something of the resource's own.
    Post,
    /// New content.
    Put,
    /// The end of the resource.
    Delete,
    /// A tunnel.
    Connect,
    /// What can be asked for.
    Options,
    /// The request itself.
    Trace,
    /// A change of the content (RFC 5789).
    Patch,
    /// A method of another name.
    Other(Name),
}

impl Method {
    /// The name, as in a request.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
            Self::Options => "OPTIONS",
            Self::Trace => "TRACE",
            Self::Patch => "PATCH",
            Self::Other(name) => name.as_str(),
        }
    }

    /// Whether it only reads (RFC 9110 9.2.1). Other methods are taken for ones that don't.
    pub const fn is_safe(&self) -> bool {
        matches!(self, Self::Get | Self::Head | Self::Options | Self::Trace)
    }

    /// Whether asking twice does the same as asking once (RFC 9110 9.2.2). Other methods are taken
    /// for ones of which that is not known.
    pub const fn is_idempotent(&self) -> bool {
        self.is_safe() || matches!(self, Self::Put | Self::Delete)
    }

    fn known(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"GET" => Self::Get,
            b"HEAD" => Self::Head,
            b"POST" => Self::Post,
            b"PUT" => Self::Put,
            b"DELETE" => Self::Delete,
            b"CONNECT" => Self::Connect,
            b"OPTIONS" => Self::Options,
            b"TRACE" => Self::Trace,
            b"PATCH" => Self::Patch,
            _ => return None,
        })
    }
}

impl FromStr for Method {
    type Err = InvalidMethod;

    /// # Errors
    ///
    /// [`InvalidMethod`] if it is empty, longer than 15 bytes or no token (RFC 9110 5.6.2).
    fn from_str(name: &str) -> Result<Self, InvalidMethod> {
        if let Some(known) = Self::known(name.as_bytes()) {
            return Ok(known);
        }
        if name.len() > LONGEST || !syntax::is_token(name.as_bytes()) {
            return Err(InvalidMethod(()));
        }
        let mut bytes = [0; LONGEST];
        bytes[..name.len()].copy_from_slice(name.as_bytes());
        Ok(Self::Other(Name { bytes }))
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The name of a method that has no variant of its own: a token of at most 15 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name {
    /// Zeroes, which no token has, behind its end.
    bytes: [u8; LONGEST],
}

impl Name {
    /// The name, as in a request.
    pub fn as_str(&self) -> &str {
        let len = self.bytes.iter().position(|byte| *byte == 0).unwrap_or(LONGEST);
        str::from_utf8(&self.bytes[..len]).unwrap_or_default()
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// A name that no method has here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidMethod(());

impl fmt::Display for InvalidMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name of a method is a token of 1 to {LONGEST} bytes")
    }
}

impl Error for InvalidMethod {}

/// The longest registered one, UPDATEREDIRECTREF, which nobody sends, is longer.
const LONGEST: usize = 15;
