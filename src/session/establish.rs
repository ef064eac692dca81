//! The beginning of a turn while a connection is not open yet: it is registered, shakes hands if
//! its transport does, and is opened.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use super::core::{Core, Phase};
use super::link::Link;
use super::protocol::Protocol;
use super::{CloseReason, Handle, Session};
use crate::net::{Handshake, News};
use crate::service::{Ending, Ready, Worker, later};

/// Whether a session may go on with its turn.
pub(super) enum Established {
    Now,
    /// At the next event.
    Later,
    /// In the next turn, which has a buffer.
    Again,
}

impl Link {
    /// From a connection to an open session; what is in the mailbox waits meanwhile.
    pub(super) fn establish(
        &self,
        core: &mut Core,
        protocol: &mut dyn Protocol,
        ready: Ready,
        worker: &mut Worker,
    ) -> Established {
        let greeting = core.phase == Phase::Greeting;
        match self.prepare(core, ready, worker) {
            Established::Now if core.phase == Phase::Handshaking => {
                self.shake_hands(core, protocol, ready, worker);
            }
            Established::Now if core.phase == Phase::Greeting => {
                core.unread |= ready.has(Ready::READABLE | Ready::HANGUP);
                core.blocked &= !ready.has(Ready::WRITABLE | Ready::HANGUP);
                core.unread |= self.exchange(core, protocol, worker);
            }
            Established::Now => {}
            not_yet => return not_yet,
        }
        if core.phase == Phase::Open && !greeting && protocol.shakes_hands() {
            self.greet(core, protocol, worker);
        }
        match core.phase {
            Phase::Greeting if core.unread => return Established::Again,
            Phase::Handshaking | Phase::Greeting => return Established::Later,
            Phase::Open => self.open(core, protocol, worker.now()),
            _ => {}
        }
        Established::Now
    }

    /// Whatever comes before a step of the preface or the handshake; `Now` if that may be taken, or
    /// the phase is another by now.
    pub(super) fn prepare(&self, core: &mut Core, ready: Ready, worker: &Worker) -> Established {
        if core.phase == Phase::Opening {
            self.register(core, worker.now());
        }
        if !matches!(core.phase, Phase::Handshaking | Phase::Greeting) {
            return Established::Now;
        }
        if let Some((reason, how)) = self.mailbox.ending() {
            core.close(reason, how);
        } else if ready.has(Ready::TIMER) && self.is_late(core) {
            core.die(CloseReason::Timeout(core.awaited()), Ending::Graceful);
        } else if worker.read_buffer.is_empty() {
            return Established::Again;
        }
        Established::Now
    }

    fn register(&self, core: &mut Core, now: Instant) {
        let home = self.seat.home();
        let this = self.arc();
        let Some(transport) = &mut core.transport else { return };
        let waker = Arc::clone(&this);
        let registered = home
            .attach(this, |registry, token| transport.register(registry, token, || waker.into()));
        match registered {
            Ok(token) => core.token = token,
            Err(error) => return core.die(CloseReason::of(error), Ending::Abrupt),
        }
        core.registered = true;
        let preface = core.extras.as_ref().is_some_and(|extras| extras.preface.is_some());
        if !transport.shakes_hands() && !preface {
            core.phase = Phase::Open;
            return;
        }
        core.phase = Phase::Handshaking;
        core.extras().shaking = Some(now);
        self.limit_handshake(core, now);
    }

    fn limit_handshake(&self, core: &mut Core, now: Instant) {
        let limit = later(now, self.terms.handshake);
        let extras = core.extras();
        let due = extras.deadline.map_or(limit, |deadline| deadline.min(limit));
        extras.deadline = Some(due);
        core.timer = self.seat.home().arm(due, self.arc());
    }

    fn is_late(&self, core: &mut Core) -> bool {
        core.timer = None;
        let deadline = core.extras.as_ref().and_then(|extras| extras.deadline);
        let Some(due) = deadline.filter(|due| Instant::now() < *due) else { return true };
        core.timer = self.seat.home().arm(due, self.arc());
        false
    }

    fn shake_hands(
        &self,
        core: &mut Core,
        protocol: &mut dyn Protocol,
        ready: Ready,
        worker: &mut Worker,
    ) {
        let Some(transport) = &mut core.transport else { return };
        core.hung_up |= ready.has(Ready::HANGUP);
        let unread = std::mem::take(&mut core.unread);
        let news = match unread || ready.has(Ready::READABLE | Ready::WRITABLE) {
            _ if core.hung_up => News::Hangup,
            true => News::Ready,
            false => News::None,
        };
        let plain = transport.is_plain();
        let more = match transport.handshake(&mut worker.read_buffer, news) {
            Ok(Handshake::Blocked) => return,
            Ok(Handshake::Done { more }) => more,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return core.die(CloseReason::Remote, Ending::Graceful);
            }
            Err(error) => return core.die(CloseReason::of(error), Ending::Graceful),
        };
        if let Some(timer) = core.timer.take() {
            self.seat.home().disarm(timer);
        }
        if let Some(since) = core.extras.as_ref().and_then(|extras| extras.shaking) {
            self.page().shaken_hands(since.elapsed());
        }
        if !protocol.shakes_hands() {
            core.forget_deadline();
        }
        core.phase = Phase::Open;
        core.unread = more;
        // Not if there was a preface only.
        if !plain {
            protocol.on_handshake(&mut Session::new(core, self));
        }
    }

    /// Begins the protocol's own handshake.
    fn greet(&self, core: &mut Core, protocol: &mut dyn Protocol, worker: &mut Worker) {
        core.phase = Phase::Greeting;
        self.limit_handshake(core, worker.now());
        protocol.on_connected(&mut Session::new(core, self));
        core.unread = self.exchange(core, protocol, worker);
    }

    /// A step of the protocol's handshake, which may be the last one; true when there may be more to
    /// read at once.
    fn exchange(&self, core: &mut Core, protocol: &mut dyn Protocol, worker: &mut Worker) -> bool {
        let more = self.read(core, protocol, worker);
        self.settle(core, protocol, &mut worker.read_buffer);
        if core.phase == Phase::Open {
            if let Some(timer) = core.timer.take() {
                self.seat.home().disarm(timer);
            }
            core.forget_deadline();
        }
        more
    }

    fn open(&self, core: &mut Core, protocol: &mut dyn Protocol, now: Instant) {
        self.connected.set(self.epoch(), now);
        self.active.set(self.epoch(), now);
        core.opened = true;
        self.page().opened();
        self.note_opened();
        protocol.on_open(&mut Session::new(core, self));
        self.owner.opened(&Handle::new(self.arc()));
        self.arm(core);
    }
}
