//! Versions of HTTP that are spoken.

use std::fmt;

/// The version of HTTP that a message speaks.
///
/// A higher minor version than 1 is taken for [`Http11`](Self::Http11) (RFC 9110 2.5).
///
/// ```
/// use sockeye::http::Version;
///
/// assert_eq!(Version::Http11.to_string(), "HTTP/1.1");
/// assert!(Version::Http10 < Version::Http11);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// HTTP/1.0: a connection ends with its answer unless both sides say otherwise.
    Http10,
    /// HTTP/1.1.
    #[default]
    Http11,
}

impl Version {
    /// As in a message: `HTTP/1.1`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
