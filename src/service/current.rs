//! Which service the present thread works for.

use std::cell::Cell;

thread_local! {
    static CURRENT: Cell<Option<Place>> = const { Cell::new(None) };
    static NESTED: Cell<u8> = const { Cell::new(0) };
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    service: usize,
    home: usize,
}

/// Marks the thread as a service's while it lives, and then as whatever it was before: a thread
/// of one service may run another by hand.
pub(super) struct Current(Option<Place>);

impl Current {
    pub(super) fn enter(service: usize, home: usize) -> Self {
        Self(CURRENT.replace(Some(Place { service, home })))
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

pub(super) fn is_service(service: usize) -> bool {
    CURRENT.get().is_some_and(|place| place.service == service)
}

pub(super) fn is_home(service: usize, home: usize) -> bool {
    CURRENT.get() == Some(Place { service, home })
}

/// How many turns may run inside of each other on one thread before the stack is in danger.
const NESTING: u8 = 8;

/// Permission to run a turn inside of the present one.
pub(super) struct Nested(());

impl Nested {
    pub(super) fn enter() -> Option<Self> {
        let depth = NESTED.get();
        (depth < NESTING).then(|| {
            NESTED.set(depth + 1);
            Self(())
        })
    }
}

impl Drop for Nested {
    fn drop(&mut self) {
        NESTED.set(NESTED.get() - 1);
    }
}
