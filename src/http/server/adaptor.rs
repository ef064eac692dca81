//! Between a session's bytes and a handler's requests.
//!
//! Requests are answered strictly in order, and one is begun when the one before is answered: what
//! comes meanwhile is held, up to one read, and then nothing more is read.

use std::sync::Arc;

use super::Site;
use super::answering::{Sending, Waiting};
use super::exchange::Exchange;
use super::receiving::Receiving;
use super::times::Times;
use crate::codec::http::{HeadScanner, Length, Rejection, RequestHead, Slots};
use crate::error::{Error, Violation};
use crate::http::{Request, Response};
use crate::session::{CloseReason, End, Goodbye, Protocol, Session, Shutdown};

pub(super) struct Adaptor {
    pub(super) site: Arc<Site>,
    pub(super) state: State,
    /// What was read and not taken: a part of a head, or what comes behind a request that is not
    /// answered.
    pub(super) held: Vec<u8>,
    scanner: HeadScanner,
    pub(super) times: Times,
    /// The server shuts down: the answer under way is the last one.
    pub(super) leaving: bool,
}

#[derive(Default)]
pub(super) enum State {
    /// The next thing is a head.
    #[default]
    Idle,
    Receiving(Box<Receiving>),
    Waiting(Box<Waiting>),
    Sending(Box<Sending>),
    /// All is said.
    Over,
    Upgraded(Box<dyn Protocol>),
}

impl Adaptor {
    pub(super) fn new(site: Arc<Site>) -> Self {
        Self {
            site,
            state: State::Idle,
            held: Vec::new(),
            scanner: HeadScanner::new(),
            times: Times::new(std::time::Instant::now()),
            leaving: false,
        }
    }

    /// Goes on with what was held, and what has come since.
    fn go_on(&mut self, session: &mut Session<'_>, data: &[u8]) {
        let mut held = std::mem::take(&mut self.held);
        held.extend_from_slice(data);
        let taken = self.serve(session, &held);
        held.drain(..taken);
        if !held.is_empty() {
            held.shrink_to(2 * held.len());
            self.held = held;
        }
    }

    /// Serves requests as long as that is possible; how many bytes they took.
    fn serve(&mut self, session: &mut Session<'_>, data: &[u8]) -> usize {
        let mut at = 0;
        while at < data.len() && session.receives() {
            let taken = match &self.state {
                State::Idle => self.next_request(session, &data[at..]),
                State::Receiving(_) => self.receive(session, &data[at..]),
                _ => break,
            };
            if taken == 0 {
                break;
            }
            at += taken;
        }
        at
    }

    /// The request that `data` begins with; how many bytes of it were taken.
    #[inline]
    fn next_request(&mut self, session: &mut Session<'_>, data: &[u8]) -> usize {
        if !self.scanner.is_due(data, &self.site.limits.head) {
            return 0;
        }
        let mut slots = Slots::new();
        match RequestHead::parse(data, &mut slots, &self.site.limits.head) {
            Ok(None) => 0,
            Ok(Some((head, len))) => {
                self.scanner.reset();
                self.times.asked = session.now();
                let (raw, rest) = data.split_at(len);
                if head.length() != Length::None {
                    return len + self.begin(session, &head, raw, rest);
                }
                self.handle(session, Exchange::of(&head), &head, raw, &[]);
                len
            }
            Err(rejection) => {
                self.reject(session, rejection);
                0
            }
        }
    }

    /// Has a request answered that is there as a whole.
    #[inline]
    pub(super) fn handle(
        &mut self,
        session: &mut Session<'_>,
        exchange: Exchange,
        head: &RequestHead<'_>,
        raw: &[u8],
        body: &[u8],
    ) {
        let site = &self.site;
        let answer = session.fenced("handle a request", |session| {
            let mut request = Request::new(head, raw, body, None, session.reborrow());
            site.handler.handle(&mut request)
        });
        self.answer_or_fail(session, exchange, answer);
    }

    /// Answers what is no request, or too much of one, and closes: where the next one would begin
    /// nobody knows.
    pub(super) fn reject(&mut self, session: &mut Session<'_>, rejection: Rejection) {
        let text = format!("{}\n", rejection.why);
        Self::say(session, Response::error(rejection.status, text));
        self.cut_off(Error::new(crate::ErrorKind::Invalid, "read a body").because(rejection.why));
        self.state = State::Over;
        session.violated(rejection.into());
    }

    /// After everything: what is left waits for what it needs.
    fn rest(&mut self, session: &mut Session<'_>) {
        match &self.state {
            State::Over => self.held = Vec::new(),
            State::Upgraded(_) => return self.hand_over(session),
            State::Idle if self.held.is_empty() => {}
            State::Idle | State::Receiving(_) if !session.receives() => session.hold_back(),
            State::Idle | State::Receiving(_) => {}
            State::Waiting(_) | State::Sending(_) if self.held.is_empty() => {}
            State::Waiting(_) | State::Sending(_) => {
                session.set_busy(true);
                session.hold_back();
            }
        }
        self.watch_time(session);
    }

    /// What came behind the request is the other protocol's.
    fn hand_over(&mut self, session: &mut Session<'_>) {
        let mut held = std::mem::take(&mut self.held);
        session.set_busy(false);
        if let State::Upgraded(protocol) = &mut self.state
            && !held.is_empty()
        {
            protocol.on_data(session, &mut held);
        }
    }
}

impl Protocol for Adaptor {
    fn on_open(&mut self, session: &mut Session<'_>) {
        self.times = Times::new(session.now());
        self.watch_time(session);
    }

    fn on_data(&mut self, session: &mut Session<'_>, data: &mut [u8]) {
        if let State::Upgraded(protocol) = &mut self.state {
            return protocol.on_data(session, data);
        }
        let now = session.now();
        self.times.moved = now;
        if session.queued() == 0 {
            self.times.sent = now;
        }
        if self.held.is_empty() {
            if matches!(self.state, State::Idle) {
                self.times.begun = now;
            }
            let taken = self.serve(session, data);
            self.held.extend_from_slice(&data[taken..]);
        } else {
            self.go_on(session, data);
        }
        self.rest(session);
    }

    fn on_sent(&mut self, session: &mut Session<'_>, sent: usize, pending: usize) {
        self.times.sent = session.now();
        match &mut self.state {
            State::Upgraded(protocol) => protocol.on_sent(session, sent, pending),
            State::Sending(_) => {
                self.go_on_sending(session);
                self.rest(session);
            }
            _ => self.watch_time(session),
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
            State::Waiting(_) => self.look_for_answer(session),
            State::Sending(_) => self.go_on_sending(session),
            State::Receiving(_) => self.go_on_receiving(session),
            State::Idle | State::Over => {}
        }
        self.rest(session);
    }

    fn on_alarm(&mut self, session: &mut Session<'_>) {
        match &mut self.state {
            State::Upgraded(protocol) => protocol.on_alarm(session),
            _ => self.time_is_up(session),
        }
    }

    fn on_shutdown(&mut self, session: &mut Session<'_>) -> Shutdown {
        match &mut self.state {
            State::Upgraded(protocol) => return protocol.on_shutdown(session),
            State::Idle if self.held.is_empty() => return Shutdown::Now,
            State::Over => return Shutdown::Now,
            // What has no end of its own ends here.
            State::Sending(sending) if !sending.body.may_end() => {
                sending.body.stop(session);
                self.state = State::Over;
                return Shutdown::Now;
            }
            _ => {}
        }
        self.leaving = true;
        Shutdown::Later
    }

    fn on_goodbye(&mut self, session: &mut Session<'_>, reason: &CloseReason) -> Goodbye {
        match &mut self.state {
            State::Upgraded(protocol) => protocol.on_goodbye(session, reason),
            _ => Goodbye::Over,
        }
    }

    fn successor(&mut self) -> Option<Box<dyn Protocol>> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Upgraded(protocol) => Some(protocol),
            other => {
                self.state = other;
                None
            }
        }
    }

    fn on_end(&mut self, session: &mut Session<'_>) -> End {
        match &mut self.state {
            State::Upgraded(protocol) => return protocol.on_end(session),
            State::Waiting(_) | State::Sending(_) => {
                if self.is_last() {
                    return End::KeepOpen;
                }
            }
            State::Idle if self.held.is_empty() => {}
            State::Idle | State::Receiving(_) => session.violated(Violation::Incomplete),
            State::Over => {}
        }
        End::Close
    }

    fn on_error(&mut self, session: &mut Session<'_>, error: &Error) {
        if let State::Upgraded(protocol) = &mut self.state {
            protocol.on_error(session, error);
        }
    }

    fn on_close(&mut self, session: &mut Session<'_>, reason: &CloseReason) {
        match &mut self.state {
            State::Upgraded(protocol) => protocol.on_close(session, reason),
            _ => self.cut_off(reason.to_error("read a body")),
        }
        self.state = State::Over;
    }
}
