//! What a protocol may do with its session that answers in its own time: write in place, wait, be
//! woken and have an alarm.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::core::upgrade;
use super::link::Link;
use super::{CloseReason, Session, Speech};
use crate::error::{Error, Result};
use crate::service::{Ending, Ready, Seat, contain};

impl Session<'_> {
    /// Queues what `write` appends to the bytes that it is given: as many as it likes, so that the
    /// protocol must look at [`Session::receives`] before.
    #[inline]
    pub(crate) fn compose<R>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        let result = self.core.lent().out.append(write);
        self.core.note_queued(self.link);
        result
    }

    /// Queues bytes that are not copied if they are many, likewise without a limit.
    pub(crate) fn compose_shared(&mut self, data: Bytes) {
        self.core.lent().out.push_payload(&data, Some(&data));
        self.core.note_queued(self.link);
    }

    /// From now on messages become this, whoever sends them.
    pub(crate) fn speak(&mut self, speech: &Speech) {
        self.link.speak(self.link.terms.manner(speech));
        // Where too many speak in other ways, the framing becomes the session's own.
        let own = match (speech, self.link.speech()) {
            (Speech::Framed(framing), Speech::Own) => Some(Arc::clone(framing)),
            _ => None,
        };
        if own.is_some() || self.core.extras.is_some() {
            self.core.extras().framing = own;
        }
    }

    /// Has [`Protocol::successor`](super::Protocol::successor) asked for after this turn.
    pub(crate) fn hand_over(&mut self) {
        self.core.lent().handed_over = true;
    }

    /// Counts messages that were received, and sent, in other ways than by
    /// [`Session::receive`] and [`Session::send`].
    pub(crate) fn count_messages(&mut self, received: u64, sent: u64) {
        let change = &mut self.core.lent().change;
        change.messages_received += received;
        change.messages_sent += sent;
    }

    /// Bytes in the queue.
    pub(crate) fn queued(&self) -> usize {
        self.core.queue_len()
    }

    /// Bytes that the queue may have before it is congested.
    pub(crate) fn high_mark(&self) -> usize {
        self.link.terms.high
    }

    /// Has nothing read, or read again, whatever the program says.
    pub(crate) fn set_busy(&mut self, busy: bool) {
        self.core.busy = busy;
    }

    /// When [`Protocol::on_alarm`](super::Protocol::on_alarm) is to be called, once; it may come
    /// some milliseconds late, and replaces an alarm that was set before.
    pub(crate) fn set_alarm(&mut self, at: Option<Instant>) {
        if at.is_some() || self.core.extras.is_some() {
            self.core.extras().alarm = at;
        }
    }

    /// Whoever has it can have [`Protocol::on_wake`](super::Protocol::on_wake) called.
    pub(crate) fn waker(&self) -> Waker {
        Waker(upgrade(self.link))
    }

    /// Ends the session as a shutdown does, after [`Shutdown::Later`](super::Shutdown::Later).
    pub(crate) fn shut_down(&mut self) {
        self.end(CloseReason::Shutdown);
    }

    /// Runs what may panic and has no other session to answer for: the panic is told, and the
    /// session lives on.
    pub(crate) fn fenced<R>(
        &mut self,
        what: &'static str,
        run: impl FnOnce(&mut Self) -> R,
    ) -> Option<R> {
        contain(what, || run(self)).map_err(|error| self.report(&error)).ok()
    }

    /// Tells the server or client, and the log, of what went wrong.
    pub(crate) fn report(&self, error: &Error) {
        self.link.fail(error);
    }

    /// Cuts the connection for this reason.
    pub(crate) fn cut(&mut self, reason: CloseReason) {
        self.core.close(reason, Ending::Abrupt);
    }

    /// The same session for somebody who shall give it back.
    pub(crate) fn reborrow(&mut self) -> Session<'_> {
        Session { core: self.core, link: self.link }
    }
}

/// Has a session's protocol called from any thread.
#[derive(Clone)]
pub(crate) struct Waker(Arc<Link>);

impl Waker {
    /// Refuses waits on the threads of the session's service.
    pub(crate) fn may_wait(&self, attempt: &'static str) -> Result<()> {
        self.0.service.may_wait(attempt)
    }

    pub(crate) fn wake(&self) {
        if self.0.mailbox().wake() {
            Seat::notify(&self.0, Ready::MAIL);
        }
    }
}
