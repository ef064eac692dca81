//! What the sessions of one server or client have in common.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::{Limits, Tag};
use crate::error::Violation;

/// Ways of speaking that the sessions of one server change to.
const CHANGES: usize = 8;

/// Their limits, and what becomes of a message on its way out.
pub(crate) struct Terms {
    limits: Limits,
    /// How they speak from the start.
    speech: Speech,
    /// How they speak when they have changed to another protocol.
    changes: [OnceLock<Speech>; CHANGES],
    /// There is middleware that sees what is sent. Messages then reach the session one by one and
    /// unframed.
    pub(crate) intercepted: bool,
}

/// What is sent for a message.
#[derive(Clone)]
pub(crate) enum Speech {
    /// The message.
    Raw,
    Framed(Arc<dyn Framing>),
    /// What the session's own framing makes of it, in its turn.
    Own,
    #[cfg_attr(not(feature = "http"), expect(dead_code, reason = "HTTP's"))]
    /// Nothing: the protocol has no messages of this side's.
    Mute,
}

/// Which way a session speaks; the first is that which its terms begin with.
pub(super) type Manner = u8;

const OWN: Manner = Manner::MAX;

impl Terms {
    pub(crate) fn new(limits: Limits, speech: Speech, intercepted: bool) -> Arc<Self> {
        Arc::new(Self { limits, speech, changes: Default::default(), intercepted })
    }

    #[inline]
    pub(super) fn speech(&self, manner: Manner) -> &Speech {
        match manner {
            0 => &self.speech,
            OWN => &Speech::Own,
            changed => self.changes[usize::from(changed) - 1].get().unwrap_or(&Speech::Own),
        }
    }

    #[cfg(feature = "http")]
    /// The manner of speaking like this; that of a session's own if there are too many.
    pub(super) fn manner(&self, speech: &Speech) -> Manner {
        if matches!(speech, Speech::Own) {
            return OWN;
        }
        if self.speech.is(speech) {
            return 0;
        }
        let known = |place: &OnceLock<Speech>| place.get_or_init(|| speech.clone()).is(speech);
        self.changes.iter().position(known).map_or(OWN, |place| place as Manner + 1)
    }
}

impl Speech {
    #[cfg(feature = "http")]
    /// Both send the same for a message.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Raw, Self::Raw) | (Self::Mute, Self::Mute) => true,
            (Self::Framed(one), Self::Framed(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
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
        tag: Tag,
        message: &[u8],
        shared: bool,
        out: &mut Vec<u8>,
    ) -> Result<Option<usize>, Violation>;

    /// The last frame, of a session's own framing, did not fit and is not sent.
    fn undo(&self) {}
}

/// The message as it is sent.
pub(super) fn framed(framing: &dyn Framing, tag: Tag, message: &[u8]) -> Result<Bytes, Violation> {
    // Room for the usual frame's head, so that there is one allocation.
    let mut out = Vec::with_capacity(message.len() + 16);
    framing.frame(tag, message, false, &mut out)?;
    Ok(out.into())
}
