//! Why a connection is not taken.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::num::NonZero;

/// Why a server refused a connection, told to [`Events::on_refused`](super::Events::on_refused).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// The server has as many connections as it may:
    /// [`max_connections`](super::Builder::max_connections).
    Full {
        /// How many that are.
        limit: usize,
    },
    /// [`Events::on_accept`](super::Events::on_accept) said no, or panicked.
    Unwelcome,
    /// A list of addresses forbids the peer's, or does not name it.
    Denied,
    /// The peer's address has as many connections as it may.
    TooMany {
        /// How many that are.
        limit: usize,
    },
    /// The peer's address has connected too often in the time.
    TooFast,
    /// The peer's address is not that of a proxy whose word is taken.
    NotAProxy,
    /// A filter panicked, of which [`Events::on_error`](super::Events::on_error) is told.
    Failed,
    /// A filter's own reason, in words that end the sentence "refused: ..".
    Because(Cow<'static, str>),
}

impl Refusal {
    /// A reason that has no variant of its own, in words that end the sentence "refused: ..".
    pub fn because(why: impl Into<Cow<'static, str>>) -> Self {
        Self::Because(why.into())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let connections = |limit: &usize| match NonZero::new(*limit) {
            Some(limit) if limit.get() > 1 => format!("{limit} connections"),
            Some(_) => "one connection".into(),
            None => "no connection".into(),
        };
        match self {
            Self::Full { limit } => {
                write!(f, "the server may have {} at a time", connections(limit))
            }
            Self::Unwelcome => f.write_str("the program does not want it"),
            Self::Denied => f.write_str("the address is not allowed"),
            Self::TooMany { limit } => {
                write!(f, "the address may have {} at a time", connections(limit))
            }
            Self::TooFast => f.write_str("the address connects too often"),
            Self::NotAProxy => f.write_str("the address is not that of a trusted proxy"),
            Self::Failed => f.write_str("a filter failed"),
            Self::Because(why) => f.write_str(why),
        }
    }
}

impl StdError for Refusal {}
