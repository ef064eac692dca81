//! A client's protocol: it asks whether it may speak WebSocket, and then does.

use std::sync::Arc;
use std::time::Duration;

use super::ask::Ask;
use super::greeting::{Agreement, Answer, Greeting};
use crate::codec::ws::handshake::Key;
use crate::session::{CloseReason, End, Goodbye, Protocol, Session};
use crate::ws::Handler;
use crate::ws::conversation::Conversation;
use crate::ws::frames::random;
use crate::ws::options::Terms;

pub(super) struct Caller<H> {
    ask: Ask,
    /// Until there is an answer.
    greeting: Option<Box<Greeting>>,
    /// The last answer was that it need not ask again.
    gives_up: bool,
    conversation: Conversation<H>,
}

impl<H: Handler> Caller<H> {
    pub(super) fn new(ask: Ask, terms: Arc<Terms>, handler: H) -> Self {
        let conversation = Conversation::new(terms, handler);
        Self { ask, greeting: None, gives_up: false, conversation }
    }

    fn agree(&mut self, session: &mut Session<'_>, agreement: Agreement) {
        let Agreement { opening, deflate, rest } = agreement;
        self.greeting = None;
        self.conversation.begin(session, opening, deflate);
        self.conversation.hold(&rest);
        session.shaken_hands();
    }
}

impl<H: Handler> Protocol for Caller<H> {
    fn shakes_hands(&self) -> bool {
        true
    }

    fn on_connected(&mut self, session: &mut Session<'_>) {
        let mut bytes = [0; 16];
        random(&mut bytes);
        let key = Key::new(bytes);
        if let Err(invalid) = session.compose(|out| self.ask.write(&key, out)) {
            return session.end(CloseReason::Because(invalid.to_string().into()));
        }
        self.greeting = Some(Box::new(Greeting::new(key)));
    }

    fn on_failed(&mut self, reason: &CloseReason) -> Option<CloseReason> {
        let refusal = self.greeting.take()?.into_refusal().filter(|_| !reason.is_asked())?;
        self.gives_up = refusal.is_final();
        self.conversation.handler().on_refused(&refusal);
        Some(refusal.reason())
    }

    fn gives_up(&mut self) -> bool {
        std::mem::take(&mut self.gives_up)
    }

    fn on_open(&mut self, session: &mut Session<'_>) {
        self.conversation.on_open(session);
    }

    fn on_data(&mut self, session: &mut Session<'_>, data: &mut [u8]) {
        let Some(greeting) = &mut self.greeting else {
            return self.conversation.on_data(session, data);
        };
        match greeting.hear(&self.ask, data) {
            Ok(Answer::Partial) => {}
            Ok(Answer::Agreed(agreement)) => self.agree(session, *agreement),
            // The reason is the refusal's.
            Ok(Answer::Refused) => session.end(CloseReason::Remote),
            Err(violation) => session.end(CloseReason::Protocol(violation)),
        }
    }

    fn on_sent(&mut self, session: &mut Session<'_>, sent: usize, pending: usize) {
        self.conversation.on_sent(session, sent, pending);
    }

    fn on_drain(&mut self, session: &mut Session<'_>) {
        self.conversation.on_drain(session);
    }

    fn on_alarm(&mut self, session: &mut Session<'_>) {
        self.conversation.on_alarm(session);
    }

    fn on_goodbye(&mut self, session: &mut Session<'_>, reason: &CloseReason) -> Goodbye {
        self.conversation.on_goodbye(session, reason)
    }

    fn on_waiting(&mut self, attempt: u32, delay: Duration) {
        self.conversation.on_waiting(attempt, delay);
    }

    fn on_end(&mut self, session: &mut Session<'_>) -> End {
        self.conversation.on_end(session)
    }

    fn on_close(&mut self, session: &mut Session<'_>, reason: &CloseReason) {
        self.conversation.on_close(session, reason);
    }
}
