//! A connection, on which one request after the other is sent and answered.

mod asking;
mod exchange;
mod incoming;
mod reading;
mod times;

use std::sync::Arc;

use super::journey::Journey;
use super::lane::Lane;
use super::pool::Freed;
use super::shared::{Outcome, Shared};
use crate::codec::http::HeadScanner;
use crate::error::{Error, ErrorKind};
use crate::session::{CloseReason, End, Protocol, Session, Shutdown};
use exchange::Exchange;
use times::Times;

pub(super) struct Connection {
    shared: Arc<Shared>,
    lane: Arc<Lane>,
    state: State,
    /// What was read and not taken: a part of a head, or what a slow reader has no room for.
    held: Vec<u8>,
    scanner: HeadScanner,
    times: Times,
    /// It has served a request.
    used: bool,
    /// The service shuts down: the answer under way is the last one.
    leaving: bool,
}

#[derive(Default)]
enum State {
    /// It waits for a request.
    #[default]
    Idle,
    Busy(Box<Exchange>),
    /// It is of no more use.
    Over,
    Upgraded(Box<dyn Protocol>),
}

impl Connection {
    pub(super) fn new(shared: Arc<Shared>, lane: Arc<Lane>) -> Self {
        Self {
            shared,
            lane,
            state: State::Idle,
            held: Vec::new(),
            scanner: HeadScanner::new(),
            times: Times::new(),
            used: false,
            leaving: false,
        }
    }

    /// What the pool has decided.
    fn go_on_with(&mut self, session: &mut Session<'_>, mut freed: Freed<Box<Journey>>) {
        loop {
            match freed {
                Freed::Next(journey) if journey.is_canceled() => freed = self.free(),
                Freed::Next(journey) => return self.begin(session, journey),
                Freed::Keep => {
                    self.state = State::Idle;
                    self.times.idle = session.now();
                    return;
                }
                Freed::Close => return self.leave(session),
            }
        }
    }

    /// What came behind the answer that said so is the other protocol's.
    fn hand_over(&mut self, session: &mut Session<'_>) {
        let mut held = std::mem::take(&mut self.held);
        if let State::Upgraded(protocol) = &mut self.state
            && !held.is_empty()
            && session.is_open()
        {
            protocol.on_data(session, &mut held);
        }
    }

    fn free(&self) -> Freed<Box<Journey>> {
        if self.leaving { Freed::Close } else { self.shared.free(&self.lane) }
    }

    /// The answer is there as a whole: the connection goes on.
    fn answered(&mut self, session: &mut Session<'_>, journey: &Journey, usable: bool) {
        journey.ticket.set(None);
        self.used = true;
        session.count_messages(1, 1);
        session.set_busy(false);
        if usable && session.is_open() {
            let freed = self.free();
            self.go_on_with(session, freed);
        } else {
            self.leave(session);
        }
    }

    /// No further request; the pool may make another connection at once.
    fn leave(&mut self, session: &mut Session<'_>) {
        self.state = State::Over;
        self.held = Vec::new();
        session.close();
        self.shared.lost(&self.lane, None);
    }

    /// A request fails, and the connection with it.
    fn fail(&mut self, session: &mut Session<'_>, why: impl FnOnce(&Journey) -> Error) {
        let State::Busy(exchange) = std::mem::replace(&mut self.state, State::Over) else { return };
        self.held = Vec::new();
        session.abort();
        self.shared.lost(&self.lane, None);
        let error = why(&exchange.journey);
        exchange.fail(&self.shared.service, error);
    }

    /// Nobody wants the answer any more.
    fn cancel(&mut self, session: &mut Session<'_>) {
        self.fail(session, |journey| journey.error(ErrorKind::Canceled));
    }

    /// Nobody has asked for what has come.
    fn spoil(&mut self, session: &mut Session<'_>) {
        // A request that was given to it meanwhile goes elsewhere when the connection is gone.
        self.shared.retire(&self.lane);
        self.state = State::Over;
        session.abort();
    }

    /// The connection is gone in the middle of an exchange.
    fn cut_off(&self, exchange: Box<Exchange>, reason: &CloseReason) {
        match exchange.retry(reason, self.used) {
            Ok(journey) => self.shared.settle(journey, Outcome::Again),
            Err(exchange) => {
                let error = exchange.cut_off(reason);
                exchange.fail(&self.shared.service, error);
            }
        }
    }
}

impl Protocol for Connection {
    fn on_open(&mut self, session: &mut Session<'_>) {
        let first = self.shared.opened(&self.lane, session.waker());
        self.go_on_with(session, first);
        self.watch_time(session);
    }

    fn on_data(&mut self, session: &mut Session<'_>, data: &mut [u8]) {
        match &mut self.state {
            State::Idle if !data.is_empty() => return self.spoil(session),
            State::Idle | State::Over => return,
            State::Busy(_) => {}
            State::Upgraded(protocol) => return protocol.on_data(session, data),
        }
        if self.held.is_empty() {
            let taken = self.read(session, data);
            self.hold(&data[taken..]);
        } else {
            let mut held = std::mem::take(&mut self.held);
            held.extend_from_slice(data);
            let taken = self.read(session, &held);
            self.hold(&held[taken..]);
        }
        match self.state {
            State::Upgraded(_) => self.hand_over(session),
            _ => self.watch_time(session),
        }
    }

    fn on_sent(&mut self, session: &mut Session<'_>, sent: usize, pending: usize) {
        match &mut self.state {
            State::Busy(exchange) => {
                exchange.sent = true;
                self.times.moved = session.now();
                self.go_on_sending(session);
                self.watch_time(session);
            }
            State::Upgraded(protocol) => protocol.on_sent(session, sent, pending),
            State::Idle | State::Over => {}
        }
    }

    fn on_drain(&mut self, session: &mut Session<'_>) {
        if let State::Upgraded(protocol) = &mut self.state {
            protocol.on_drain(session);
        }
    }

    fn on_wake(&mut self, session: &mut Session<'_>) {
        match &mut self.state {
            State::Upgraded(protocol) => return protocol.on_wake(session),
            State::Over => {}
            State::Idle => {
                if let Some(journey) = self.lane.take() {
                    self.go_on_with(session, Freed::Next(journey));
                }
            }
            State::Busy(exchange) if exchange.is_unwanted() => self.cancel(session),
            State::Busy(_) => {
                session.set_busy(false);
                self.go_on_sending(session);
            }
        }
        self.watch_time(session);
    }

    fn on_alarm(&mut self, session: &mut Session<'_>) {
        if let State::Upgraded(protocol) = &mut self.state {
            return protocol.on_alarm(session);
        }
        self.time_is_up(session);
        self.watch_time(session);
    }

    fn on_shutdown(&mut self, session: &mut Session<'_>) -> Shutdown {
        self.leaving = true;
        match &mut self.state {
            State::Upgraded(protocol) => protocol.on_shutdown(session),
            State::Busy(_) => Shutdown::Later,
            State::Idle | State::Over => Shutdown::Now,
        }
    }

    fn on_end(&mut self, session: &mut Session<'_>) -> End {
        match &mut self.state {
            State::Busy(exchange) => match exchange.may_end() {
                true => self.complete(session),
                // What is queued is not sent any more: it may be asked again then.
                false => session.cut(CloseReason::Remote),
            },
            State::Idle => drop(self.shared.retire(&self.lane)),
            State::Over => {}
            State::Upgraded(protocol) => return protocol.on_end(session),
        }
        End::Close
    }

    fn on_error(&mut self, session: &mut Session<'_>, error: &Error) {
        if let State::Upgraded(protocol) = &mut self.state {
            protocol.on_error(session, error);
        }
    }

    fn on_close(&mut self, session: &mut Session<'_>, reason: &CloseReason) {
        let state = std::mem::replace(&mut self.state, State::Over);
        self.shared.lost(&self.lane, Some(reason.to_error("stay connected")));
        match state {
            State::Busy(exchange) => self.cut_off(exchange, reason),
            State::Upgraded(mut protocol) => {
                // It is the last that has the connection live.
                self.lane.close();
                protocol.on_close(session, reason);
            }
            State::Idle | State::Over => {}
        }
    }
}
