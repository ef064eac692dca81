//! A filter that counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use sockeye::Endpoint;
use sockeye::server::{Filter, Permit, Refusal};

/// Counts the permits it has given, and how often one was given back.
#[derive(Clone, Default)]
pub struct Permits(Arc<(AtomicUsize, AtomicUsize)>);

struct Counted(Permits);

impl Permits {
    pub fn given(&self) -> usize {
        self.0.0.load(Ordering::SeqCst)
    }

    pub fn given_back(&self) -> usize {
        self.0.1.load(Ordering::SeqCst)
    }
}

impl Filter for Permits {
    fn admit(&self, _: &Endpoint, _: Instant) -> Result<Permit, Refusal> {
        self.0.0.fetch_add(1, Ordering::SeqCst);
        Ok(Permit::new(Counted(self.clone())))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.1.fetch_add(1, Ordering::SeqCst);
    }
}
