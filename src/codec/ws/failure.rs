//! What a peer does wrong.

use std::borrow::Cow;
use std::fmt;

use super::Code;
use super::utf8::NotUtf8;
use crate::error::Violation;

/// What a peer has sent that ends its connection, and the code that tells it so.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Failure {
    /// What the connection is closed with (RFC 6455 7.4.1).
    pub code: Code,
    /// The rule that was broken.
    pub violation: Violation,
}

impl Failure {
    /// Another rule, in words that end the sentence "the peer has sent ..".
    #[cold]
    pub(crate) fn new(code: Code, why: impl Into<Cow<'static, str>>) -> Self {
        Self { code, violation: Violation::malformed(why) }
    }

    /// What no frame, or no sequence of frames, can be: 1002.
    #[cold]
    pub(crate) fn protocol(why: &'static str) -> Self {
        Self::new(Code::PROTOCOL_ERROR, why)
    }

    /// A frame or message of more than `limit` bytes: 1009.
    #[cold]
    pub(crate) fn too_big(limit: usize) -> Self {
        Self { code: Code::MESSAGE_TOO_BIG, violation: Violation::TooLong { limit } }
    }

    /// Text that is none: 1007.
    #[cold]
    pub(crate) fn not_utf8() -> Self {
        Self { code: Code::INVALID_PAYLOAD, violation: Violation::NotUtf8 }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.violation.fmt(f)
    }
}

impl std::error::Error for Failure {}

impl From<Failure> for Violation {
    fn from(failure: Failure) -> Self {
        failure.violation
    }
}

impl From<NotUtf8> for Failure {
    fn from(_: NotUtf8) -> Self {
        Self::not_utf8()
    }
}
