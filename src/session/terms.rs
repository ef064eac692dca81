//! What the sessions of one server or client have in common.

use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;

use super::Limits;
use crate::error::Violation;

/// Their limits, and what becomes of a message on its way out.
pub(crate) struct Terms {
    limits: Limits,
    /// What makes a message of what is sent; without, bytes are sent as they are.
    pub(crate) framing: Option<Arc<dyn Framing>>,
    /// There is middleware that sees what is sent. Messages then reach the session one by one and
    /// unframed.
    pub(crate) intercepted: bool,
}

impl Terms {
    pub(crate) fn new(
        limits: Limits,
        framing: Option<Arc<dyn Framing>>,
        intercepted: bool,
    ) -> Arc<Self> {
        Arc::new(Self { limits, framing, intercepted })
    }
}

impl Deref for Terms {
    type Target = Limits;

    fn deref(&self) -> &Limits {
        &self.limits
    }
}

/// Makes of each message sent what the protocol sends for it.
pub(crate) trait Framing: Send + Sync {
    /// Puts the message's frame behind what is in `out`. A `shared` message may be left out; then
    /// the answer says where it belongs.
    fn frame(
        &self,
        message: &[u8],
        shared: bool,
        out: &mut Vec<u8>,
    ) -> Result<Option<usize>, Violation>;
}

/// The message as it is sent.
pub(super) fn framed(framing: &dyn Framing, message: &[u8]) -> Result<Bytes, Violation> {
    // Room for the usual frame's head, so that there is one allocation.
    let mut out = Vec::with_capacity(message.len() + 16);
    framing.frame(message, false, &mut out)?;
    Ok(out.into())
}
