//! What a client tells the program.

use std::time::Duration;

use crate::error::Error;
use crate::session::{CloseReason, Handle};

/// What a client tells the program, beside what its handler is told.
///
/// Called on service threads, one at a time but for [`Events::on_error`], and never with a lock
/// held. Panics are contained and told to the service's `on_error`. Everything has a default.
pub trait Events: Send + Sync + 'static {
    /// An attempt to connect begins.
    fn on_connecting(&self) {}

    /// Connected; the handler's `on_open` has run.
    fn on_connected(&self, session: &Handle) {
        let _ = session;
    }

    /// Disconnected; the handler's `on_close` has run.
    fn on_disconnected(&self, reason: &CloseReason) {
        let _ = reason;
    }

    /// The next attempt, counted from 1, begins after the delay.
    fn on_reconnecting(&self, attempt: u32, delay: Duration) {
        let _ = (attempt, delay);
    }

    /// An attempt failed, or a callback panicked.
    fn on_error(&self, error: &Error) {
        let _ = error;
    }
}

/// Tells nobody.
pub(super) struct Silent;

impl Events for Silent {}
