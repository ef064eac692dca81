//! What a peer says.

use super::Code;

/// What sort of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// Any bytes.
    Binary,
}

/// What a peer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A message of text.
    Text(&'a str),
    /// A message of bytes.
    Binary(&'a [u8]),
    /// The next bytes of a message that is handed out as it comes.
    Fragment {
        /// What sort of message.
        kind: Kind,
        /// The message begins with it.
        first: bool,
        /// Those of text may end within a character. Empty only if they are the last.
        data: &'a [u8],
        /// The message ends with it.
        last: bool,
    },
    /// Wants a pong with the same bytes.
    Ping(&'a [u8]),
    /// Answers a ping, or tells that the peer is there.
    Pong(&'a [u8]),
    /// Nothing more comes; why, if the peer has said it.
    Close(Option<(Code, &'a str)>),
}
