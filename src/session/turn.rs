//! A connection's turn: opening (`establish.rs`), mail, timer, reading, one flush, and the end when
//! it has come.
//!
//! With nothing unusual under way that is one `recv` and one `send`: what callbacks send is
//! gathered in a queue that the worker lends and is written once, after the last read.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::core::{Core, Extras, Lent, Phase};
use super::counters::Stats;
use super::establish::Established;
use super::link::{Body, Link};
use super::mailbox::{Drained, Gate, Mail};
use super::membership::Membership;
use super::protocol::{End, Goodbye, Protocol, Shutdown};
use super::{CloseReason, Handle, Limit, Overflow, Session};
use crate::error::Error;
use crate::net::{Received, Transport};
use crate::service::{Ending, Next, READ_BUFFER, Ready, Seat, Task, Worker, contain, later, lock};

/// Flushes in one turn: what `on_sent` and `on_drain` send is written at once, so often.
const FLUSHES: usize = 4;

/// What a read costs of the budget at least: 64 KiB of tiny records hold little.
const LEAST: usize = 4096;

const _: () = assert!(READ_BUFFER == Transport::BUFFER);

/// Queues larger than this are not lent again.
const LENT_AGAIN: usize = 128 * 1024;

impl Task for Link {
    fn seat(&self) -> &Seat {
        &self.seat
    }

    fn turn(&self, ready: Ready, worker: &mut Worker) -> Next {
        let mut body = lock(&self.body);
        let Body { core, protocol } = &mut *body;
        if core.phase == Phase::Down {
            return Next::Idle;
        }
        borrow(core, worker);
        let mut again = false;
        match protocol {
            Some(protocol) => {
                let turn = || self.drive(core, &mut **protocol, ready, worker);
                match contain("run a session's callback", turn) {
                    Ok(more) => again = more,
                    Err(error) => self.panicked(core, &mut **protocol, error),
                }
            }
            None => again = self.hear(core, protocol, ready, worker),
        }
        if core.lent().handed_over {
            Self::succeed(core, protocol);
        }
        self.publish(core, worker.now());
        if core.phase == Phase::Dead {
            self.take_down(core, protocol);
        }
        give_back(core, worker);
        if again && core.phase != Phase::Down { Next::Again } else { Next::Idle }
    }

    fn abandon(&self) {
        let mut body = lock(&self.body);
        let Body { core, protocol } = &mut *body;
        if core.phase != Phase::Down {
            core.die(CloseReason::Shutdown, Ending::Abrupt);
            self.take_down(core, protocol);
        }
    }
}

impl Link {
    /// True when there is more to do that needs no event.
    fn drive(
        &self,
        core: &mut Core,
        protocol: &mut dyn Protocol,
        ready: Ready,
        worker: &mut Worker,
    ) -> bool {
        core.hung_up |= ready.has(Ready::HANGUP);
        let opening = matches!(core.phase, Phase::Opening | Phase::Handshaking | Phase::Greeting);
        if opening {
            match self.establish(core, protocol, ready, worker) {
                // What the mailbox holds may wait for another connection.
                Established::Now if !core.is_live() => return false,
                Established::Now => {}
                Established::Later => return false,
                Established::Again => return true,
            }
        }
        // Mail that came during the handshake has told of itself in earlier turns.
        if opening || ready.has(Ready::MAIL) {
            self.read_mail(core, protocol);
        }
        // The handshake's timer is not the one that has just been armed.
        if !opening && ready.has(Ready::TIMER) {
            self.timer_expired(core, protocol, Instant::now());
        }
        core.blocked &= !ready.has(Ready::WRITABLE | Ready::HANGUP);
        // What there was to read in a handshake has been read there.
        let readable = !opening && ready.has(Ready::READABLE | Ready::HANGUP);
        core.unread |= readable && !core.ended;
        if core.ended {
            self.look_for_reset(core);
        }
        let mut again = self.read(core, protocol, worker);
        again |= self.settle(core, protocol, &mut worker.read_buffer);
        core.notify_watches();
        self.limit_close(core);
        self.set_alarm(core);
        // A callback may have resumed reading after the turn's own reads.
        let readable = core.unread || core.backlog;
        again || (readable && core.phase == Phase::Open && !core.holds_reading(self))
    }

    fn read_mail(&self, core: &mut Core, protocol: &mut dyn Protocol) {
        let queued = core.queue_len();
        let count = |leaving: usize| self.queued.store(queued + leaving, Ordering::Relaxed);
        let Drained { list, bytes, paused, woken } = self.mailbox.drain(count);
        core.lent().arriving = bytes;
        if let Some(paused) = paused {
            core.paused = paused;
        }
        for mail in list {
            core.lent().arriving -= mail.len();
            match mail {
                Mail::Copied(data, count) => core.send_mail(self, &data, None, count),
                Mail::Shared(data, count) => core.send_mail(self, &data, Some(&data), count),
                Mail::Unframed(data, tag) => core.send_unframed(self, tag, &data),
                Mail::Job(job, _) if core.opened => job(&mut Session::new(core, self)),
                Mail::Job(job, _) => self.drop_fenced("drop a session's job", job),
                Mail::End(reason, how) => self.asked_to_end(core, protocol, reason, how),
                Mail::Watch(watch) => core.extras().watches.push(watch),
            }
        }
        // Of what was dropped on the way, nothing is left.
        self.queued.store(core.queue_len(), Ordering::Relaxed);
        if woken && core.opened && core.phase == Phase::Open {
            protocol.on_wake(&mut Session::new(core, self));
        }
    }

    fn asked_to_end(
        &self,
        core: &mut Core,
        protocol: &mut dyn Protocol,
        reason: CloseReason,
        how: Ending,
    ) {
        let orderly = matches!((&reason, how), (CloseReason::Shutdown, Ending::Graceful));
        if orderly && core.opened && core.phase == Phase::Open {
            let when = protocol.on_shutdown(&mut Session::new(core, self));
            if when == Shutdown::Later {
                return;
            }
        }
        core.close(reason, how);
    }

    fn timer_expired(&self, core: &mut Core, protocol: &mut dyn Protocol, now: Instant) {
        core.timer = None;
        match core.phase {
            Phase::Closing => {
                let deadline = core.extras.as_ref().and_then(|extras| extras.deadline);
                if deadline.is_none_or(|deadline| now < deadline) {
                    return;
                }
                if core.queue_len() > 0 {
                    core.reason = Some(CloseReason::Timeout(Limit::Close));
                } else if core.goodbye == Goodbye::Awaited {
                    core.reason = Some(CloseReason::Timeout(Limit::Goodbye));
                }
                core.die(CloseReason::Timeout(Limit::Close), Ending::Abrupt);
            }
            Phase::Open => {
                self.ring(core, protocol, now);
                self.look_for_idleness(core, now);
                self.arm(core);
            }
            Phase::Down | Phase::Opening | Phase::Handshaking | Phase::Greeting | Phase::Dead => {}
        }
    }

    fn ring(&self, core: &mut Core, protocol: &mut dyn Protocol, now: Instant) {
        let Some(extras) = &mut core.extras else { return };
        extras.armed = None;
        if extras.alarm.take_if(|alarm| now >= *alarm).is_some() {
            protocol.on_alarm(&mut Session::new(core, self));
        }
    }

    fn look_for_idleness(&self, core: &mut Core, now: Instant) {
        if core.phase == Phase::Open && self.idle_due().is_some_and(|due| now >= due) {
            core.close(CloseReason::Timeout(Limit::Idle), Ending::Graceful);
        }
    }

    /// When the session will have been idle for too long, unless there is some activity.
    fn idle_due(&self) -> Option<Instant> {
        self.active.get(self.epoch())?.checked_add(self.terms.idle?)
    }

    /// Sees to it that the timer does not come after the alarm.
    fn set_alarm(&self, core: &mut Core) {
        let Some(extras) = &core.extras else { return };
        let Some(alarm) = extras.alarm.filter(|_| core.phase == Phase::Open) else { return };
        if extras.armed.is_some_and(|armed| armed <= alarm) && core.timer.is_some() {
            return;
        }
        if let Some(timer) = core.timer.take() {
            self.seat.home().disarm(timer);
        }
        self.arm(core);
    }

    /// Arms the timer of an open session for what comes first. What then is later than it was, as
    /// there was some activity, does not move the timer; it is looked at when that expires.
    pub(super) fn arm(&self, core: &mut Core) {
        let alarm = core.extras.as_ref().and_then(|extras| extras.alarm);
        let due = [alarm, self.idle_due()].into_iter().flatten().min();
        let Some(due) = due.filter(|_| core.phase == Phase::Open) else { return };
        core.timer = self.seat.home().arm(due, self.arc());
        if let Some(extras) = &mut core.extras {
            extras.armed = Some(due);
        }
    }

    /// Reads within the budget; true when there may be more.
    pub(super) fn read(
        &self,
        core: &mut Core,
        protocol: &mut dyn Protocol,
        worker: &mut Worker,
    ) -> bool {
        let mut budget = self.terms.read_budget;
        while (core.unread || core.backlog) && core.is_at_work() {
            if core.phase == Phase::Open && !core.opened {
                // What follows the protocol's handshake comes after `on_open`.
                return true;
            }
            // Asked once: other threads may fill the mailbox meanwhile, and a read of nothing would
            // look like the end.
            let most = self.readable(core);
            if core.phase == Phase::Open && (most == 0 || core.holds_reading(self)) {
                self.look_for_reset(core);
                return false;
            }
            if std::mem::take(&mut core.backlog) {
                self.hand_out_backlog(core, protocol, most);
                continue;
            }
            if budget == 0 || worker.read_buffer.is_empty() {
                return true;
            }
            let Some(transport) = &mut core.transport else { return false };
            match transport.read(&mut worker.read_buffer, most) {
                Ok(Received::End) => self.ended(core, protocol),
                Ok(Received::Data { count, drained }) => {
                    // Some reads bring little but the transport's own.
                    budget = budget.saturating_sub(count.max(LEAST));
                    core.unread = !drained || core.hung_up;
                    if count > 0 {
                        self.received(core, protocol, &mut worker.read_buffer[..count]);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => core.unread = false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    self.truncated(core, protocol);
                }
                Err(error) => core.die(CloseReason::of(error), Ending::Graceful),
            }
        }
        false
    }

    fn hand_out_backlog(&self, core: &mut Core, protocol: &mut dyn Protocol, most: usize) {
        let mut early = core.take_early(most);
        match early.is_empty() {
            true => protocol.on_data(&mut Session::new(core, self), &mut []),
            false => self.received(core, protocol, &mut early),
        }
    }

    fn received(&self, core: &mut Core, protocol: &mut dyn Protocol, data: &mut [u8]) {
        core.lent().change.bytes_received += data.len() as u64;
        if core.listens() {
            protocol.on_data(&mut Session::new(core, self), data);
        }
    }

    /// The stream has ended without the goodbye of its transport: somebody on the way may have cut
    /// off what the peer has sent (RFC 8446 6.1). To who has said goodbye himself it is an end.
    fn truncated(&self, core: &mut Core, protocol: &mut dyn Protocol) {
        if core.phase == Phase::Closing || core.finished {
            return self.ended(core, protocol);
        }
        core.die(CloseReason::Truncated, Ending::Graceful);
    }

    /// How many bytes may be read: under [`Overflow::Wait`] no more than an echo of them has room
    /// for in the queue.
    fn readable(&self, core: &Core) -> usize {
        match (core.phase, self.terms.overflow) {
            (Phase::Open, Overflow::Wait) => core.room(self),
            _ => usize::MAX,
        }
    }

    fn ended(&self, core: &mut Core, protocol: &mut dyn Protocol) {
        core.unread = false;
        core.ended = true;
        match core.phase {
            Phase::Open => {}
            Phase::Greeting => return core.die(CloseReason::Remote, Ending::Graceful),
            _ => return,
        }
        let end = protocol.on_end(&mut Session::new(core, self));
        if end == End::Close || core.finished {
            core.close(CloseReason::Remote, Ending::Graceful);
        }
    }

    /// A session that does not read would not see that its peer is gone.
    fn look_for_reset(&self, core: &mut Core) {
        if !core.hung_up && !core.transport.as_ref().is_some_and(Transport::fails_without_event) {
            return;
        }
        if let Some(Ok(Some(error))) = core.transport.as_ref().map(Transport::take_error) {
            core.die(CloseReason::of(error), Ending::Graceful);
        }
    }

    /// Writes what the turn has queued; true when more can be written at once.
    pub(super) fn settle(
        &self,
        core: &mut Core,
        protocol: &mut dyn Protocol,
        buffer: &mut [u8],
    ) -> bool {
        for _ in 0..FLUSHES {
            // What is cut off sends nothing more.
            if !core.is_at_work() {
                return false;
            }
            // Before the peer can know of it.
            if core.phase == Phase::Closing || core.finishing {
                self.mailbox.set_closing();
                self.say_goodbye(core, protocol);
            }
            let sent = core.flush(buffer);
            let pending = core.queue_len();
            self.queued.store(pending, Ordering::Relaxed);
            core.lent().change.bytes_sent += sent as u64;
            if sent > 0 && core.is_live() && core.opened {
                protocol.on_sent(&mut Session::new(core, self), sent, pending);
            }
            if core.congested && core.queue_len() <= self.terms.low && core.is_live() && core.opened
            {
                core.congested = false;
                protocol.on_drain(&mut Session::new(core, self));
            }
            core.advance();
            if core.is_flushed() || core.blocked {
                return false;
            }
        }
        true
    }

    fn say_goodbye(&self, core: &mut Core, protocol: &mut dyn Protocol) {
        if core.phase != Phase::Closing || core.goodbye != Goodbye::Due {
            return;
        }
        core.goodbye = Goodbye::Over;
        core.lent().out.drop_aside();
        if let Some(reason) = core.reason.clone().filter(|_| core.opened) {
            core.goodbye = protocol.on_goodbye(&mut Session::new(core, self), &reason);
        }
    }

    /// Another protocol takes over.
    fn succeed(core: &mut Core, protocol: &mut Option<Box<dyn Protocol>>) {
        core.lent().handed_over = false;
        if let Some(successor) = protocol.as_mut().and_then(|protocol| protocol.successor()) {
            *protocol = Some(successor);
        }
        core.forget_extras();
    }

    /// Bounds a close that has just begun and could not be done within the turn.
    fn limit_close(&self, core: &mut Core) {
        let begun = core.extras.as_ref().is_some_and(|extras| extras.deadline.is_some());
        if core.phase != Phase::Closing || begun {
            return;
        }
        let home = self.seat.home();
        if let Some(timer) = core.timer.take() {
            home.disarm(timer);
        }
        // The worker may have looked at the clock before whoever closes did.
        let deadline = later(Instant::now(), self.terms.close);
        core.extras().deadline = Some(deadline);
        core.timer = home.arm(deadline, self.arc());
        // What the peer still sends is read and thrown away: unread, it would turn the FIN into
        // a reset that may overtake what was sent (RFC 9112 9.6).
        core.paused = false;
        core.busy = false;
    }

    fn panicked(&self, core: &mut Core, protocol: &mut dyn Protocol, error: Error) {
        self.fail(&error);
        let tell = || protocol.on_error(&mut Session::new(core, self), &error);
        if let Err(second) = contain("run on_error", tell) {
            self.fail(&second);
        }
        core.die(CloseReason::Panic(error), Ending::Abrupt);
    }

    /// Makes the turn's counts visible.
    fn publish(&self, core: &mut Core, now: Instant) {
        let queued = core.queue_len();
        let lent = core.lent();
        // A panic leaves the rest of the mailbox unread.
        lent.arriving = 0;
        let change = std::mem::take(&mut lent.change);
        let before = std::mem::replace(&mut lent.queued, queued);
        if before != queued {
            self.page().queued(before, queued);
        }
        if change == Stats::default() {
            return;
        }
        self.tally.add(&change);
        self.page().add(&change);
        if change.bytes_received > 0 || change.bytes_sent > 0 {
            self.active.set(self.epoch(), now);
        }
    }

    /// Ends the connection: the socket first, then everything that knew of it is told.
    fn take_down(&self, core: &mut Core, protocol: &mut Option<Box<dyn Protocol>>) {
        let home = self.seat.home();
        let opened = core.opened;
        let reason = self.reason(core, protocol);
        self.count_end(&reason, opened);
        self.note_end(&reason, opened);
        if opened {
            self.owner.closing(&Handle::new(self.arc()), &reason);
        } else if !reason.is_asked() {
            self.owner.failed(&self.not_opened(&reason));
        }
        if core.registered {
            home.detach(core.token);
        }
        if let Some(timer) = core.timer.take() {
            home.disarm(timer);
        }
        if let Some(transport) = core.transport.take() {
            if core.reset { transport.abort() } else { drop(transport) }
        }
        if let Some(extras) = &mut core.extras {
            extras.watches.clear();
            extras.groups.drain(..).for_each(Membership::leave);
        }
        self.owner.leave(self);
        // From here on handles refuse, or keep for the next connection, what `on_close` asks.
        self.forget_mail(self.owner.gate());
        let mut protocol = protocol.take();
        if let Some(protocol) = protocol.as_mut().filter(|_| opened) {
            let close = || protocol.on_close(&mut Session::new(core, self), &reason);
            if let Err(error) = contain("run on_close", close) {
                self.fail(&error);
            }
        }
        let (lent, extras) = (core.lent.take(), core.extras.take());
        *core = Core { lent, ..Core::new() };
        let lent = core.lent();
        lent.out.clear();
        self.page().queued(std::mem::take(&mut lent.queued), 0);
        self.let_go(extras);
        self.forget_values();
        self.speak(0);
        self.queued.store(0, Ordering::Relaxed);
        self.owner.closed(&Handle::new(self.arc()), &reason, protocol, opened);
        self.service.ended();
    }

    /// Why the connection has ended, or was not opened.
    fn reason(&self, core: &mut Core, protocol: &mut Option<Box<dyn Protocol>>) -> CloseReason {
        let reason = core.reason.take().unwrap_or(CloseReason::Local);
        let Some(protocol) = protocol.as_mut().filter(|_| !core.opened) else { return reason };
        match contain("tell a handler of a failure", || protocol.on_failed(&reason)) {
            Ok(known) => known.unwrap_or(reason),
            Err(error) => {
                self.fail(&error);
                reason
            }
        }
    }

    fn count_end(&self, reason: &CloseReason, opened: bool) {
        if !opened {
            return self.page().failed();
        }
        let since = self.connected.get(self.epoch());
        self.page().closed(reason, since.map_or(Duration::ZERO, |since| since.elapsed()));
    }

    fn not_opened(&self, reason: &CloseReason) -> Error {
        let error = reason.to_error("open a connection with");
        match self.peer() {
            Some(peer) => error.on(peer),
            None => error,
        }
    }

    /// Nobody will ever give the link a connection again.
    pub(crate) fn retire(&self) {
        self.forget_mail(Gate::Closed);
        self.forget_values();
    }

    fn forget_mail(&self, gate: Gate) {
        for mail in self.mailbox.set_gate(gate) {
            self.drop_fenced("drop a session's job", mail);
        }
    }

    fn forget_values(&self) {
        for value in self.belongings.clear() {
            self.drop_fenced("drop a session's value", value);
        }
    }

    /// Each by itself: two panics at once would end the program.
    fn let_go(&self, extras: Option<Box<Extras>>) {
        let Some(mut extras) = extras else { return };
        for permit in extras.permits.drain(..) {
            self.drop_fenced("give back a permit", permit);
        }
        self.drop_fenced("drop a session's middleware", extras);
    }

    /// What programs own may panic when it is dropped, too.
    fn drop_fenced<T>(&self, what: &'static str, value: T) {
        if let Err(error) = contain(what, || drop(value)) {
            self.fail(&error);
        }
    }

    pub(super) fn arc(&self) -> Arc<Self> {
        self.this.upgrade().expect("whoever runs the turn holds the link")
    }
}

fn borrow(core: &mut Core, worker: &mut Worker) {
    if core.lent.is_none() {
        core.lent = worker.spare.take().and_then(|spare| spare.downcast::<Lent>().ok());
        core.lent();
    }
    core.lent().now = Some(worker.now());
}

fn give_back(core: &mut Core, worker: &mut Worker) {
    // A message that is not complete holds others up in later turns, too.
    let kept = core.lent.as_ref().is_some_and(|lent| lent.out.is_held());
    if kept || core.queue_len() > 0 {
        return;
    }
    if let Some(lent) = core.lent.take()
        && lent.out.capacity() <= LENT_AGAIN
    {
        worker.spare = Some(lent);
    }
}
