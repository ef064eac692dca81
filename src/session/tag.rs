//! What sort of message is sent, to protocols that have several.

/// The sort that a session's `send` sends is the default. Protocols without sorts ignore it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tag {
    /// As the protocol numbers them.
    pub(crate) kind: u8,
    pub(crate) part: Part,
}

/// How much of a message is sent at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(not(feature = "ws"), expect(dead_code, reason = "WebSocket's"))]
pub(crate) enum Part {
    #[default]
    Whole,
    /// The first of several parts. What others send waits until the last one.
    First,
    Middle,
    Last,
    /// It does not wait for the end of a message in parts.
    Beside,
}

impl Tag {
    /// It counts as a message.
    pub(super) fn completes(self) -> bool {
        matches!(self.part, Part::Whole | Part::Last)
    }
}
