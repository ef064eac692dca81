//! Answers that other threads give.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{IntoResponse, Response};
use crate::codec::http::Status;
use crate::session::Waker;

/// Answers a request from any thread: see [`Response::later`].
///
/// Dropped without an answer, it answers 500.
pub struct Later(Arc<Mutex<State>>);

/// Where the session looks for the answer.
pub(crate) struct Slot(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    answer: Option<Box<Response>>,
    waker: Option<Waker>,
    given: bool,
    /// The connection is gone.
    gone: bool,
}

impl Later {
    /// Answers.
    pub fn answer(self, response: impl IntoResponse) {
        give(&self.0, || response.into_response());
    }

    /// True when nobody waits for the answer any more: the connection is gone.
    pub fn is_closed(&self) -> bool {
        lock(&self.0).gone
    }
}

impl Drop for Later {
    fn drop(&mut self) {
        give(&self.0, || Status::INTERNAL_SERVER_ERROR.into());
    }
}

impl Slot {
    pub(crate) fn new() -> (Self, Later) {
        let state = Arc::<Mutex<State>>::default();
        (Self(Arc::clone(&state)), Later(state))
    }

    /// The answer, if it is there. If not, the session is woken when it is.
    pub(crate) fn take(&self, waker: impl FnOnce() -> Waker) -> Option<Response> {
        let mut state = lock(&self.0);
        if state.answer.is_none() {
            state.waker.get_or_insert_with(waker);
        }
        state.answer.take().map(|answer| *answer)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        state.gone = true;
        let unwanted = (state.answer.take(), state.waker.take());
        drop(state);
        drop(unwanted);
    }
}

fn give(state: &Mutex<State>, answer: impl FnOnce() -> Response) {
    if lock(state).given {
        return;
    }
    // What makes the answer is the program's, and runs without the lock.
    let answer = Box::new(answer());
    let mut state = lock(state);
    state.given = true;
    if state.gone {
        drop(state);
        return drop(answer);
    }
    state.answer = Some(answer);
    let waker = state.waker.take();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Later {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Later").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}
