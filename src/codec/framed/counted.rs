//! What a length says.

use super::Decoded;
use crate::error::Violation;

/// The frame at the beginning of `data` that ends at `end`, a place beyond all places if `None`,
/// with its message from `begin` on.
#[inline]
pub(super) fn counted(
    data: &[u8],
    begin: usize,
    end: Option<usize>,
    max: usize,
) -> Result<Decoded, Violation> {
    match end {
        Some(end) if end - begin > max => Err(Violation::TooLong { limit: max }),
        None => Err(Violation::TooLong { limit: max }),
        Some(end) if end > data.len() => Ok(Decoded::Incomplete { wanted: end }),
        Some(end) => Ok(Decoded::Frame { payload: begin..end, end }),
    }
}
