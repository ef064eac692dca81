//! What is compressed (RFC 7692).

use super::{Code, Failure};

/// Takes compressed messages apart.
#[derive(Debug)]
pub(crate) struct Inflater;

impl Inflater {
    #[expect(clippy::needless_pass_by_ref_mut, reason = "a stand-in")]
    pub(crate) fn inflate(
        &mut self,
        _piece: &[u8],
        _last: bool,
        _limit: usize,
        _out: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        Err(Failure::new(Code::INTERNAL_ERROR, "a compressed message"))
    }
}
