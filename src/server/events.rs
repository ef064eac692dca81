//! What a server tells the program.

use super::Refusal;
use crate::error::Error;
use crate::net::Endpoint;
use crate::session::{CloseReason, Handle};

/// What a server tells the program, beside what each session's handler is told.
///
/// Called on service threads, or on the thread that calls the server: several at a time, and
/// never with a lock held. Panics are contained and told to the service's `on_error`. Everything
/// has a default.
pub trait Events: Send + Sync + 'static {
    /// The server is about to listen: its sockets are bound.
    fn on_starting(&self, addresses: &[Endpoint]) {
        let _ = addresses;
    }

    /// The server listens.
    fn on_started(&self, addresses: &[Endpoint]) {
        let _ = addresses;
    }

    /// The server is about to stop listening.
    fn on_stopping(&self) {}

    /// The server does not listen any more. Sessions may go on.
    fn on_stopped(&self) {}

    /// Somebody connects whom every [`Filter`](super::Filter) lets in; false refuses him: the
    /// connection is reset before a handler is made.
    fn on_accept(&self, peer: &Endpoint) -> bool {
        let _ = peer;
        true
    }

    /// A connection was refused and is reset, for this reason. In a flood this is called for each
    /// of its connections.
    fn on_refused(&self, peer: &Endpoint, refusal: &Refusal) {
        let _ = (peer, refusal);
    }

    /// A session has opened; its handler's `on_open` has run.
    fn on_open(&self, session: &Handle) {
        let _ = session;
    }

    /// A session is about to be closed; its handler's `on_close` comes next.
    fn on_closing(&self, session: &Handle, reason: &CloseReason) {
        let _ = (session, reason);
    }

    /// A session has closed; its handler's `on_close` has run.
    fn on_close(&self, session: &Handle, reason: &CloseReason) {
        let _ = (session, reason);
    }

    /// Something failed that has no session to tell: accepting, above all.
    fn on_error(&self, error: &Error) {
        let _ = error;
    }
}

/// Tells nobody.
pub(super) struct Silent;

impl Events for Silent {}
