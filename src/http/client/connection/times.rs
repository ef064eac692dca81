//! How long a connection may stay as it is.

use std::time::{Duration, Instant};

use super::exchange::{Answer, Exchange, Upload};
use super::{Connection, State};
use crate::error::ErrorKind;
use crate::http::client::journey::Journey;
use crate::http::client::options::deadline;
use crate::session::Session;

/// When things were last as they should be.
pub(super) struct Times {
    /// It has no request.
    pub(super) idle: Instant,
    /// Something was sent.
    pub(super) moved: Instant,
    /// Until when the server may say whether it wants the body.
    pub(super) asked: Option<Instant>,
}

#[derive(Clone, Copy)]
enum Late {
    Idle,
    Continue,
    Head,
    Whole,
}

impl Times {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { idle: now, moved: now, asked: None }
    }

    pub(super) fn begin(&mut self, now: Instant, expects: bool) {
        self.moved = now;
        self.asked = expects.then(|| now + CONTINUE);
    }
}

impl Connection {
    /// Has the session call when something will have taken too long.
    pub(super) fn watch_time(&self, session: &mut Session<'_>) {
        session.set_alarm(self.due(session).map(|(due, _)| due));
    }

    pub(super) fn time_is_up(&mut self, session: &mut Session<'_>) {
        let Some((due, late)) = self.due(session) else { return };
        if Instant::now() < due {
            return;
        }
        let fail = |why: &'static str| {
            move |journey: &Journey| journey.error(ErrorKind::TimedOut).because(why)
        };
        match late {
            Late::Idle if self.shared.retire(&self.lane) => self.leave(session),
            // It was given a request in this moment.
            Late::Idle => self.times.idle = session.now(),
            Late::Continue => self.send_body(session),
            Late::Head => self.fail(session, fail("the head of the answer did not come in time")),
            Late::Whole => self.fail(session, fail("the answer was not complete in time")),
        }
    }

    /// What will take too long first, and from when on.
    fn due(&self, session: &Session<'_>) -> Option<(Instant, Late)> {
        let exchange = match &self.state {
            State::Over | State::Upgraded(_) => return None,
            State::Idle => {
                let due = deadline(self.times.idle, self.shared.settings.idle);
                return due.map(|due| (due, Late::Idle));
            }
            State::Busy(exchange) => exchange,
        };
        let asked = self.times.asked.map(|due| (due, Late::Continue));
        let head = self.head_due(exchange, session).map(|due| (due, Late::Head));
        let whole = exchange.journey.deadline.filter(|_| !exchange.streams());
        let whole = whole.map(|due| (due, Late::Whole));
        [asked, head, whole].into_iter().flatten().min_by_key(|(due, _)| *due)
    }

    /// A head is waited for since the server has last taken something, but not while the program has
    /// yet to say what it is sent.
    fn head_due(&self, exchange: &Exchange, session: &Session<'_>) -> Option<Instant> {
        let waits = match (&exchange.answer, &exchange.upload) {
            (Answer::Head, Upload::Going(_)) => session.queued() > 0,
            (Answer::Head, _) => true,
            (Answer::Body(_), _) => false,
        };
        waits.then(|| deadline(self.times.moved, exchange.journey.options.head)).flatten()
    }
}

/// How long a server may take to say that it wants a body; then it gets it unasked (RFC 9110 10.1.1).
const CONTINUE: Duration = Duration::from_secs(1);
