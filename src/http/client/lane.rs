//! Where a connection and those who have requests for it meet.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::journey::Journey;
use super::route::Route;
use crate::session::Waker;

/// A connection, as the pool knows it.
pub(super) struct Lane {
    pub(super) route: Route,
    /// The number of the attempt that has made it.
    pub(super) attempt: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// To be sent next.
    request: Option<Box<Journey>>,
    waker: Option<Waker>,
    /// Has the connection live.
    client: Option<crate::Client>,
    /// It shall be closed.
    unwanted: bool,
    gone: bool,
    /// It is the pool's no more, but lives on.
    detached: bool,
}

impl Lane {
    pub(super) fn new(route: Route, attempt: u64) -> Self {
        Self { route, attempt, state: Mutex::default() }
    }

    /// The connection is being made.
    pub(super) fn keep(&self, client: crate::Client) {
        let mut state = self.lock();
        let unwanted = match state.unwanted || (state.gone && !state.detached) {
            true => Some(client),
            false => state.client.replace(client),
        };
        drop(state);
        drop(unwanted);
    }

    /// The connection is there.
    pub(super) fn open(&self, waker: Waker) {
        self.lock().waker = Some(waker);
    }

    /// Has the connection send a request, which comes back if there is no connection any more.
    pub(super) fn give(&self, request: Box<Journey>) -> Result<(), Box<Journey>> {
        let mut state = self.lock();
        if state.gone {
            return Err(request);
        }
        state.request = Some(request);
        let waker = state.waker.clone();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }

    /// The request that the connection was given.
    pub(super) fn take(&self) -> Option<Box<Journey>> {
        self.lock().request.take()
    }

    /// There is no connection any more: the request that it was given, and has not begun with. `None`
    /// if that was said before.
    pub(super) fn end(&self) -> Option<Option<Box<Journey>>> {
        let mut state = self.lock();
        if std::mem::replace(&mut state.gone, true) {
            return None;
        }
        let request = state.request.take();
        let (client, waker) = (state.client.take(), state.waker.take());
        drop(state);
        drop((client, waker));
        Some(request)
    }

    /// The connection is no longer one for requests, and lives until it is closed. False if it is gone.
    pub(super) fn detach(&self) -> bool {
        let mut state = self.lock();
        state.detached = !std::mem::replace(&mut state.gone, true);
        state.detached
    }

    /// Closes a connection that serves nobody.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.unwanted = true;
        let client = state.client.take();
        drop(state);
        drop(client);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PartialEq for Lane {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}
