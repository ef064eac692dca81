//! The state of a socket that its turn works on.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use super::outcome::{Refusal, admit};
use super::port::Port;
use super::queue::{Payload, Queue};
use crate::error::Error;
use crate::net::{DatagramSocket, Details, Watch};
use crate::service::{Ending, TimerKey, Token};
use crate::{CloseReason, Overflow, Sent};

/// Errors that wait for the end of a callback to be told; the others are only counted.
const ERRORS: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// There is no socket.
    Down,
    /// The next turn registers it.
    Opening,
    Open,
    /// What is queued is sent, and no more.
    Closing,
    /// The turn takes it down.
    Dead,
}

pub(super) struct Core {
    pub(super) phase: Phase,
    /// `on_open` was called.
    pub(super) opened: bool,
    /// There may be something to receive.
    pub(super) unread: bool,
    /// An event told of an error, which a call will tell.
    pub(super) failing: bool,
    /// The system took no more.
    pub(super) blocked: bool,
    pub(super) watch: Watch,
    pub(super) congested: bool,
    /// Datagrams that the next call asks for.
    pub(super) slots: usize,
    /// Failures to receive since a datagram came.
    pub(super) failures: usize,
    pub(super) socket: Option<Arc<DatagramSocket>>,
    pub(super) token: Token,
    pub(super) queue: Queue,
    pub(super) errors: Vec<Error>,
    /// Of the datagram that is being handed out.
    pub(super) details: Details,
    pub(super) timer: Option<TimerKey>,
    /// When a close must have ended.
    pub(super) deadline: Option<Instant>,
    pub(super) reason: Option<CloseReason>,
}

impl Core {
    pub(super) fn new() -> Self {
        Self {
            phase: Phase::Down,
            opened: false,
            unread: false,
            failing: false,
            blocked: false,
            watch: Watch::Datagrams,
            congested: false,
            slots: 1,
            failures: 0,
            socket: None,
            token: Token::default(),
            queue: Queue::default(),
            errors: Vec::new(),
            details: Details::default(),
            timer: None,
            deadline: None,
            reason: None,
        }
    }

    /// The handler has been told of the socket, and not of its end.
    pub(super) fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Open | Phase::Closing)
    }

    /// Queues a datagram of a callback's, or tells why not.
    pub(super) fn send(&mut self, port: &Port, to: Option<SocketAddr>, data: Payload<'_>) -> Sent {
        if self.phase != Phase::Open {
            return Sent::Closed;
        }
        let (len, queued) = (data.len(), self.load(port));
        let admitted = (port.route.check(to, len))
            .and_then(|to| Ok((to, admit(&port.settings.limits, queued, len)?)));
        match admitted {
            Ok((to, sent)) => {
                self.queue.push(to, data);
                self.note(port);
                sent
            }
            Err(Refusal::Full(sent)) => {
                if sent == Sent::Overflow {
                    self.die(CloseReason::Overflow);
                }
                port.tally.dropped(u64::from(sent == Sent::Dropped));
                sent
            }
            Err(Refusal::Impossible(error)) => {
                port.tally.dropped(1);
                self.fail(port, error);
                Sent::Dropped
            }
        }
    }

    /// Has the handler told, behind the present callback.
    pub(super) fn fail(&mut self, port: &Port, error: Error) {
        port.tally.failed();
        if self.errors.len() < ERRORS {
            self.errors.push(error);
        }
    }

    /// The queue has grown: other threads shall see it.
    pub(super) fn note(&mut self, port: &Port) {
        let (bytes, datagrams) = (self.queue.bytes(), self.queue.len());
        port.backlog.set(bytes, datagrams);
        self.congested |= port.settings.limits.is_high(bytes, datagrams);
    }

    /// Bytes and datagrams that wait, the mailbox's included.
    pub(super) fn load(&self, port: &Port) -> (usize, usize) {
        let (bytes, datagrams) = port.mailbox.load();
        (self.queue.bytes() + bytes, self.queue.len() + datagrams)
    }

    /// How many datagrams may be received: under [`Overflow::Wait`] no more than there is room for
    /// an echo of them, be they as long as can be.
    pub(super) fn may_receive(&self, port: &Port) -> usize {
        let limits = &port.settings.limits;
        if limits.overflow != Overflow::Wait {
            return self.slots;
        }
        if self.congested {
            return 0;
        }
        let (bytes, datagrams) = self.load(port);
        let room = limits.queue.saturating_sub(bytes) / super::LONGEST;
        let places = limits.datagrams.saturating_sub(datagrams) / port.settings.per_slot();
        // An empty queue must take whatever fits into it.
        let least = usize::from(datagrams == 0);
        self.slots.min(room).min(places).max(least)
    }

    /// Begins the end. The first reason counts; a later call can only make it quicker.
    pub(super) fn close(&mut self, reason: CloseReason, how: Ending) {
        match (self.phase, how) {
            (Phase::Open | Phase::Opening, Ending::Graceful) => {
                self.phase = Phase::Closing;
                self.reason.get_or_insert(reason);
            }
            (Phase::Open | Phase::Opening | Phase::Closing, Ending::Abrupt) => self.die(reason),
            (Phase::Closing, Ending::Graceful) | (Phase::Down | Phase::Dead, _) => {}
        }
    }

    /// Ends the socket with the turn.
    pub(super) fn die(&mut self, reason: CloseReason) {
        if !matches!(self.phase, Phase::Down | Phase::Dead) {
            self.phase = Phase::Dead;
            self.reason.get_or_insert(reason);
        }
    }
}
