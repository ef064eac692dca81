//! What a frame is.

/// What a frame is, as its four bits say it (RFC 6455 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Opcode {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

impl Opcode {
    /// What a frame is that begins with this byte, unless that is reserved.
    pub(crate) const fn of(first: u8) -> Option<Self> {
        Some(match first & 0x0F {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }

    /// Whether it may come between the frames of a message (RFC 6455 5.5).
    pub(crate) const fn is_control(self) -> bool {
        self as u8 >= 8
    }
}
