//! Which service the present thread works for.

use std::cell::Cell;

thread_local! {
    static CURRENT: Cell<Option<Place>> = const { Cell::new(None) };
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
