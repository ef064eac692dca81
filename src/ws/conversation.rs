//! Between a session's bytes and a handler's messages, once both sides speak WebSocket.

use std::mem;
use std::sync::Arc;

use super::compression::Inflating;
use super::frames::{PING, PONG, control};
use super::options::Terms;
use super::{By, Code, Farewell, Fragment, Handler, Opening, Session};
use crate::codec::ws::deflate::{CORRUPT, Deflate};
use crate::codec::ws::{Event, Receiver, Role, Rules};
use crate::error::{Error, ErrorKind, Violation};
use crate::session::{self, CloseReason, End, Goodbye, Limit, Protocol};

/// One connection. An idle one without a heartbeat or compression is these words and its handler.
pub(super) struct Conversation<H> {
    terms: Arc<Terms>,
    receiver: Receiver,
    rare: Option<Box<Rare>>,
    handler: H,
}

/// What few connections have, or few moments.
#[derive(Default)]
struct Rare {
    /// Until the handler has been told.
    opening: Option<Box<Opening>>,
    /// What has been read and could not be handed out.
    held: Vec<u8>,
    inflating: Option<Inflating>,
    /// Pings since something was heard of the peer.
    missed: u32,
}

impl Rare {
    fn is_empty(&self) -> bool {
        let idle = self.opening.is_none() && self.held.is_empty();
        idle && self.inflating.is_none() && self.missed == 0
    }
}

impl<H: Handler> Conversation<H> {
    pub(super) fn new(terms: Arc<Terms>, handler: H) -> Self {
        Self { terms, receiver: Receiver::default(), rare: None, handler }
    }

    /// Has the session speak as both sides have agreed, before it opens.
    pub(super) fn begin(
        &mut self,
        session: &mut session::Session<'_>,
        opening: Opening,
        agreed: Option<Deflate>,
    ) {
        self.terms.speak(session, agreed.as_ref());
        let inflating = agreed.map(|agreed| self.terms.inflating(agreed));
        let rare = Rare { opening: Some(Box::new(opening)), inflating, ..Rare::default() };
        self.rare = Some(Box::new(rare));
    }

    /// Keeps what has come behind the handshake until the handler knows of the connection.
    pub(super) fn hold(&mut self, data: &[u8]) {
        if !data.is_empty() {
            self.rare().held.extend_from_slice(data);
        }
    }

    pub(super) fn handler(&mut self) -> &mut H {
        &mut self.handler
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    fn tidy(&mut self) {
        self.rare.take_if(|rare| rare.is_empty());
    }

    fn rules(&self) -> Rules {
        let deflate = self.rare.as_ref().is_some_and(|rare| rare.inflating.is_some());
        match self.handler.fragments() {
            true => Rules { deflate, whole: false, max_message: usize::MAX, ..self.terms.rules },
            false => Rules { deflate, ..self.terms.rules },
        }
    }

    /// Hands out what was held back, and then what has come since.
    fn go_on(&mut self, session: &mut session::Session<'_>, data: &[u8]) {
        let mut held = mem::take(&mut self.rare().held);
        held.extend_from_slice(data);
        let left = self.hand_out(session, &mut held);
        if left > 0 {
            held.drain(..held.len() - left);
            self.rare().held = held;
        } else {
            self.tidy();
        }
    }

    /// Hands out messages as long as the session wants them; the number of bytes that are left.
    fn hand_out(&mut self, session: &mut session::Session<'_>, mut data: &mut [u8]) -> usize {
        let rules = self.rules();
        let Self { terms, receiver, rare, handler } = self;
        let mut inflating = rare.as_mut().and_then(|rare| rare.inflating.take());
        let mut failure = None;
        while session.receives() || session.awaits_goodbye() {
            match receiver.next(&rules, &mut inflating, &mut data) {
                Ok(Some(event)) => hear(handler, terms.rules.role, session, event),
                Ok(None) => break,
                Err(found) => {
                    failure = Some(found);
                    break;
                }
            }
        }
        let left = data.len();
        if inflating.is_some() {
            self.rare().inflating = inflating;
        }
        if let Some(failure) = failure {
            session.violated(failure.violation);
            // In answer to a goodbye, nothing can be said any more.
            session.heard_goodbye(Goodbye::Over);
        }
        if session.is_open() {
            self.handler.on_read_complete(&mut Session::of(session.reborrow()));
        }
        // What the peer has said already may be its goodbye.
        if !session.is_open() && !session.is_parting() {
            return 0;
        }
        if left > 0 {
            session.hold_back();
        }
        left
    }

    /// The peer's close, or what it can't come behind, may be in what was held back.
    fn hears_close(&mut self) -> bool {
        let rules = self.rules();
        let Some(rare) = &mut self.rare else { return false };
        let mut held = mem::take(&mut rare.held);
        let mut data = &mut held[..];
        loop {
            match self.receiver.next(&rules, &mut rare.inflating, &mut data) {
                Ok(Some(Event::Close(_))) | Err(_) => return true,
                Ok(Some(_)) => {}
                Ok(None) => return false,
            }
        }
    }

    fn say_close(&self, session: &mut session::Session<'_>, code: Option<Code>, text: &str) {
        session.compose(|out| self.terms.frames.put_close(out, code, text));
    }

    fn look_at_peer(&mut self, session: &mut session::Session<'_>) {
        let Some(heartbeat) = self.terms.options.heartbeat else { return };
        // Of a peer that nobody reads from, no answer is seen.
        if !session.is_paused() {
            if self.rare().missed >= heartbeat.missed {
                return session.cut(CloseReason::Timeout(Limit::Pong));
            }
            self.rare().missed += 1;
        }
        // If it does not fit, the peer has not taken what is before it: that counts as well.
        let _ = session.offer_tagged(control(PING), &[]);
        session.set_alarm(session.now().checked_add(heartbeat.interval));
    }
}

/// Tells the handler.
#[inline(always)]
fn hear<H: Handler>(
    handler: &mut H,
    role: Role,
    session: &mut session::Session<'_>,
    event: Event<'_>,
) {
    match event {
        Event::Close(said) => hear_close(role, session, said),
        // This side has closed.
        _ if !session.is_open() => {}
        Event::Text(text) if !session.is_layered() => {
            session.count_messages(1, 0);
            handler.on_text(&mut Session::of(session.reborrow()), text);
        }
        Event::Text(text) => {
            session.receive(text.as_bytes(), |session, text| match std::str::from_utf8(text) {
                Ok(text) => handler.on_text(&mut Session::of(session.reborrow()), text),
                Err(error) => session.report(
                    &Error::new(ErrorKind::Invalid, "hand out a text that middleware has changed")
                        .because(error),
                ),
            });
        }
        Event::Binary(data) => session.receive(data, |session, data| {
            handler.on_binary(&mut Session::of(session.reborrow()), data);
        }),
        Event::Fragment { kind, first, data, last } => {
            session.count_messages(u64::from(last), 0);
            let fragment = Fragment { kind, first, data, last };
            handler.on_fragment(&mut Session::of(session.reborrow()), fragment);
        }
        Event::Ping(data) => {
            // RFC 6455 5.5.3: one that comes before the last is answered may stay without.
            let _ = session.offer_tagged(control(PONG), data);
            handler.on_ping(&mut Session::of(session.reborrow()), data);
        }
        Event::Pong(data) => handler.on_pong(&mut Session::of(session.reborrow()), data),
    }
}

fn hear_close(role: Role, session: &mut session::Session<'_>, said: Option<(Code, &str)>) {
    if session.awaits_goodbye() {
        return session.heard_goodbye(last_step(role));
    }
    let (code, text) = said.unwrap_or((Code::NO_STATUS, ""));
    let farewell = Farewell { by: By::Peer, code: code.get(), text: text.into() };
    session.end(CloseReason::Farewell(farewell));
}

/// What the peer is told of a reason, and whether its answer is waited for.
fn last_words(reason: &CloseReason) -> Option<(String, bool)> {
    match reason {
        CloseReason::Protocol(violation) => Some((violation.to_string(), false)),
        CloseReason::Because(why) => Some((why.to_string(), true)),
        CloseReason::Timeout(_) | CloseReason::RateLimited => Some((reason.to_string(), true)),
        CloseReason::Local | CloseReason::Shutdown => Some((String::new(), true)),
        _ => None,
    }
}

/// Servers end the stream first, so that the port that it takes is theirs (RFC 6455 7.1.1).
fn last_step(role: Role) -> Goodbye {
    match role {
        Role::Server => Goodbye::Over,
        Role::Client => Goodbye::Heard,
    }
}

impl<H: Handler> Protocol for Conversation<H> {
    fn on_open(&mut self, session: &mut session::Session<'_>) {
        if let Some(heartbeat) = self.terms.options.heartbeat {
            session.set_alarm(session.now().checked_add(heartbeat.interval));
        }
        if let Some(opening) = self.rare().opening.take() {
            self.handler.on_open(&mut Session::of(session.reborrow()), &opening);
        }
        if !self.rare().held.is_empty() {
            session.hold_back();
        }
        self.tidy();
    }

    fn on_data(&mut self, session: &mut session::Session<'_>, data: &mut [u8]) {
        if let Some(rare) = &mut self.rare {
            rare.missed = 0;
            if !rare.held.is_empty() {
                return self.go_on(session, data);
            }
        }
        let left = self.hand_out(session, data);
        if left > 0 {
            let begin = data.len() - left;
            self.rare().held.extend_from_slice(&data[begin..]);
        }
    }

    fn on_sent(&mut self, session: &mut session::Session<'_>, sent: usize, pending: usize) {
        self.handler.on_sent(&mut Session::of(session.reborrow()), sent, pending);
    }

    fn on_drain(&mut self, session: &mut session::Session<'_>) {
        self.handler.on_drain(&mut Session::of(session.reborrow()));
    }

    fn on_alarm(&mut self, session: &mut session::Session<'_>) {
        self.look_at_peer(session);
    }

    fn on_goodbye(&mut self, session: &mut session::Session<'_>, reason: &CloseReason) -> Goodbye {
        let role = self.terms.rules.role;
        match reason {
            CloseReason::Farewell(Farewell { by: By::Peer, code, .. }) => {
                // RFC 6455 5.5.1: the same code.
                let code = Some(Code::from(*code)).filter(|code| code.may_be_sent());
                self.say_close(session, code, "");
                return last_step(role);
            }
            CloseReason::Farewell(Farewell { code, text, .. }) => {
                let code = Some(Code::from(*code)).filter(|code| code.may_be_sent());
                self.say_close(session, code.or(Some(Code::INTERNAL_ERROR)), text);
            }
            reason => {
                let Some((words, waits)) = last_words(reason) else { return Goodbye::Over };
                self.say_close(session, Some(Code::of(reason)), &words);
                if !waits {
                    return Goodbye::Over;
                }
            }
        }
        if self.hears_close() { last_step(role) } else { Goodbye::Awaited }
    }

    fn on_waiting(&mut self, attempt: u32, delay: std::time::Duration) {
        self.handler.on_reconnecting(attempt, delay);
    }

    fn on_end(&mut self, session: &mut session::Session<'_>) -> End {
        // Nobody has said goodbye (RFC 6455 7.1.5: 1006).
        session.end(CloseReason::Truncated);
        End::Close
    }

    fn on_close(&mut self, session: &mut session::Session<'_>, reason: &CloseReason) {
        self.receiver = Receiver::default();
        self.rare = None;
        self.handler.on_close(&mut Session::of(session.reborrow()), reason);
    }
}

impl Code {
    /// What a reason is as a code: that of a [`Farewell`], the one that this side has
    /// closed with, or 1006 when the connection was not closed but ended (RFC 6455 7.1.5).
    pub fn of(reason: &CloseReason) -> Self {
        match reason {
            CloseReason::Farewell(farewell) => farewell.code.into(),
            CloseReason::Local | CloseReason::Because(_) => Self::NORMAL,
            CloseReason::Shutdown | CloseReason::Timeout(Limit::Idle) => Self::GOING_AWAY,
            CloseReason::RateLimited => Self::POLICY_VIOLATION,
            CloseReason::Protocol(Violation::TooLong { .. }) => Self::MESSAGE_TOO_BIG,
            CloseReason::Protocol(Violation::NotUtf8) => Self::INVALID_PAYLOAD,
            CloseReason::Protocol(Violation::Malformed(what)) if what == CORRUPT => {
                Self::INVALID_PAYLOAD
            }
            CloseReason::Protocol(_) => Self::PROTOCOL_ERROR,
            _ => Self::ABNORMAL,
        }
    }
}
