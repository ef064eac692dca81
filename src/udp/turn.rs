//! A socket's turn: mail, timer, what waits to be sent, then receiving within a budget.
//!
//! Datagrams are received in batches. What callbacks send is gathered, and sent behind each batch:
//! two system calls for as many as 64 datagrams, and none that waits.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use super::core::{Core, Phase};
use super::port::{Body, Port};
use super::queue::Queue;
use super::{Handler, Session};
use crate::CloseReason;
use crate::error::{Error, ErrorKind};
use crate::net::{Arena, SLOTS, TELLS_UNCONNECTED, Watch, is_late};
use crate::service::{Ending, Next, Ready, Seat, Task, Worker, contain, later, lock};

/// Rounds of telling and sending in one turn: what `on_error` and `on_drain` send goes out at
/// once, so often.
const ROUNDS: usize = 4;

/// What a datagram costs besides its bytes, in bytes of the budget.
const EACH: usize = 512;

/// Failures to receive, one behind the other, after which nothing good is to be expected.
const FAILURES: usize = 64;

/// Queues larger than this are not lent again.
const LENT_AGAIN: usize = 256 * 1024;

/// What a worker lends for a turn.
struct Lent {
    arena: Arena,
    queue: Queue,
}

impl Task for Port {
    fn seat(&self) -> &Seat {
        &self.seat
    }

    fn turn(&self, ready: Ready, worker: &mut Worker) -> Next {
        let mut body = lock(&self.body);
        let Body { core, handler } = &mut *body;
        if core.phase == Phase::Down {
            return Next::Idle;
        }
        let mut lent = borrow(core, worker);
        let mut again = false;
        if let Some(handler) = handler {
            let turn = || self.drive(core, &mut **handler, ready, &mut lent.arena, worker.now());
            match contain("run a UDP socket's callback", turn) {
                Ok(more) => again = more,
                Err(error) => {
                    self.report(&error);
                    core.die(CloseReason::Panic(error));
                }
            }
        }
        if core.phase == Phase::Dead {
            self.take_down(core, handler);
        }
        self.backlog.tell();
        give_back(core, lent, worker);
        if again && core.phase != Phase::Down { Next::Again } else { Next::Idle }
    }

    fn abandon(&self) {
        self.give_up();
        let mut body = lock(&self.body);
        let Body { core, handler } = &mut *body;
        if core.phase != Phase::Down {
            core.die(CloseReason::Shutdown);
            self.take_down(core, handler);
            self.backlog.tell();
        }
    }
}

impl Port {
    /// True when there is more to do that needs no event.
    fn drive(
        &self,
        core: &mut Core,
        handler: &mut dyn Handler,
        ready: Ready,
        arena: &mut Arena,
        now: Instant,
    ) -> bool {
        if core.phase == Phase::Opening {
            core.phase = Phase::Open;
            core.opened = true;
            handler.on_open(&mut Session::new(core, self));
        }
        if ready.has(Ready::MAIL) {
            self.read_mail(core);
        }
        if ready.has(Ready::TIMER) {
            self.close_is_late(core);
        }
        core.blocked &= !ready.has(Ready::WRITABLE | Ready::HANGUP);
        core.unread |= ready.has(Ready::READABLE | Ready::HANGUP);
        core.failing |= ready.has(Ready::HANGUP);
        let mut again = self.settle(core, handler);
        again |= self.receive(core, handler, arena);
        self.watch(core);
        self.limit_close(core, now);
        again || (core.unread && core.phase == Phase::Open && core.may_receive(self) > 0)
    }

    fn read_mail(&self, core: &mut Core) {
        let (errors, end) = self.mailbox.drain(|queue| {
            core.queue.append(queue);
            core.note(self);
        });
        core.errors.extend(errors);
        if let Some((reason, how)) = end {
            core.close(reason, how);
        }
    }

    /// Receives within the budget; true when there may be more.
    fn receive(&self, core: &mut Core, handler: &mut dyn Handler, arena: &mut Arena) -> bool {
        let mut budget = self.settings.limits.read_budget;
        let mut again = false;
        while core.unread && core.phase == Phase::Open {
            let most = core.may_receive(self);
            if most == 0 {
                return again;
            }
            if budget == 0 {
                return true;
            }
            let Some(socket) = core.socket.clone() else { return false };
            match socket.receive(arena, most) {
                Ok(drained) => {
                    core.unread = !drained || core.failing;
                    let count = self.hand_out(core, handler, arena, &mut budget);
                    // The next batch may be twice as big, and then is not asked for in vain.
                    core.slots = (2 * count).clamp(4, SLOTS.max(4));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    (core.unread, core.failing) = (false, false);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    budget = budget.saturating_sub(EACH);
                    self.receive_failed(core, error);
                }
            }
            again |= self.settle(core, handler);
        }
        again
    }

    /// Hands out a batch, and tells how many datagrams it had.
    fn hand_out(
        &self,
        core: &mut Core,
        handler: &mut dyn Handler,
        arena: &Arena,
        budget: &mut usize,
    ) -> usize {
        let mut count = 0;
        for (received, data) in arena.datagrams() {
            *budget = budget.saturating_sub(data.len() + EACH);
            count += 1;
            if core.phase != Phase::Open {
                break;
            }
            if received.truncated {
                let error = Error::new(ErrorKind::LimitReached, "receive from").on(received.from);
                core.fail(self, error.because("the datagram was cut off"));
                self.tally.dropped(1);
                continue;
            }
            core.failures = 0;
            core.details = received.details;
            self.tally.received(1, data.len() as u64);
            handler.on_datagram(&mut Session::new(core, self), received.from, data);
        }
        count
    }

    /// Most often the peer's machine has refused what was sent (ICMP), and all goes on.
    fn receive_failed(&self, core: &mut Core, error: io::Error) {
        // Somebody has gone, and nobody knows who.
        if TELLS_UNCONNECTED && is_late(&error) && self.route.peer.is_none() {
            return;
        }
        core.failures += 1;
        if core.failures > FAILURES {
            return core.die(CloseReason::Io(Arc::new(error)));
        }
        self.failed(core, "receive from", error);
    }

    fn failed(&self, core: &mut Core, attempt: &'static str, error: io::Error) {
        let error = match (error.kind(), self.route.peer) {
            // As Windows says that the port is closed.
            (io::ErrorKind::ConnectionReset, Some(_)) => io::ErrorKind::ConnectionRefused.into(),
            _ => error,
        };
        let error = Error::io(attempt, error);
        let error = match self.route.peer {
            Some(peer) => error.on(peer),
            None => error.on(self.local_addr()),
        };
        core.fail(self, error);
    }

    /// Sends what is queued and tells the handler what there is to tell, until there is no more of
    /// either; true when more can be done at once.
    fn settle(&self, core: &mut Core, handler: &mut dyn Handler) -> bool {
        for _ in 0..ROUNDS {
            if !core.is_live() {
                return false;
            }
            if core.phase == Phase::Closing {
                // What was taken before is sent; more is not, before a peer can know of it.
                self.mailbox.shut();
                self.read_mail(core);
            }
            self.flush(core);
            for error in std::mem::take(&mut core.errors) {
                if core.is_live() {
                    handler.on_error(&mut Session::new(core, self), &error);
                }
            }
            let limits = &self.settings.limits;
            if core.congested && limits.is_low(core.queue.bytes(), core.queue.len()) {
                core.congested = false;
                if core.is_live() {
                    handler.on_drain(&mut Session::new(core, self));
                }
            }
            if core.phase == Phase::Closing && core.queue.is_empty() {
                let reason = core.reason.take().unwrap_or(CloseReason::Local);
                core.die(reason);
            }
            if core.errors.is_empty() && (core.queue.is_empty() || core.blocked) {
                return false;
            }
        }
        true
    }

    /// Sends as much as the system takes.
    fn flush(&self, core: &mut Core) {
        let Some(socket) = core.socket.clone() else { return };
        if core.queue.is_empty() {
            return;
        }
        let mut told = false;
        while !core.blocked && !core.queue.is_empty() && core.is_live() {
            let segments = socket.segments();
            match socket.send(core.queue.parcels(segments)) {
                Ok(parcels) => {
                    let (datagrams, bytes) = core.queue.pop(parcels, segments);
                    self.tally.sent(datagrams as u64, bytes as u64);
                    told = false;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => core.blocked = true,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // It had waited for somebody to tell; the second time it is this datagram's own.
                Err(error)
                    if !told
                        && is_late(&error)
                        && (TELLS_UNCONNECTED || self.route.peer.is_some()) =>
                {
                    told = true;
                    if self.route.peer.is_some() {
                        self.failed(core, "send to", error);
                    }
                }
                // The route may not know how to cut.
                Err(error) if core.queue.joins(segments) && socket.stop_segmenting(&error) => {}
                Err(error) => {
                    let to = core.queue.first();
                    let (datagrams, _) = core.queue.pop(1, false);
                    self.tally.dropped(datagrams as u64);
                    match to {
                        Some(to) => core.fail(self, Error::io("send to", error).on(canonical(to))),
                        None => self.failed(core, "send to", error),
                    }
                }
            }
        }
        self.backlog.set(core.queue.bytes(), core.queue.len());
    }

    /// Has events tell of what the next turn can do something about.
    fn watch(&self, core: &mut Core) {
        let watch = match (core.blocked, core.may_receive(self)) {
            (false, _) => Watch::Datagrams,
            (true, 0) => Watch::Room,
            (true, _) => Watch::Both,
        };
        let Some(socket) = core.socket.as_ref().filter(|_| watch != core.watch) else { return };
        core.watch = watch;
        let registry = self.seat.home().registry();
        if let Err(error) = socket.watch(registry, core.token.into(), watch) {
            core.die(CloseReason::Io(Arc::new(error)));
        }
    }

    /// Bounds a close that could not be done within the turn.
    fn limit_close(&self, core: &mut Core, now: Instant) {
        if core.phase != Phase::Closing || core.deadline.is_some() {
            return;
        }
        let deadline = later(now, self.settings.limits.close);
        core.deadline = Some(deadline);
        core.timer = self.seat.home().arm(deadline, self.arc());
    }

    fn close_is_late(&self, core: &mut Core) {
        core.timer = None;
        let due = core.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if core.phase == Phase::Closing && due {
            core.reason = Some(CloseReason::Timeout(crate::Limit::Close));
            core.close(CloseReason::Local, Ending::Abrupt);
        }
    }

    /// Ends it: the system's socket first, then everything that knew of it is told.
    fn take_down(&self, core: &mut Core, handler: &mut Option<Box<dyn Handler>>) {
        let home = self.seat.home();
        let reason = core.reason.take().unwrap_or(CloseReason::Local);
        home.detach(core.token);
        if let Some(timer) = core.timer.take() {
            home.disarm(timer);
        }
        let left = self.mailbox.close() + core.queue.clear();
        self.tally.dropped(left as u64);
        self.vacate();
        core.socket = None;
        self.backlog.set(0, 0);
        core.phase = Phase::Down;
        if let (true, Some(handler)) = (core.opened, &mut *handler) {
            let close = || handler.on_close(&mut Session::new(core, self), &reason);
            if let Err(error) = contain("run on_close", close) {
                self.report(&error);
            }
        }
        let queue = std::mem::take(&mut core.queue);
        *core = Core { queue, ..Core::new() };
        if !self.closed(&reason) {
            self.drop_fenced(handler.take());
        }
        self.service.ended();
    }
}

/// As the program has written it.
fn canonical(addr: std::net::SocketAddr) -> std::net::SocketAddr {
    std::net::SocketAddr::new(addr.ip().to_canonical(), addr.port())
}

fn borrow(core: &mut Core, worker: &mut Worker) -> Box<Lent> {
    let lent = worker.datagrams.take().and_then(|lent| lent.downcast::<Lent>().ok());
    let mut lent =
        lent.unwrap_or_else(|| Box::new(Lent { arena: Arena::new(), queue: Queue::default() }));
    if core.queue.is_empty() {
        core.queue = std::mem::take(&mut lent.queue);
    }
    lent
}

fn give_back(core: &mut Core, mut lent: Box<Lent>, worker: &mut Worker) {
    if core.queue.is_empty() {
        let queue = std::mem::take(&mut core.queue);
        if queue.capacity() <= LENT_AGAIN {
            lent.queue = queue;
        }
    }
    worker.datagrams = Some(lent);
}
