//! Which connection serves which request: kept ones, new ones, and who waits for them. It knows
//! nothing of sockets, and is told what happens.
//!
//! A request that waits has an attempt to connect of its own, unless there is no room for one more
//! connection. Whatever is free first serves it; its attempt then goes to the next that comes.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// How much of everything there may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Connections to one place that are kept without a request.
    pub(super) idle: usize,
    /// Connections to one place.
    pub(super) per_place: usize,
    /// Connections.
    pub(super) total: usize,
    /// Requests that wait.
    pub(super) waiting: usize,
}

/// Connections `L` to places `R`, and requests `J`.
pub(super) struct Pool<R, L, J> {
    bounds: Bounds,
    places: HashMap<R, Place<L, J>>,
    connections: usize,
    waiting: usize,
    /// Attempts there have been.
    attempts: u64,
    /// Nothing is kept any more.
    closed: bool,
}

struct Place<L, J> {
    /// The one that was used last is the last.
    idle: Vec<L>,
    waiting: VecDeque<Waiting<J>>,
    attempts: Vec<Trial>,
    connections: usize,
}

/// An attempt to connect.
struct Trial {
    number: u64,
    /// The request that it is for by now, if there is one.
    wanted_by: Option<u64>,
    /// It was begun for another one.
    adopted: bool,
}

struct Waiting<J> {
    id: u64,
    /// It takes no connection that has served another request.
    fresh: bool,
    /// There is an attempt to connect for it.
    tried_for: bool,
    request: J,
}

/// What becomes of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Placed<L, J> {
    /// A kept connection serves it.
    Give(L, J),
    /// It waits, and a connection is to be made, this attempt for it; in the place of that one, if
    /// there is one.
    Connect(u64, Option<L>),
    /// It waits.
    Wait,
    /// Too many wait.
    Full(J),
}

/// What becomes of a connection that has served a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Freed<J> {
    /// It serves this one.
    Next(J),
    /// It is kept.
    Keep,
    /// It is not.
    Close,
}

/// A connection that is to be made.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attempt<R> {
    pub(super) place: R,
    pub(super) number: u64,
}

impl<R: Clone + Eq + Hash, L: PartialEq, J> Pool<R, L, J> {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            places: HashMap::new(),
            connections: 0,
            waiting: 0,
            attempts: 0,
            closed: false,
        }
    }

    /// A kept connection, for a request that then needs not be put.
    pub(super) fn take_kept(&mut self, place: &R) -> Option<L> {
        self.places.get_mut(place)?.idle.pop()
    }

    /// A request for a place comes; a `fresh` one is for a new connection only.
    pub(super) fn put(&mut self, place: &R, id: u64, fresh: bool, request: J) -> Placed<L, J> {
        let there = self.places.entry(place.clone()).or_default();
        if let Some(lane) = there.idle.pop_if(|_| !fresh) {
            return Placed::Give(lane, request);
        }
        if self.waiting >= self.bounds.waiting {
            self.forget_empty(place);
            return Placed::Full(request);
        }
        self.waiting += 1;
        if there.adopt(id) {
            there.waiting.push_back(Waiting { id, fresh, tried_for: true, request });
            return Placed::Wait;
        }
        let room_here = there.connections < self.bounds.per_place;
        let full = self.connections >= self.bounds.total;
        let evicted = if room_here && full { self.evict() } else { None };
        let tried_for = room_here && (!full || evicted.is_some());
        let there = self.places.entry(place.clone()).or_default();
        there.waiting.push_back(Waiting { id, fresh, tried_for, request });
        if !tried_for {
            return Placed::Wait;
        }
        Placed::Connect(self.attempt(place, id), evicted)
    }

    /// An attempt has succeeded: whom the connection serves.
    pub(super) fn opened(&mut self, place: &R, attempt: u64, lane: L) -> Freed<J> {
        let there = self.places.get_mut(place);
        let next = there.and_then(|there| match there.end_attempt(attempt)?.wanted_by {
            Some(id) => there.take(|one| one.id == id),
            None => there.take(|_| true),
        });
        match next {
            Some(request) => {
                self.waiting -= 1;
                Freed::Next(request)
            }
            None => self.keep(place, lane),
        }
    }

    /// A connection has served its request.
    pub(super) fn free(&mut self, place: &R, lane: L) -> Freed<J> {
        let next = self.places.get_mut(place).and_then(|there| there.take(|one| !one.fresh));
        match next {
            Some(request) => {
                self.waiting -= 1;
                Freed::Next(request)
            }
            None => self.keep(place, lane),
        }
    }

    /// A connection is gone, or was never made, that this attempt has been for. The request that the
    /// attempt was begun for fails then, if it still waits; another one may have its room.
    pub(super) fn lost(
        &mut self,
        place: &R,
        lane: &L,
        attempt: u64,
    ) -> (Option<J>, Option<Attempt<R>>) {
        let Some(there) = self.places.get_mut(place) else { return (None, None) };
        there.idle.retain(|idle| idle != lane);
        there.connections = there.connections.saturating_sub(1);
        self.connections = self.connections.saturating_sub(1);
        let failed = there.end_attempt(attempt).and_then(|trial| match trial.wanted_by {
            // Who has come later has a right to the whole time.
            Some(id) if trial.adopted => {
                there.waiting.iter_mut().find(|one| one.id == id)?.tried_for = false;
                None
            }
            Some(id) => there.take(|one| one.id == id),
            None => None,
        });
        self.waiting -= usize::from(failed.is_some());
        let attempt = self.next_attempt(place);
        self.forget_empty(place);
        (failed, attempt)
    }

    /// A kept connection shall be closed: false if it serves a request by now.
    pub(super) fn remove(&mut self, place: &R, lane: &L) -> bool {
        let Some(there) = self.places.get_mut(place) else { return false };
        let before = there.idle.len();
        there.idle.retain(|idle| idle != lane);
        there.idle.len() < before
    }

    /// A request waits no more.
    pub(super) fn withdraw(&mut self, id: u64) -> Option<J> {
        let mut places = self.places.iter_mut();
        let found = |(place, there): (&R, &mut Place<L, J>)| {
            Some((place.clone(), there.take(|one| one.id == id)?))
        };
        let (place, request) = places.find_map(found)?;
        self.waiting -= 1;
        self.forget_empty(&place);
        Some(request)
    }

    /// Nothing is kept any more; these were.
    pub(super) fn close(&mut self) -> Vec<L> {
        self.closed = true;
        self.places.values_mut().flat_map(|there| there.idle.drain(..)).collect()
    }

    /// How many connections there are, and how many of them are kept.
    pub(super) fn count(&self) -> (usize, usize) {
        (self.connections, self.places.values().map(|there| there.idle.len()).sum())
    }

    fn keep(&mut self, place: &R, lane: L) -> Freed<J> {
        // Whoever waits elsewhere for want of room gets that of this one.
        let starved = self.connections >= self.bounds.total && self.starving().is_some();
        let bounds = self.bounds;
        match self.places.get_mut(place) {
            Some(there) if !self.closed && !starved && there.idle.len() < bounds.idle => {
                there.idle.push(lane);
                Freed::Keep
            }
            _ => Freed::Close,
        }
    }

    /// Gives up the connection that was not used for longest where most are kept.
    fn evict(&mut self) -> Option<L> {
        let most = self.places.values_mut().max_by_key(|there| there.idle.len())?;
        (!most.idle.is_empty()).then(|| most.idle.remove(0))
    }

    /// Who has the room of a connection that is gone: those of its place first.
    fn next_attempt(&mut self, place: &R) -> Option<Attempt<R>> {
        if self.waiting == 0 || self.connections >= self.bounds.total {
            return None;
        }
        let here = self.places.get(place).is_some_and(|there| self.starves(there));
        let place = if here { place.clone() } else { self.starving()?.clone() };
        let there = self.places.get_mut(&place)?;
        let next = there.waiting.iter_mut().find(|one| !one.tried_for)?;
        next.tried_for = true;
        let id = next.id;
        let number = self.attempt(&place, id);
        Some(Attempt { place, number })
    }

    /// Begins an attempt for a request; its number.
    fn attempt(&mut self, place: &R, id: u64) -> u64 {
        let number = self.attempts;
        self.attempts += 1;
        self.connections += 1;
        let there = self.places.entry(place.clone()).or_default();
        there.connections += 1;
        there.attempts.push(Trial { number, wanted_by: Some(id), adopted: false });
        number
    }

    /// A place where somebody waits for nothing but room.
    fn starving(&self) -> Option<&R> {
        if self.waiting == 0 {
            return None;
        }
        self.places.iter().find(|(_, there)| self.starves(there)).map(|(place, _)| place)
    }

    fn starves(&self, there: &Place<L, J>) -> bool {
        there.connections < self.bounds.per_place && there.waiting.iter().any(|one| !one.tried_for)
    }

    fn forget_empty(&mut self, place: &R) {
        let empty = |there: &Place<L, J>| there.connections == 0 && there.waiting.is_empty();
        if self.places.get(place).is_some_and(empty) {
            self.places.remove(place);
        }
    }
}

impl<L, J> Place<L, J> {
    fn take(&mut self, wanted: impl Fn(&Waiting<J>) -> bool) -> Option<J> {
        let index = self.waiting.iter().position(wanted)?;
        let taken = self.waiting.remove(index)?;
        for trial in &mut self.attempts {
            trial.wanted_by.take_if(|id| *id == taken.id);
        }
        Some(taken.request)
    }

    /// Has an attempt that nobody waits for be this request's.
    fn adopt(&mut self, id: u64) -> bool {
        let free = self.attempts.iter_mut().find(|trial| trial.wanted_by.is_none());
        free.is_some_and(|trial| {
            *trial = Trial { number: trial.number, wanted_by: Some(id), adopted: true };
            true
        })
    }

    fn end_attempt(&mut self, number: u64) -> Option<Trial> {
        let index = self.attempts.iter().position(|trial| trial.number == number)?;
        Some(self.attempts.swap_remove(index))
    }
}

impl<L, J> Default for Place<L, J> {
    fn default() -> Self {
        Self { idle: Vec::new(), waiting: VecDeque::new(), attempts: Vec::new(), connections: 0 }
    }
}

#[cfg(test)]
mod tests;
