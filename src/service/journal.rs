//! What the library writes into the program's log.

use log::Level;

use super::panics::contain;
use crate::error::{Error, ErrorKind};

/// Has a record written, if anybody wants those of its level: where not, nothing is looked up for it.
/// The logger is the program's, and may panic like all that is.
pub(crate) fn note(level: Level, write: impl FnOnce()) {
    if level <= log::STATIC_MAX_LEVEL && level <= log::max_level() {
        // There is nobody left to tell.
        let _ = contain("write into the log", write);
    }
}

/// How loud an error is to be told, which is only of interest at this level if it is like most.
pub(crate) fn severity(error: &Error, usual: Level) -> Level {
    match error.kind() {
        ErrorKind::Panicked => Level::Error,
        ErrorKind::OutOfResources => usual.min(Level::Warn),
        _ => usual,
    }
}
