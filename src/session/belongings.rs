//! What a session has been given that any thread may look at: its peer, and what few sessions have,
//! which is one word until then. One lock for both, as a lock is a word of its own.

use std::any::{Any, TypeId};
use std::sync::{Arc, Mutex};

use crate::net::Endpoint;
use crate::service::{contain, lock};

#[derive(Default)]
pub(super) struct Belongings(Mutex<Given>);

#[derive(Default)]
struct Given {
    peer: Option<Endpoint>,
    things: Option<Box<Things>>,
}

#[derive(Default)]
struct Things {
    /// A program has a handful of keys: a walk is quicker than a hash.
    values: Vec<(Label, Value)>,
    /// The names of the rooms it is in, in the order of joining.
    rooms: Vec<Arc<str>>,
}

pub(super) type Value = Arc<dyn Any + Send + Sync>;

/// What a value is found by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) of: TypeId,
    pub(super) name: &'static str,
}

impl Belongings {
    pub(super) fn peer(&self) -> Option<Endpoint> {
        lock(&self.0).peer.clone()
    }

    pub(super) fn set_peer(&self, peer: Endpoint) {
        lock(&self.0).peer = Some(peer);
    }

    /// Keeps a value if `may`, which is asked under the lock. Returns what there is to drop, or to
    /// hand to the caller: the value that it replaces, or the value itself.
    pub(super) fn set(
        &self,
        label: Label,
        value: Value,
        may: impl FnOnce() -> bool,
    ) -> Result<Option<Value>, Value> {
        let mut given = lock(&self.0);
        if !may() {
            return Err(value);
        }
        let values = &mut given.things.get_or_insert_default().values;
        match values.iter_mut().find(|(other, _)| *other == label) {
            Some((_, place)) => Ok(Some(std::mem::replace(place, value))),
            None => {
                values.push((label, value));
                Ok(None)
            }
        }
    }

    pub(super) fn get(&self, label: Label) -> Option<Value> {
        let given = lock(&self.0);
        let mut values = given.things.as_ref()?.values.iter();
        values.find(|(other, _)| *other == label).map(|(_, value)| Arc::clone(value))
    }

    pub(super) fn remove(&self, label: Label) -> Option<Value> {
        let mut given = lock(&self.0);
        let values = &mut given.things.as_mut()?.values;
        let index = values.iter().position(|(other, _)| *other == label)?;
        Some(values.swap_remove(index).1)
    }

    pub(super) fn add_room(&self, name: Arc<str>) {
        lock(&self.0).things.get_or_insert_default().rooms.push(name);
    }

    pub(super) fn remove_room(&self, name: &str) {
        if let Some(things) = &mut lock(&self.0).things {
            things.rooms.retain(|room| **room != *name);
        }
    }

    pub(super) fn rooms(&self) -> Vec<String> {
        let given = lock(&self.0);
        let rooms = given.things.iter().flat_map(|things| &things.rooms);
        rooms.map(ToString::to_string).collect()
    }

    /// Takes out all but the peer. The values are for the caller to drop one by one: each may panic.
    pub(super) fn clear(&self) -> Vec<(Label, Value)> {
        let things = lock(&self.0).things.take();
        things.map_or_else(Vec::new, |mut things| std::mem::take(&mut things.values))
    }
}

/// Of a client that is dropped before it ever connected.
impl Drop for Things {
    fn drop(&mut self) {
        for value in self.values.drain(..) {
            // Nobody is left to be told.
            let _ = contain("drop a session's value", || drop(value));
        }
    }
}
