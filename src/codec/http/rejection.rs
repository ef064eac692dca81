//! What is wrong with a message.

use std::fmt;

use super::Status;
use crate::error::Violation;

/// What is wrong with a message, and the status that answers it.
///
/// Behind a message that is rejected nothing can be read any more: where the next one begins is not
/// known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rejection {
    /// What a server answers with. A response that is rejected has 502, what a gateway would answer
    /// with.
    pub status: Status,
    /// What the peer has sent, in words that end the sentence "the peer has sent ..".
    pub why: &'static str,
}

impl Rejection {
    /// A message that is answered with `status`.
    pub const fn new(status: Status, why: &'static str) -> Self {
        Self { status, why }
    }

    /// A message that is no HTTP: 400.
    pub(crate) const fn bad(why: &'static str) -> Self {
        Self::new(Status::BAD_REQUEST, why)
    }

    /// The same, of a response: there is no one to be answered.
    pub(crate) const fn of_response(self) -> Self {
        Self::new(Status::BAD_GATEWAY, self.why)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why)
    }
}

impl std::error::Error for Rejection {}

impl From<Rejection> for Violation {
    fn from(rejection: Rejection) -> Self {
        Self::malformed(rejection.why)
    }
}
