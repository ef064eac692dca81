//! What compressed messages go through.

use super::{Code, Failure};

/// Inflates the messages of a connection.
pub(crate) trait Inflate {
    /// Appends what the next piece of a message inflates to, until there are `limit` bytes in `out`;
    /// behind the last piece the message is complete.
    fn inflate(
        &mut self,
        piece: &[u8],
        last: bool,
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Failure>;
}

impl<I: Inflate> Inflate for Option<I> {
    fn inflate(
        &mut self,
        piece: &[u8],
        last: bool,
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let missing = || Failure::new(Code::INTERNAL_ERROR, "a message that cannot be inflated");
        self.as_mut().ok_or_else(missing)?.inflate(piece, last, limit, out)
    }
}
