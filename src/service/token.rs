//! What a home knows a source by.

use std::io;

/// Half of the poller's own: each idle session has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Token(u32);

impl Token {
    /// That of a place in the home's table. Fails for places that nobody has the memory for.
    pub(super) fn of(place: usize) -> io::Result<Self> {
        u32::try_from(place).map(Self).map_err(|_| io::ErrorKind::OutOfMemory.into())
    }

    pub(super) fn place(self) -> usize {
        self.0 as usize
    }
}

/// As the poller is told, and tells.
impl From<Token> for mio::Token {
    fn from(token: Token) -> Self {
        Self(token.place())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_its_place_or_none() {
        let last = u32::MAX as usize;
        for place in [0, 1, last] {
            let token = Token::of(place).unwrap();
            assert_eq!((token.place(), mio::Token::from(token)), (place, mio::Token(place)));
        }
        if let Some(beyond) = last.checked_add(1) {
            assert_eq!(Token::of(beyond).unwrap_err().kind(), io::ErrorKind::OutOfMemory);
        }
    }
}
