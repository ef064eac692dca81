//! How often something went wrong that is told to an `on_error`.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, ErrorKind};

/// Panics, and all else.
#[derive(Default)]
pub(crate) struct Faults {
    panics: AtomicU64,
    errors: AtomicU64,
}

impl Faults {
    pub(crate) fn count(&self, error: &Error) {
        let counter = match error.kind() {
            ErrorKind::Panicked => &self.panics,
            _ => &self.errors,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> (u64, u64) {
        (self.panics.load(Ordering::Relaxed), self.errors.load(Ordering::Relaxed))
    }

    pub(crate) fn absorb(&self, other: &Self) {
        let (panics, errors) = other.read();
        self.panics.fetch_add(panics, Ordering::Relaxed);
        self.errors.fetch_add(errors, Ordering::Relaxed);
    }
}
