//! What a peer may send that its protocol forbids.

use std::borrow::Cow;
use std::fmt;

/// What a peer has sent that its protocol forbids: the rule it has broken.
///
/// Codecs return it, and the session then ends with
/// [`CloseReason::Protocol`](crate::CloseReason::Protocol).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Violation {
    /// A message is longer than it may be.
    TooLong {
        /// The bytes that it may have.
        limit: usize,
    },
    /// Text is not UTF-8.
    NotUtf8,
    /// The peer finished sending in the middle of a message.
    Incomplete,
    /// Another rule, in words.
    Malformed(Cow<'static, str>),
}

impl Violation {
    /// A rule that has no variant of its own, in words that end the sentence "the peer has sent ..":
    /// "a frame with a wrong checksum".
    pub fn malformed(what: impl Into<Cow<'static, str>>) -> Self {
        Self::Malformed(what.into())
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { limit } => write!(f, "a message of more than {limit} bytes"),
            Self::NotUtf8 => f.write_str("text that is not UTF-8"),
            Self::Incomplete => f.write_str("an end in the middle of a message"),
            Self::Malformed(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Violation {}
