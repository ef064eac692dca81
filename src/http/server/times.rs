//! How long a connection may stay as it is.

use std::time::Instant;

use super::adaptor::{Adaptor, State};
use crate::codec::http::Status;
use crate::http::Response;
use crate::session::{CloseReason, Limit, Session};

/// When things were last as they should be.
pub(super) struct Times {
    /// A head, or the connection, began.
    pub(super) begun: Instant,
    /// The request's head was complete.
    pub(super) asked: Instant,
    /// Something came, or the last answer was gone.
    pub(super) moved: Instant,
    /// The queue was empty, or fell.
    pub(super) sent: Instant,
    /// There was a request before.
    pub(super) kept: bool,
}

impl Times {
    pub(super) fn new(now: Instant) -> Self {
        Self { begun: now, asked: now, moved: now, sent: now, kept: false }
    }
}

impl Adaptor {
    /// Has the session call when something will have taken too long.
    #[inline]
    pub(super) fn watch_time(&self, session: &mut Session<'_>) {
        session.set_alarm(self.due(session).map(|(due, _)| due));
    }

    pub(super) fn time_is_up(&mut self, session: &mut Session<'_>) {
        match self.due(session) {
            Some((due, limit)) if Instant::now() >= due => self.expired(session, limit),
            _ => self.watch_time(session),
        }
    }

    /// What will take too long first, and from when on.
    fn due(&self, session: &Session<'_>) -> Option<(Instant, Limit)> {
        let (limits, times) = (&self.site.limits, &self.times);
        let (since, time, limit) = match &self.state {
            State::Upgraded(_) | State::Over => return None,
            _ if session.queued() > 0 => (times.sent, limits.send_time, Limit::Send),
            State::Idle if !self.held.is_empty() || !times.kept => {
                (times.begun, limits.head_time, Limit::Head)
            }
            State::Idle => (times.moved, limits.keep_alive, Limit::KeepAlive),
            State::Receiving(receiving) if receiving.waits_for_client() => {
                let body = times.moved.checked_add(limits.body_time);
                let request = times.asked.checked_add(limits.request_time);
                let both =
                    [body.map(|due| (due, Limit::Body)), request.map(|due| (due, Limit::Request))];
                return both.into_iter().flatten().min_by_key(|(due, _)| *due);
            }
            State::Receiving(_) | State::Waiting(_) => {
                (times.asked, limits.request_time, Limit::Request)
            }
            // What is sent as long as the program likes.
            State::Sending(_) => return None,
        };
        since.checked_add(time).map(|due| (due, limit))
    }

    fn expired(&mut self, session: &mut Session<'_>, limit: Limit) {
        let reason = CloseReason::Timeout(limit);
        match (limit, &self.state) {
            (Limit::Send, _) => return session.cut(reason),
            (Limit::KeepAlive, _) => {}
            // Who has said nothing is told nothing.
            (Limit::Head, _) if self.held.is_empty() => {}
            (_, State::Waiting(_)) => Self::give_up(session, Status::SERVICE_UNAVAILABLE),
            _ => Self::give_up(session, Status::REQUEST_TIMEOUT),
        }
        self.state = State::Over;
        session.end(reason);
    }

    fn give_up(session: &mut Session<'_>, status: Status) {
        Self::say(session, Response::error(status, status.phrase()));
    }
}
