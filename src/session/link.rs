//! A connection as the rest of the program holds it: what any thread may touch, around what only
//! the session's turn may.
//!
//! A server's link lives as long as its connection. A client's outlives many, so that its handles,
//! its counters and what was queued while it was down outlive them too.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Instant;

use bytes::Bytes;
use uuid::Uuid;

use super::belongings::Belongings;
use super::book::Page;
use super::core::{Core, Phase};
use super::counters::{Moment, Stats, Tally};
use super::mailbox::{Gate, Job, Mailbox, Message, Watch};
use super::protocol::{Owner, Protocol};
use super::tag::Part;
use super::terms::{Manner, Speech, Terms, framed};
use super::{CloseReason, Overflow, Permit, Sent, Tag};
use crate::net::proxy::Preface;
use crate::net::{Endpoint, Stream, Transport};
use crate::service::{Ending, Inner, Ready, Seat, lock};

/// Laid out so that a turn with nothing unusual finds all it needs in the first four cache lines:
/// with a thousand busy sessions each further line costs 30 to 50 ns.
#[repr(C)]
pub(crate) struct Link {
    pub(super) seat: Seat,
    pub(super) owner: Arc<dyn Owner>,
    pub(super) terms: Arc<Terms>,
    pub(super) service: Arc<Inner>,
    pub(super) body: Mutex<Body>,
    /// Bytes in the session's own queue, as its turn counts them.
    pub(super) queued: AtomicUsize,
    pub(super) active: Moment,
    pub(super) tally: Tally,
    pub(super) mailbox: Mailbox,
    pub(super) this: Weak<Self>,
    pub(super) id: Uuid,
    pub(super) connected: Moment,
    pub(super) belongings: Belongings,
}

/// What the session's turn owns.
#[repr(C)]
pub(super) struct Body {
    pub(super) protocol: Option<Box<dyn Protocol>>,
    pub(super) core: Core,
}

/// What a new link is made of.
pub(crate) struct Parts {
    pub(crate) seat: Seat,
    pub(crate) id: Uuid,
    pub(crate) service: Arc<Inner>,
    pub(crate) owner: Arc<dyn Owner>,
    pub(crate) terms: Arc<Terms>,
    pub(crate) gate: Gate,
}

impl Link {
    /// A link without a connection.
    pub(crate) fn new(parts: Parts) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            seat: parts.seat,
            owner: parts.owner,
            terms: parts.terms,
            service: parts.service,
            body: Mutex::new(Body { protocol: None, core: Core::new() }),
            queued: AtomicUsize::new(0),
            active: Moment::default(),
            tally: Tally::default(),
            mailbox: Mailbox::new(parts.gate),
            this: Weak::clone(this),
            id: parts.id,
            connected: Moment::default(),
            belongings: Belongings::default(),
        })
    }

    /// Gives the link a connection; its next turn, on its own home, opens it. A handshake must be
    /// done by the deadline, if that comes before its own limit.
    pub(crate) fn connect(
        self: &Arc<Self>,
        transport: impl Into<Transport>,
        peer: Endpoint,
        protocol: Box<dyn Protocol>,
        deadline: Option<Instant>,
    ) {
        let transport = transport.into();
        if deadline.is_some() && (transport.shakes_hands() || protocol.shakes_hands()) {
            lock(&self.body).core.extras().deadline = deadline;
        }
        self.begin(transport, peer, Some(protocol));
    }

    /// Gives the link a connection whose peer is known, and whose protocol is made, behind a preface.
    pub(crate) fn connect_behind(
        self: &Arc<Self>,
        preface: Preface,
        stream: Stream,
        peer: Endpoint,
    ) {
        lock(&self.body).core.extras().preface = Some(preface);
        self.begin(stream.into(), peer, None);
    }

    /// Keeps what the next connection was let in with until it is gone.
    pub(crate) fn hold(&self, permits: Vec<Permit>) {
        if !permits.is_empty() {
            lock(&self.body).core.extras().permits = permits;
        }
    }

    fn begin(
        self: &Arc<Self>,
        transport: Transport,
        peer: Endpoint,
        protocol: Option<Box<dyn Protocol>>,
    ) {
        let mut body = lock(&self.body);
        debug_assert!(body.core.phase == Phase::Down, "one connection at a time");
        self.belongings.set_peer(peer);
        body.core.phase = Phase::Opening;
        body.core.transport = Some(transport);
        body.protocol = protocol;
        drop(body);
        self.service.begun();
        self.mailbox.set_gate(Gate::Open);
        Seat::notify(self, Ready::MAIL);
    }

    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    pub(crate) fn is_open(&self) -> bool {
        self.mailbox.gate() == Gate::Open
    }

    pub(crate) fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    pub(crate) fn peer(&self) -> Option<Endpoint> {
        self.belongings.peer()
    }

    pub(crate) fn stats(&self) -> Stats {
        self.tally.read()
    }

    /// The service's start, from which the link's moments are counted.
    pub(super) fn epoch(&self) -> Instant {
        self.service.epoch()
    }

    /// Bytes that wait to be sent, wherever.
    pub(crate) fn pending(&self) -> usize {
        self.mailbox.bytes_and(|| self.queued.load(Ordering::Acquire))
    }

    /// What is sent for messages: its seat's note is the [`Manner`].
    #[inline]
    pub(super) fn speech(&self) -> &Speech {
        self.terms.speech(self.seat.note())
    }

    pub(super) fn speak(&self, manner: Manner) {
        self.seat.set_note(manner);
    }

    /// Sends from any thread.
    pub(crate) fn send(self: &Arc<Self>, tag: Tag, data: &[u8]) -> Sent {
        match self.speech() {
            Speech::Raw if !self.terms.intercepted => {
                self.push(Message::Borrowed(data), Sent::Full)
            }
            _ => self.send_shared(tag, Bytes::copy_from_slice(data)),
        }
    }

    pub(crate) fn send_shared(self: &Arc<Self>, tag: Tag, data: Bytes) -> Sent {
        match self.on_the_wire(tag, data) {
            Some(message) => self.push(message, Sent::Full),
            None => Sent::Invalid,
        }
    }

    /// Queues a job that sends so many bytes, where those would be queued, and takes it then. Unlike
    /// the bytes alone, a job knows when it runs, and when it never will.
    pub(crate) fn send_by_job(self: &Arc<Self>, len: usize, job: &mut Option<Job>) -> Sent {
        self.push(Message::Job(job, len), Sent::Full)
    }

    /// Sends on behalf of a group, which cannot wait: messages as they are sent.
    pub(super) fn deliver(self: &Arc<Self>, data: Bytes, messages: u32) -> Sent {
        self.push(Message::Shared(data, messages), Sent::Overflow)
    }

    /// Sends one message on behalf of a group, which has not framed it for this session.
    pub(super) fn deliver_message(self: &Arc<Self>, tag: Tag, data: Bytes) -> Sent {
        match self.on_the_wire(tag, data) {
            Some(message) => self.push(message, Sent::Overflow),
            None => Sent::Invalid,
        }
    }

    /// `None` for a message that the protocol cannot send.
    fn on_the_wire(&self, tag: Tag, data: Bytes) -> Option<Message<'static>> {
        match self.speech() {
            Speech::Mute => None,
            _ if self.terms.intercepted || tag.part != Part::Whole => {
                Some(Message::Unframed(data, tag))
            }
            Speech::Own => Some(Message::Unframed(data, tag)),
            Speech::Framed(framing) => {
                Some(Message::Shared(framed(&**framing, tag, &data).ok()?, 1))
            }
            Speech::Raw => Some(Message::Shared(data, 1)),
        }
    }

    /// Asks for the end of the connection. Of a client that is down: of its attempts.
    pub(crate) fn end(self: &Arc<Self>, reason: CloseReason, how: Ending) {
        if let Gate::Down(_) = self.end_connection(reason, how) {
            self.owner.give_up();
        }
    }

    /// Asks for the end of the connection, if there is one.
    pub(crate) fn end_connection(self: &Arc<Self>, reason: CloseReason, how: Ending) -> Gate {
        let gate = self.mailbox.push_end(reason, how);
        if matches!(gate, Gate::Open | Gate::Closing) {
            Seat::notify(self, Ready::MAIL);
        }
        gate
    }

    /// Tells `watch` when the queue has fallen, or that there is nothing to wait for.
    pub(crate) fn watch(self: &Arc<Self>, watch: Watch) {
        self.mailbox.push_watch(watch);
        Seat::notify(self, Ready::MAIL);
    }

    /// `patient`: what a message that does not fit becomes under [`Overflow::Wait`].
    fn push(self: &Arc<Self>, message: Message<'_>, patient: Sent) -> Sent {
        let len = message.len();
        let messages = if let Message::Shared(_, count) = message { count } else { 1 };
        let outcome = self.mailbox.push(message, |gate, in_mailbox| {
            let queued = self.queued.load(Ordering::Relaxed) + in_mailbox + len;
            match gate {
                Gate::Open if queued > self.terms.queue => Err(match self.terms.overflow {
                    Overflow::Wait => patient,
                    Overflow::Drop => Sent::Dropped,
                    Overflow::Disconnect => Sent::Overflow,
                }),
                Gate::Open if queued > self.terms.high => Ok(Sent::Congested),
                Gate::Open => Ok(Sent::Queued),
                Gate::Down(0) | Gate::Closing | Gate::Closed => Err(Sent::Closed),
                Gate::Down(limit) if queued > limit => Err(Sent::Full),
                Gate::Down(_) => Ok(Sent::Queued),
            }
        });
        match outcome {
            Ok(sent) => {
                Seat::notify(self, Ready::MAIL);
                sent
            }
            Err(Sent::Overflow) => {
                self.end(CloseReason::Overflow, Ending::Abrupt);
                Sent::Overflow
            }
            Err(Sent::Dropped) => {
                self.drop_messages(u64::from(messages));
                Sent::Dropped
            }
            Err(refused) => refused,
        }
    }

    fn drop_messages(&self, dropped: u64) {
        self.tally.drop_messages(dropped);
        self.page().add(&Stats { dropped, ..Stats::default() });
    }

    /// Where its owner counts it.
    pub(super) fn page(&self) -> &Page {
        self.owner.book().page(self.seat.home().index())
    }
}

/// Streams without a file descriptor wake their session through this.
impl std::task::Wake for Link {
    fn wake(self: Arc<Self>) {
        Seat::notify(&self, Ready::READABLE | Ready::WRITABLE);
    }
}

#[cfg(test)]
mod tests {
    /// Windows' socket comes with more.
    #[test]
    #[cfg(not(windows))]
    fn an_idle_session_is_small() {
        // On Windows mio's streams have one word more.
        let most = if cfg!(windows) { 384 } else { 376 };
        let size = size_of::<super::Link>();
        assert!(size <= most, "{size} bytes");
    }
}
