//! The middleware of one session, from the outermost to the innermost, around its protocol.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use super::middleware::{Middleware, Verdict};
use super::protocol::{End, Goodbye, Protocol, Shutdown};
use super::{CloseReason, Session};
use crate::error::Error;

/// [`Middleware`] of whatever type.
pub(super) trait Stage: Send {
    fn on_open(&mut self, session: &mut Session<'_>);
    fn on_received(&mut self, session: &mut Session<'_>, message: &mut Cow<'_, [u8]>) -> Verdict;
    fn on_sending(&mut self, session: &mut Session<'_>, message: &mut Cow<'_, [u8]>) -> Verdict;
    fn on_error(&mut self, session: &mut Session<'_>, error: &Error);
    fn on_close(&mut self, session: &mut Session<'_>, reason: &CloseReason);
}

impl<M: Middleware> Stage for M {
    fn on_open(&mut self, session: &mut Session<'_>) {
        self.on_open(session);
    }

    fn on_received(&mut self, session: &mut Session<'_>, message: &mut Cow<'_, [u8]>) -> Verdict {
        self.on_received(session, message)
    }

    fn on_sending(&mut self, session: &mut Session<'_>, message: &mut Cow<'_, [u8]>) -> Verdict {
        self.on_sending(session, message)
    }

    fn on_error(&mut self, session: &mut Session<'_>, error: &Error) {
        self.on_error(session, error);
    }

    fn on_close(&mut self, session: &mut Session<'_>, reason: &CloseReason) {
        self.on_close(session, reason);
    }
}

/// The session has it while it is open, so that whatever is sent finds it; while one of its
/// stages runs, it is out, so that what a stage sends does not.
pub(super) struct Chain {
    stages: Vec<Box<dyn Stage>>,
    /// How many of the stages have been told that the session is open.
    opened: usize,
}

impl Chain {
    /// The protocol with the stages around it; without any, just the protocol.
    pub(super) fn around(
        protocol: Box<dyn Protocol>,
        stages: Vec<Box<dyn Stage>>,
    ) -> Box<dyn Protocol> {
        if stages.is_empty() {
            return protocol;
        }
        let chain = Box::new(Self { stages, opened: 0 });
        Box::new(Layered { protocol, chain: Some(chain), opened: false })
    }

    /// Lets the session's chain run, if it has one that does not run already.
    pub(super) fn run<R>(
        session: &mut Session<'_>,
        run: impl FnOnce(&mut Self, &mut Session<'_>) -> R,
    ) -> Option<R> {
        let mut chain = session.chain()?.take()?;
        let result = catch_unwind(AssertUnwindSafe(|| run(&mut chain, session)));
        session.set_chain(chain);
        Some(result.unwrap_or_else(|panic| resume_unwind(panic)))
    }

    fn open(&mut self, session: &mut Session<'_>) {
        self.opened = 0;
        for stage in &mut self.stages {
            if !session.is_open() {
                return;
            }
            self.opened += 1;
            stage.on_open(session);
        }
    }

    pub(super) fn received(
        &mut self,
        session: &mut Session<'_>,
        message: &mut Cow<'_, [u8]>,
    ) -> Verdict {
        let passes = |stage: &mut Box<dyn Stage>| {
            stage.on_received(session, message) == Verdict::Pass && session.is_open()
        };
        if self.stages.iter_mut().all(passes) { Verdict::Pass } else { Verdict::Drop }
    }

    pub(super) fn sending(
        &mut self,
        session: &mut Session<'_>,
        message: &mut Cow<'_, [u8]>,
    ) -> Verdict {
        let passes =
            |stage: &mut Box<dyn Stage>| stage.on_sending(session, message) == Verdict::Pass;
        if self.stages.iter_mut().rev().all(passes) { Verdict::Pass } else { Verdict::Drop }
    }

    pub(super) fn error(&mut self, session: &mut Session<'_>, error: &Error) {
        self.opened().for_each(|stage| stage.on_error(session, error));
    }

    fn close(&mut self, session: &mut Session<'_>, reason: &CloseReason) {
        self.opened().for_each(|stage| stage.on_close(session, reason));
        self.opened = 0;
    }

    /// The stages that know of the session, from the innermost.
    fn opened(&mut self) -> impl Iterator<Item = &mut Box<dyn Stage>> {
        self.stages[..self.opened].iter_mut().rev()
    }
}

/// A protocol with middleware around it.
struct Layered {
    protocol: Box<dyn Protocol>,
    /// While there is no connection.
    chain: Option<Box<Chain>>,
    /// The protocol's handler has been told of the connection.
    opened: bool,
}

impl Protocol for Layered {
    fn on_handshake(&mut self, session: &mut Session<'_>) {
        self.protocol.on_handshake(session);
    }

    fn shakes_hands(&self) -> bool {
        self.protocol.shakes_hands()
    }

    fn on_connected(&mut self, session: &mut Session<'_>) {
        self.protocol.on_connected(session);
    }

    fn on_failed(&mut self, reason: &CloseReason) -> Option<CloseReason> {
        self.protocol.on_failed(reason)
    }

    fn gives_up(&mut self) -> bool {
        self.protocol.gives_up()
    }

    fn on_open(&mut self, session: &mut Session<'_>) {
        if let Some(chain) = self.chain.take() {
            session.set_chain(chain);
        }
        Chain::run(session, Chain::open);
        self.opened = session.is_open();
        if self.opened {
            self.protocol.on_open(session);
        }
    }

    fn on_data(&mut self, session: &mut Session<'_>, data: &mut [u8]) {
        self.protocol.on_data(session, data);
    }

    fn on_sent(&mut self, session: &mut Session<'_>, sent: usize, pending: usize) {
        if self.opened {
            self.protocol.on_sent(session, sent, pending);
        }
    }

    fn on_drain(&mut self, session: &mut Session<'_>) {
        if self.opened {
            self.protocol.on_drain(session);
        }
    }

    fn on_wake(&mut self, session: &mut Session<'_>) {
        self.protocol.on_wake(session);
    }

    fn on_alarm(&mut self, session: &mut Session<'_>) {
        self.protocol.on_alarm(session);
    }

    fn on_shutdown(&mut self, session: &mut Session<'_>) -> Shutdown {
        self.protocol.on_shutdown(session)
    }

    fn on_goodbye(&mut self, session: &mut Session<'_>, reason: &CloseReason) -> Goodbye {
        if self.opened { self.protocol.on_goodbye(session, reason) } else { Goodbye::Over }
    }

    fn successor(&mut self) -> Option<Box<dyn Protocol>> {
        if let Some(successor) = self.protocol.successor() {
            self.protocol = successor;
        }
        None
    }

    fn on_waiting(&mut self, attempt: u32, delay: Duration) {
        self.protocol.on_waiting(attempt, delay);
    }

    fn on_end(&mut self, session: &mut Session<'_>) -> End {
        self.protocol.on_end(session)
    }

    fn on_error(&mut self, session: &mut Session<'_>, error: &Error) {
        Chain::run(session, |chain, session| chain.error(session, error));
    }

    fn on_close(&mut self, session: &mut Session<'_>, reason: &CloseReason) {
        let protocol = &mut self.protocol;
        let told = match std::mem::take(&mut self.opened) {
            true => catch_unwind(AssertUnwindSafe(|| protocol.on_close(session, reason))),
            false => Ok(()),
        };
        let close = || Chain::run(session, |chain, session| chain.close(session, reason));
        let stages_told = catch_unwind(AssertUnwindSafe(close)).map(drop);
        self.chain = session.chain().and_then(Option::take);
        told.and(stages_told).unwrap_or_else(|panic| resume_unwind(panic));
    }
}
