//! What a protocol may do that has messages of several sorts, a handshake of its own and a goodbye.

use std::sync::Arc;

use bytes::Bytes;

use super::core::Phase;
use super::{Framing, Goodbye, Sent, Session, Speech, Tag};

impl Session<'_> {
    /// Sends a message, or a part of one, of a sort that the protocol has.
    pub(crate) fn send_tagged(&mut self, tag: Tag, data: &[u8], shared: Option<&Bytes>) -> Sent {
        self.core.send(self.link, tag, data, shared)
    }

    /// The same for whoever can do without, if there is no room: nothing has happened then.
    pub(crate) fn offer_tagged(&mut self, tag: Tag, data: &[u8]) -> Sent {
        self.core.offer(self.link, tag, data, None)
    }

    /// There is middleware that sees what is received.
    #[inline]
    pub(crate) fn is_layered(&mut self) -> bool {
        self.chain().is_some_and(|chain| chain.is_some())
    }

    /// From now on this makes frames of messages, in the session's turn: it may look at what it
    /// framed before.
    pub(crate) fn speak_by_itself(&mut self, framing: Arc<dyn Framing>) {
        self.core.extras().framing = Some(framing);
        self.link.speak(self.link.terms.manner(&Speech::Own));
    }

    /// What this side has asked for in [`Protocol::on_connected`](super::Protocol::on_connected)
    /// is granted: the session is open.
    pub(crate) fn shaken_hands(&mut self) {
        if self.core.phase == Phase::Greeting {
            self.core.phase = Phase::Open;
        }
    }

    /// The peer's goodbye has come that a close was waiting for.
    pub(crate) fn heard_goodbye(&mut self, then: Goodbye) {
        if self.core.goodbye == Goodbye::Awaited {
            self.core.goodbye = then;
        }
    }

    /// True as long as the peer's goodbye is awaited.
    pub(crate) fn awaits_goodbye(&self) -> bool {
        self.core.phase == Phase::Closing && self.core.goodbye == Goodbye::Awaited
    }

    /// True when this side closes and the peer's goodbye is of interest, now or as soon as this side
    /// has said its own.
    pub(crate) fn is_parting(&self) -> bool {
        let heeded = matches!(self.core.goodbye, Goodbye::Due | Goodbye::Awaited);
        self.core.phase == Phase::Closing && heeded
    }

    /// The program wants nothing read.
    pub(crate) fn is_paused(&self) -> bool {
        self.core.paused
    }
}
