//! The state of a connection that its turn works on.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use bytes::Bytes;

use super::chain::Chain;
use super::counters::Stats;
use super::link::Link;
use super::mailbox::Watch;
use super::membership::Membership;
use super::outqueue::OutQueue;
use super::protocol::Goodbye;
use super::tag::Part;
use super::terms::{Framing, Speech};
use super::{CloseReason, Limit, Overflow, Permit, Sent, Session, Tag, Verdict};
use crate::net::proxy::{Header, Preface};
use crate::net::{Transport, Written};
use crate::service::{Ending, TimerKey, Token};

/// Room in a full queue for what protocols say of themselves.
const RESERVE: usize = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// There is no connection.
    Down,
    /// There is one, which has had no turn yet.
    Opening,
    /// The preface, if there is one, or the transport's handshake is under way; the handler does not know of it yet.
    Handshaking,
    /// The protocol's own handshake is under way, likewise.
    Greeting,
    Open,
    /// This side has said goodbye, or is about to.
    Closing,
    /// To be taken down at the end of the turn.
    Dead,
}

/// What a session holds of a connection. An idle one is the small struct itself: the queue and
/// what is rarely used are elsewhere until they are needed. What every turn needs comes first.
#[repr(C)]
pub(super) struct Core {
    pub(super) phase: Phase,
    /// The poller knows of the connection.
    pub(super) registered: bool,
    /// The handler has been told of the connection.
    pub(super) opened: bool,
    /// The socket may have something to read.
    pub(super) unread: bool,
    /// The socket is full.
    pub(super) blocked: bool,
    /// The peer hung up: read until the end, even after a short read.
    pub(super) hung_up: bool,
    /// The peer has finished sending.
    pub(super) ended: bool,
    /// The program wants no data.
    pub(super) paused: bool,
    /// The protocol wants none, as it has something to finish first.
    pub(super) busy: bool,
    /// The protocol has data that it could not hand out.
    pub(super) backlog: bool,
    /// The queue was above the high mark, and `on_drain` is due.
    pub(super) congested: bool,
    /// This side finishes sending when the queue is empty, and has done so.
    pub(super) finishing: bool,
    pub(super) finished: bool,
    /// The connection is to be reset rather than closed.
    pub(super) reset: bool,
    /// How far a close is in the protocol's language.
    pub(super) goodbye: Goodbye,
    pub(super) transport: Option<Transport>,
    pub(super) lent: Option<Box<Lent>>,
    pub(super) extras: Option<Box<Extras>>,
    pub(super) timer: Option<TimerKey>,
    pub(super) token: Token,
    pub(super) reason: Option<CloseReason>,
}

/// What a worker lends for a turn; a session keeps it only while something is queued.
#[derive(Default)]
pub(super) struct Lent {
    pub(super) out: OutQueue,
    pub(super) change: Stats,
    /// When the turn began, as its worker knows.
    pub(super) now: Option<Instant>,
    /// Bytes in the queue, as its owner has counted them.
    pub(super) queued: usize,
    /// Bytes that have left the mailbox and are not in the queue yet: other threads find no room
    /// there in between.
    pub(super) arriving: usize,
    /// Another protocol takes over.
    pub(super) handed_over: bool,
}

/// What few sessions need.
#[derive(Default)]
pub(super) struct Extras {
    pub(super) groups: Vec<Membership>,
    pub(super) chain: Option<Box<Chain>>,
    pub(super) watches: Vec<Watch>,
    /// What the connection was let in with.
    pub(super) permits: Vec<Permit>,
    /// What is read before there is a protocol.
    pub(super) preface: Option<Preface>,
    /// What makes frames of messages, in a manner of its own.
    pub(super) framing: Option<Arc<dyn Framing>>,
    /// What has been read with it, until it is handed out.
    pub(super) early: Vec<u8>,
    /// What it has said.
    pub(super) header: Option<Box<Header>>,
    /// Since when hands are shaken.
    pub(super) shaking: Option<Instant>,
    /// When the handshake, or a close, must have ended.
    pub(super) deadline: Option<Instant>,
    /// When the protocol wants to be called.
    pub(super) alarm: Option<Instant>,
    /// For when the timer was armed, if that is known.
    pub(super) armed: Option<Instant>,
}

impl Extras {
    fn is_empty(&self) -> bool {
        let Self { groups, chain, watches, permits, preface, framing, early, header, .. } = self;
        let idle = groups.is_empty() && chain.is_none() && watches.is_empty();
        let settled = permits.is_empty() && preface.is_none() && framing.is_none();
        let timeless = self.deadline.is_none() && self.alarm.is_none();
        idle && settled && timeless && early.is_empty() && header.is_none()
    }
}

impl Core {
    pub(super) fn new() -> Self {
        Self {
            phase: Phase::Down,
            registered: false,
            opened: false,
            unread: false,
            blocked: false,
            hung_up: false,
            ended: false,
            paused: false,
            busy: false,
            backlog: false,
            congested: false,
            finishing: false,
            finished: false,
            reset: false,
            goodbye: Goodbye::Due,
            transport: None,
            lent: None,
            extras: None,
            timer: None,
            token: Token::default(),
            reason: None,
        }
    }

    /// What the peer says is for the protocol.
    pub(super) fn listens(&self) -> bool {
        match self.phase {
            Phase::Greeting | Phase::Open => true,
            Phase::Closing => self.goodbye == Goodbye::Awaited,
            _ => false,
        }
    }

    /// The protocol is at work.
    pub(super) fn is_at_work(&self) -> bool {
        self.is_live() || self.phase == Phase::Greeting
    }

    /// There is a connection that the handler has been told of.
    pub(super) fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Open | Phase::Closing)
    }

    pub(super) fn lent(&mut self) -> &mut Lent {
        self.lent.get_or_insert_default()
    }

    pub(super) fn extras(&mut self) -> &mut Extras {
        self.extras.get_or_insert_default()
    }

    /// The handshake is done; of what it left, a session keeps only what it needs.
    pub(super) fn forget_deadline(&mut self) {
        if let Some(extras) = &mut self.extras {
            (extras.deadline, extras.preface) = (None, None);
        }
        self.forget_extras();
    }

    /// Nothing that is held for few sessions is held any more, if it is so.
    pub(super) fn forget_extras(&mut self) {
        self.extras = self.extras.take().filter(|extras| !extras.is_empty());
    }

    /// Nothing more may be written now.
    pub(super) fn is_flushed(&self) -> bool {
        self.held() == 0 && self.lent.as_ref().is_none_or(|lent| lent.out.is_empty())
    }

    /// Some of what was read before there was a protocol, at most so much.
    pub(super) fn take_early(&mut self, most: usize) -> Vec<u8> {
        let Some(extras) = &mut self.extras else { return Vec::new() };
        let left = extras.early.split_off(most.min(extras.early.len()));
        let taken = std::mem::replace(&mut extras.early, left);
        self.backlog |= !extras.early.is_empty();
        taken
    }

    /// What has taken too long while it is not open.
    pub(super) fn awaited(&self) -> Limit {
        let preface = self.extras.as_ref().and_then(|extras| extras.preface.as_ref());
        match preface.is_some_and(Preface::awaits_header) {
            true => Limit::ProxyHeader,
            false => Limit::Handshake,
        }
    }

    #[inline]
    pub(super) fn queue_len(&self) -> usize {
        self.lent.as_ref().map_or(0, |lent| lent.out.len()) + self.held()
    }

    /// What the transport has taken over and yet to send.
    #[inline]
    fn held(&self) -> usize {
        self.transport.as_ref().map_or(0, Transport::held)
    }

    /// Sends a message of a callback's, or tells why not. Bytes that are `shared` are the whole of
    /// that; the two come apart because moving them together cost 6 ns per message.
    #[inline]
    pub(super) fn send(
        &mut self,
        link: &Link,
        tag: Tag,
        data: &[u8],
        shared: Option<&Bytes>,
    ) -> Sent {
        match self.offer(link, tag, data, shared) {
            Sent::Full => self.overflow(link),
            sent => sent,
        }
    }

    /// The same for whoever can do without, if there is no room: nothing has happened then.
    #[inline]
    pub(super) fn offer(
        &mut self,
        link: &Link,
        tag: Tag,
        data: &[u8],
        shared: Option<&Bytes>,
    ) -> Sent {
        if tag.part == Part::Beside {
            let most = link.terms.queue.saturating_add(RESERVE);
            return self.queue(link, tag, data, shared, self.room_within(link, most));
        }
        if !link.terms.intercepted {
            return self.queue(link, tag, data, shared, self.room(link));
        }
        self.intercept(link, tag, data, shared, Self::room)
    }

    /// Sends a message that came through the mailbox, where the limit was looked after: what
    /// middleware and framing make it longer by shall not end the session.
    pub(super) fn send_unframed(&mut self, link: &Link, tag: Tag, data: &Bytes) {
        if link.terms.intercepted && tag.part != Part::Beside {
            self.intercept(link, tag, data, Some(data), |_, _| usize::MAX);
        } else {
            self.queue(link, tag, data, Some(data), usize::MAX);
        }
    }

    #[cold]
    fn intercept(
        &mut self,
        link: &Link,
        tag: Tag,
        data: &[u8],
        shared: Option<&Bytes>,
        room: fn(&Self, &Link) -> usize,
    ) -> Sent {
        let mut message = Cow::Borrowed(data);
        let sending =
            |chain: &mut Chain, session: &mut Session<'_>| chain.sending(session, &mut message);
        let verdict = Chain::run(&mut Session::new(self, link), sending);
        let room = room(self, link);
        match (verdict, message) {
            (Some(Verdict::Drop), _) => Sent::Dropped,
            (_, Cow::Owned(changed)) => self.queue(link, tag, &changed, None, room),
            (_, Cow::Borrowed(_)) => self.queue(link, tag, data, shared, room),
        }
    }

    /// Queues a message where there is so much room, or tells why not.
    #[inline]
    fn queue(
        &mut self,
        link: &Link,
        tag: Tag,
        data: &[u8],
        shared: Option<&Bytes>,
        room: usize,
    ) -> Sent {
        if self.phase != Phase::Open || self.finishing {
            return Sent::Closed;
        }
        if data.len() > room {
            return Sent::Full;
        }
        // Tests one by one, not a table of jumps: with small messages that is 2 ns of each.
        let speech = link.speech();
        if let Speech::Framed(framing) = speech {
            self.queue_frame(link, &**framing, tag, data, shared, room)
        } else if let Speech::Raw = speech {
            let lent = self.lent();
            lent.out.push_payload(data, shared);
            lent.change.messages_sent += 1;
            self.note_queued(link)
        } else {
            let own = self.extras.as_ref().and_then(|extras| extras.framing.clone());
            match own.filter(|_| matches!(speech, Speech::Own)) {
                Some(framing) => self.queue_frame(link, &*framing, tag, data, shared, room),
                None => Sent::Invalid,
            }
        }
    }

    #[inline(always)]
    fn queue_frame(
        &mut self,
        link: &Link,
        framing: &dyn Framing,
        tag: Tag,
        data: &[u8],
        shared: Option<&Bytes>,
        room: usize,
    ) -> Sent {
        let lent = self.lent();
        match lent.out.push_frame(framing, tag, data, shared, room) {
            Ok(true) => {}
            Ok(false) => {
                framing.undo();
                return Sent::Full;
            }
            Err(_) => return Sent::Invalid,
        }
        lent.change.messages_sent += u64::from(tag.completes());
        self.note_queued(link)
    }

    /// Queues what came through the mailbox, where the limit was looked after.
    pub(super) fn send_mail(
        &mut self,
        link: &Link,
        data: &[u8],
        shared: Option<&Bytes>,
        messages: u32,
    ) {
        if self.phase != Phase::Open || self.finishing {
            return;
        }
        let lent = self.lent();
        lent.change.messages_sent += u64::from(messages);
        lent.out.push_payload(data, shared);
        self.note_queued(link);
    }

    #[inline]
    pub(super) fn note_queued(&mut self, link: &Link) -> Sent {
        let queued = self.queue_len();
        link.queued.store(queued + self.lent().arriving, Ordering::Relaxed);
        if queued <= link.terms.high {
            return Sent::Queued;
        }
        self.congested = true;
        Sent::Congested
    }

    #[cold]
    fn overflow(&mut self, link: &Link) -> Sent {
        if link.terms.overflow == Overflow::Drop {
            self.lent().change.dropped += 1;
            return Sent::Dropped;
        }
        self.die(CloseReason::Overflow, Ending::Abrupt);
        Sent::Overflow
    }

    /// True while the peer shall not be read from.
    pub(super) fn holds_reading(&self, link: &Link) -> bool {
        let full = self.congested || self.room(link) == 0;
        self.paused || self.busy || (full && link.terms.overflow == Overflow::Wait)
    }

    /// Bytes that wait to be sent, wherever.
    #[inline]
    pub(super) fn pending(&self, link: &Link) -> usize {
        let arriving = self.lent.as_ref().map_or(0, |lent| lent.arriving);
        self.queue_len() + arriving + link.mailbox.bytes()
    }

    /// Bytes that the queue has room for.
    #[inline]
    pub(super) fn room(&self, link: &Link) -> usize {
        self.room_within(link, link.terms.queue)
    }

    fn room_within(&self, link: &Link, most: usize) -> usize {
        most.saturating_sub(self.queue_len() + link.mailbox.bytes())
    }

    /// Begins the end. The first reason counts; a later call can only make it quicker.
    pub(super) fn close(&mut self, reason: CloseReason, how: Ending) {
        match (self.phase, how) {
            (Phase::Open, Ending::Graceful) => {
                self.phase = Phase::Closing;
                self.reason.get_or_insert(reason);
            }
            (Phase::Open | Phase::Closing, Ending::Abrupt)
            | (Phase::Opening | Phase::Handshaking | Phase::Greeting, _) => self.die(reason, how),
            (Phase::Closing, Ending::Graceful) | (Phase::Down | Phase::Dead, _) => {}
        }
    }

    /// Ends the connection with the turn.
    pub(super) fn die(&mut self, reason: CloseReason, how: Ending) {
        if matches!(self.phase, Phase::Down | Phase::Dead) {
            return;
        }
        self.phase = Phase::Dead;
        self.reason.get_or_insert(reason);
        self.reset |= how == Ending::Abrupt;
    }

    /// Writes as much as the socket takes, and tells how much that was. The buffer is scratch.
    pub(super) fn flush(&mut self, buffer: &mut [u8]) -> usize {
        let (Some(lent), Some(transport)) = (&mut self.lent, &mut self.transport) else { return 0 };
        let before = lent.out.len() + transport.held();
        while !self.blocked && (!lent.out.is_empty() || !transport.is_flushed()) {
            match lent.out.peek(|slices, bytes| transport.write(slices, bytes, buffer)) {
                Ok(Written { count, full }) => {
                    lent.out.consume(count);
                    self.blocked = full;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.blocked = true,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let after = lent.out.len() + transport.held();
                    self.die(CloseReason::of(error), Ending::Graceful);
                    return before - after;
                }
            }
        }
        before - (lent.out.len() + transport.held())
    }

    /// Takes the next steps of a close that is under way.
    pub(super) fn advance(&mut self) {
        let closing = self.phase == Phase::Closing;
        let goodbye = closing || (self.phase == Phase::Open && self.finishing);
        if !goodbye || self.queue_len() > 0 {
            return;
        }
        if closing && !self.ended && matches!(self.goodbye, Goodbye::Awaited | Goodbye::Heard) {
            return;
        }
        let Some(transport) = &mut self.transport else { return };
        // Closing a socket says all that there is to say to a peer who has finished.
        let says_all = closing && self.ended && transport.is_plain();
        if !self.finished && !says_all {
            match transport.finish() {
                Ok(finished) => self.finished = finished,
                Err(error) => return self.die(CloseReason::of(error), Ending::Graceful),
            }
            self.blocked |= !self.finished;
            if !self.finished {
                return;
            }
        }
        if self.ended {
            let reason = if closing { CloseReason::Local } else { CloseReason::Remote };
            self.die(reason, Ending::Graceful);
        }
    }

    /// Wakes the threads that wait for the queue to fall.
    pub(super) fn notify_watches(&mut self) {
        let queued = self.queue_len();
        if let Some(extras) = &mut self.extras {
            extras
                .watches
                .retain(|watch| !watch.is_abandoned() && (queued > watch.below || !watch.fell()));
        }
    }
}

/// The link is kept by its service while a connection lives; this is for handles.
pub(super) fn upgrade(link: &Link) -> Arc<Link> {
    link.this.upgrade().expect("a link in its turn is held by its worker")
}
