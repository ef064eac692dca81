//! Which service the present thread works for.

use std::cell::{Cell, RefCell};

thread_local! {
    /// The innermost last: a callback of one service may run the loop of another by hand.
    static CURRENT: RefCell<Vec<Place>> = const { RefCell::new(Vec::new()) };
    static NESTED: Cell<u8> = const { Cell::new(0) };
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    service: usize,
    home: usize,
}

/// Marks the thread as a service's while it lives.
pub(super) struct Current(());

impl Current {
    pub(super) fn enter(service: usize, home: usize) -> Self {
        CURRENT.with_borrow_mut(|places| places.push(Place { service, home }));
        Self(())
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        CURRENT.with_borrow_mut(Vec::pop);
    }
}

/// Whether the service cannot go on before this thread does.
pub(super) fn is_service(service: usize) -> bool {
    CURRENT.with_borrow(|places| places.iter().any(|place| place.service == service))
}

/// Whether this thread's loop is that home's.
pub(super) fn is_home(service: usize, home: usize) -> bool {
    CURRENT.with_borrow(|places| places.last() == Some(&Place { service, home }))
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
