//! What sessions write into the log, with the target `sockeye::session`: nothing for each message, and
//! nothing that was sent.

use std::fmt;

use log::Level;

use super::CloseReason;
use super::link::Link;
use crate::error::Error;
use crate::service::{note, severity};

const TARGET: &str = "sockeye::session";

impl Link {
    pub(super) fn note_opened(&self) {
        note(Level::Debug, || {
            log::debug!(target: TARGET, session:% = self.id, peer:% = Peer(self); "opened");
        });
    }

    pub(super) fn note_end(&self, reason: &CloseReason, opened: bool) {
        let end = if opened { "closed" } else { "not opened" };
        note(Level::Debug, || {
            log::debug!(
                target: TARGET,
                session:% = self.id, peer:% = Peer(self), reason = reason.name();
                "{end}: {reason}"
            );
        });
    }

    /// Tells of an error that ends nothing, or a panic.
    pub(super) fn fail(&self, error: &Error) {
        let level = severity(error, Level::Debug);
        note(level, || {
            log::log!(target: TARGET, level, session:% = self.id, peer:% = Peer(self); "{error}");
        });
        self.owner.failed(error);
    }
}

struct Peer<'a>(&'a Link);

impl fmt::Display for Peer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.peer() {
            Some(peer) => peer.fmt(f),
            None => f.write_str("nobody"),
        }
    }
}
