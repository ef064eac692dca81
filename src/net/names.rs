//! The names in memory of one service: who listens under which, and how the connections are that
//! are made to it.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::memory_listener::{MemoryListener, Queue};
use super::{Conditions, memory};
use crate::error::{Error, ErrorKind, Result};

/// The names of one service. Nobody outside of it can connect to them.
#[derive(Default)]
pub(crate) struct Names(Mutex<HashMap<Arc<str>, Name>>);

/// A name is known from when its conditions are set, or somebody listens, to the service's end.
#[derive(Default)]
struct Name {
    conditions: Conditions,
    queue: Weak<Queue>,
}

impl Names {
    /// From the next connection on.
    pub(crate) fn set_conditions(&self, name: &Arc<str>, conditions: Conditions) {
        self.lock().entry(Arc::clone(name)).or_default().conditions = conditions;
    }

    pub(super) fn listen(&self, name: &Arc<str>) -> Result<MemoryListener> {
        let mut names = self.lock();
        let entry = names.entry(Arc::clone(name)).or_default();
        if entry.queue.upgrade().is_some_and(|queue| !queue.is_closed()) {
            let address = format_args!("memory:{name}");
            return Err(Error::new(ErrorKind::AddressInUse, "bind").on(address));
        }
        let queue = Arc::new(Queue::default());
        entry.queue = Arc::downgrade(&queue);
        Ok(MemoryListener::new(Arc::clone(name), queue))
    }

    /// Connects at once or not at all. As with Unix sockets, `WouldBlock` says that too many wait
    /// to be accepted.
    pub(super) fn connect(&self, name: &Arc<str>) -> io::Result<memory::End> {
        let mut names = self.lock();
        let Some(Name { conditions, queue }) = names.get_mut(name) else {
            return Err(io::ErrorKind::ConnectionRefused.into());
        };
        let queue = queue.upgrade().ok_or(io::ErrorKind::ConnectionRefused)?;
        let (server, client) = conditions.pair(name);
        let backlog = conditions.backlog;
        // The queue wakes who listens.
        drop(names);
        queue.push(server, backlog)?;
        Ok(client)
    }

    /// Nothing panics under the lock.
    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Name>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.lock().keys()).finish()
    }
}
