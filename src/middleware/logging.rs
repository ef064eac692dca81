//! A log of what happens to sessions.

use std::borrow::Cow;

use log::Level;

use super::{Layer, Middleware, Verdict};
use crate::session::{CloseReason, Session};
use crate::{Endpoint, Error};

/// Writes what happens to sessions into the [`log`]: at [`Level::Info`] that they open and end and
/// why, at [`Level::Warn`] what ends them that should not, at [`Level::Trace`] each message with
/// its length.
///
/// The target is `sockeye::sessions` unless told otherwise; each record has the session's id and its
/// peer as key-values, `session` and `peer`. What messages say is not written, as it may be secret,
/// unless [`contents`](Self::contents) wants it.
///
/// ```
/// use sockeye::{middleware, raw};
///
/// let echo = |session: &mut raw::Session<'_>, data: &[u8]| { session.send(data); };
/// let protocol = raw::server(move |_| echo)
///     .with(middleware::Logging::new().target("echo").contents(32));
/// ```
///
/// Clients take it as it is, servers make one for each session.
#[derive(Clone, Copy, Debug)]
pub struct Logging {
    target: &'static str,
    sessions: Level,
    messages: Level,
    contents: usize,
}

impl Logging {
    /// With the levels and the target above.
    pub fn new() -> Self {
        Self {
            target: "sockeye::sessions",
            sessions: Level::Info,
            messages: Level::Trace,
            contents: 0,
        }
    }

    /// The target of the records. Default: `sockeye::sessions`.
    #[must_use]
    pub fn target(mut self, target: &'static str) -> Self {
        self.target = target;
        self
    }

    /// The level of what is told once per session. Default: [`Level::Info`].
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.sessions = level;
        self
    }

    /// The level of what is told for each message. Default: [`Level::Trace`].
    #[must_use]
    pub fn message_level(mut self, level: Level) -> Self {
        self.messages = level;
        self
    }

    /// Writes up to so many bytes of each message, with what is not printable escaped. Default: 0.
    #[must_use]
    pub fn contents(mut self, bytes: usize) -> Self {
        self.contents = bytes;
        self
    }

    fn message(&self, session: &Session<'_>, what: &str, message: &[u8]) {
        if !log::log_enabled!(target: self.target, self.messages) {
            return;
        }
        let shown = &message[..message.len().min(self.contents)];
        let more = if shown.len() < message.len() && !shown.is_empty() { ".." } else { "" };
        let colon = if shown.is_empty() { "" } else { ": " };
        log::log!(
            target: self.target, self.messages,
            session:% = session.id(), peer:% = Peer(session);
            "{what} {} bytes{colon}{}{more}", message.len(), shown.escape_ascii()
        );
    }
}

impl Default for Logging {
    fn default() -> Self {
        Self::new()
    }
}

impl Layer for Logging {
    type Middleware = Self;

    fn middleware(&self, _peer: &Endpoint) -> Self {
        *self
    }
}

impl Middleware for Logging {
    fn on_open(&mut self, session: &mut Session<'_>) {
        log::log!(
            target: self.target, self.sessions,
            session:% = session.id(), peer:% = Peer(session); "opened"
        );
    }

    fn on_received(&mut self, session: &mut Session<'_>, message: &mut Cow<'_, [u8]>) -> Verdict {
        self.message(session, "received", message);
        Verdict::Pass
    }

    fn on_sending(&mut self, session: &mut Session<'_>, message: &mut Cow<'_, [u8]>) -> Verdict {
        self.message(session, "sent", message);
        Verdict::Pass
    }

    fn on_error(&mut self, session: &mut Session<'_>, error: &Error) {
        log::warn!(
            target: self.target, session:% = session.id(), peer:% = Peer(session); "{error}"
        );
    }

    fn on_close(&mut self, session: &mut Session<'_>, reason: &CloseReason) {
        log::log!(
            target: self.target, self.sessions,
            session:% = session.id(), peer:% = Peer(session); "{reason}"
        );
    }
}

struct Peer<'a, 's>(&'a Session<'s>);

impl std::fmt::Display for Peer<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.peer_addr() {
            Some(peer) => peer.fmt(f),
            None => f.write_str("nobody"),
        }
    }
}
