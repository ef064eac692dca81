//! Counts that are kept in many places, which come and go, and whose sum never falls.

use std::ops::Deref;
use std::sync::{Arc, Mutex};

use slab::Slab;

use super::histogram::Histogram;
use super::locks::lock;

/// What is counted in one place.
pub(crate) trait Share: Default {
    /// Takes over what another one has counted, in which nothing is counted any more.
    fn absorb(&self, other: &Self);
}

impl Share for Histogram {
    fn absorb(&self, other: &Self) {
        self.absorb(&other.read());
    }
}

/// All shares of a count. To count in one takes no lock.
pub(crate) struct Ledger<T> {
    live: Mutex<Slab<Arc<T>>>,
    /// What those have counted that are gone; changed under the lock only.
    gone: T,
}

impl<T: Share> Ledger<T> {
    pub(crate) fn new() -> Self {
        Self { live: Mutex::default(), gone: T::default() }
    }

    /// Adds a share, for as long as its account lives.
    pub(crate) fn open(this: &Arc<Self>, share: T) -> Account<T> {
        let share = Arc::new(share);
        let key = lock(&this.live).insert(Arc::clone(&share));
        Account { share, key, ledger: Arc::clone(this) }
    }

    /// Shows all shares, those that are gone in one. None is missed or shown twice, even if it goes
    /// meanwhile.
    pub(crate) fn for_each(&self, mut show: impl FnMut(&T)) {
        let live = lock(&self.live);
        show(&self.gone);
        live.iter().for_each(|(_, share)| show(share));
    }
}

/// A share of a ledger's count, for who counts in it.
pub(crate) struct Account<T: Share> {
    share: Arc<T>,
    key: usize,
    ledger: Arc<Ledger<T>>,
}

impl<T: Share> Deref for Account<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.share
    }
}

impl<T: Share> Drop for Account<T> {
    fn drop(&mut self) {
        let mut live = lock(&self.ledger.live);
        live.try_remove(self.key);
        if live.is_empty() {
            live.shrink_to_fit();
        }
        self.ledger.gone.absorb(&self.share);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use super::*;

    fn count(ledger: &Ledger<Histogram>) -> u64 {
        let mut count = 0;
        ledger.for_each(|share| count += share.read().count());
        count
    }

    #[test]
    fn the_sum_never_falls_while_shares_come_and_go() {
        let ledger = Arc::new(Ledger::new());
        thread::scope(|scope| {
            let counting = scope.spawn(|| {
                for _ in 0..1000 {
                    Ledger::<Histogram>::open(&ledger, Histogram::new()).record(Duration::ZERO);
                }
            });
            let mut last = 0;
            while !counting.is_finished() {
                let now = count(&ledger);
                assert!(now >= last, "{now} after {last}");
                last = now;
            }
        });
        assert_eq!(count(&ledger), 1000);
        assert!(lock(&ledger.live).is_empty());
    }
}
