//! A home's timers: the wheel, the clock, and what the poller has been told of it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::locks::lock;
use super::strand::Task;
use super::wheel::{Key, Wheel};

/// Names a timer while it is pending.
pub(crate) type TimerKey = Key;

pub(super) struct Timers {
    epoch: Instant,
    state: Mutex<State>,
}

struct State {
    wheel: Wheel<Arc<dyn Task>>,
    /// The tick until which the poller sleeps at most.
    announced: u64,
    expired: Vec<Arc<dyn Task>>,
    closed: bool,
}

impl Timers {
    pub(super) fn new() -> Self {
        let (wheel, expired) = (Wheel::new(), Vec::new());
        let state = State { wheel, announced: u64::MAX, expired, closed: false };
        Self { epoch: Instant::now(), state: Mutex::new(state) }
    }

    /// True with the key: the poller, if it sleeps, sleeps too long. `None` once closed.
    pub(super) fn insert(
        &self,
        deadline: Instant,
        task: Arc<dyn Task>,
    ) -> Option<(TimerKey, bool)> {
        let due = self.tick_after(deadline);
        let mut state = lock(&self.state);
        if state.closed {
            return None;
        }
        let key = state.wheel.insert(due, task);
        let earliest = due < state.announced;
        if earliest {
            state.announced = due;
        }
        Some((key, earliest))
    }

    pub(super) fn remove(&self, key: TimerKey) -> Option<Arc<dyn Task>> {
        lock(&self.state).wheel.remove(key)
    }

    /// How long the poller may sleep; it does so from now on.
    pub(super) fn announce(&self, now: Instant) -> Option<Duration> {
        let mut state = lock(&self.state);
        let next = state.wheel.next();
        state.announced = next.unwrap_or(u64::MAX);
        drop(state);
        let due = self.epoch.checked_add(Duration::from_millis(next?))?;
        Some(due.saturating_duration_since(now))
    }

    /// Hands out what is due. `fire` runs without a lock.
    pub(super) fn expire(&self, now: Instant, mut fire: impl FnMut(Arc<dyn Task>)) {
        let mut state = lock(&self.state);
        if state.wheel.len() == 0 {
            return;
        }
        let mut expired = std::mem::take(&mut state.expired);
        state.wheel.advance(self.tick_before(now), &mut expired);
        drop(state);
        if expired.is_empty() {
            return;
        }
        expired.drain(..).for_each(&mut fire);
        if expired.capacity() <= KEEP {
            lock(&self.state).expired = expired;
        }
    }

    /// Takes out all timers, and takes no more.
    pub(super) fn close(&self) -> impl Sized + use<> {
        let mut state = lock(&self.state);
        state.closed = true;
        std::mem::replace(&mut state.wheel, Wheel::new())
    }

    fn tick_before(&self, time: Instant) -> u64 {
        millis(time.saturating_duration_since(self.epoch))
    }

    /// Rounded up: a timer never fires early.
    fn tick_after(&self, time: Instant) -> u64 {
        let since = time.saturating_duration_since(self.epoch);
        millis(since).saturating_add(u64::from(!since.subsec_nanos().is_multiple_of(1_000_000)))
    }
}

/// Room for expired timers that is kept from one expiry to the next.
const KEEP: usize = 1024;

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
