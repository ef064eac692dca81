//! A message to several groups reaches who is in more than one of them once.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use super::link::Link;
use crate::service::lock;

/// Who has got the message already, of one home's sessions. All of the groups' shards on that home
/// have it with the message.
pub(super) struct Once {
    served: Mutex<HashSet<u64>>,
    weight: usize,
}

/// Bytes for each entry of a hash set, its spare room included.
const ENTRY: usize = 16;

impl Once {
    /// For as many members as the groups have on the home.
    pub(super) fn new(members: usize) -> Arc<Self> {
        Arc::new(Self { served: Mutex::default(), weight: members * ENTRY })
    }

    /// Bytes that this will hold while the message waits in a queue, and that count there: some
    /// groups may be far ahead of others.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }

    /// Delivers to a session that has not got it. Under the lock, so that another shard, which
    /// passes the session over meanwhile, does not overtake with what it has to deliver next.
    pub(super) fn serve(&self, link: &Link, deliver: impl FnOnce()) {
        // A home's sessions differ in this half of their ids.
        let (_, session) = link.id.as_u64_pair();
        let mut served = lock(&self.served);
        if served.insert(session) {
            deliver();
        }
    }
}
