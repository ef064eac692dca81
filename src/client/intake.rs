//! What inboxes have in common, whatever they hold: reading on and pausing, and where one
//! connection ends and the next begins.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::service::{Inner, Service, Watched, deadline};
use crate::session::{CloseReason, Handle, Session};

/// What an inbox holds.
pub(crate) trait Store: Send + 'static {
    fn is_empty(&self) -> bool;

    /// The client shall not read before something was taken.
    fn is_full(&self) -> bool;
}

/// Between the client, which fills it, and threads that take from it.
pub(crate) struct Intake<S> {
    service: Arc<Inner>,
    state: Watched<State<S>>,
}

/// What threads wait for.
pub(crate) struct State<S> {
    pub(crate) store: S,
    session: Option<Handle>,
    ended: Option<CloseReason>,
    /// The reader has been told of the end.
    told: bool,
    paused: bool,
}

impl<S: Store> Intake<S> {
    pub(crate) fn new(service: &Service, store: S) -> Arc<Self> {
        let state = State { store, session: None, ended: None, told: false, paused: false };
        Arc::new(Self { service: Arc::clone(service.inner()), state: Watched::new(state) })
    }

    /// Waits until `take` has something to say, which is asked whenever something has come.
    pub(crate) fn take<R>(
        &self,
        attempt: &'static str,
        within: Duration,
        mut take: impl FnMut(&mut State<S>) -> Option<Result<R>>,
    ) -> Result<R> {
        self.service.may_wait(attempt)?;
        let mut taken = None;
        self.service.wait(&self.state, Some(deadline(within)), |state| {
            taken = take(state);
            taken.is_some()
        });
        taken.unwrap_or_else(|| Err(Error::new(ErrorKind::TimedOut, attempt)))
    }

    pub(crate) fn look<R>(&self, look: impl FnOnce(&S) -> R) -> R {
        look(&self.state.lock().store)
    }

    /// A connection begins: behind what is left of the last one, if anything is.
    pub(crate) fn open(&self, session: &mut Session<'_>) {
        let handle = session.handle();
        if self.state.update(|state| state.begin(handle)) {
            session.pause();
        }
    }

    /// Something has come.
    pub(crate) fn put(&self, session: &mut Session<'_>, put: impl FnOnce(&mut S)) {
        let full = self.state.update(|state| {
            put(&mut state.store);
            state.paused = state.store.is_full();
            state.paused
        });
        if full {
            session.pause();
        }
    }

    pub(crate) fn close(&self, reason: &CloseReason) {
        self.state.update(|state| {
            state.ended = Some(reason.clone());
            state.session = None;
        });
    }
}

impl<S: Store> State<S> {
    /// Why nothing more comes on this connection.
    pub(crate) fn ended(&self) -> Option<&CloseReason> {
        self.ended.as_ref()
    }

    /// Reads on if that was stopped, and there is room enough now.
    pub(crate) fn read_on(&mut self, roomy: bool) {
        if self.paused && self.ended.is_none() && roomy {
            self.paused = false;
            if let Some(session) = &self.session {
                session.resume();
            }
        }
    }

    /// The reader knows of the end; the next connection, if it is there, may be read.
    pub(crate) fn tell_end(&mut self) {
        self.told = true;
        if self.session.is_some() {
            self.ended = None;
            self.read_on(true);
        }
    }

    /// The error of a reader who wanted more than there will be.
    pub(crate) fn ended_early(&mut self, attempt: &'static str) -> Option<Error> {
        let error = Error::new(ErrorKind::Closed, attempt).because(self.ended.as_ref()?);
        if self.store.is_empty() {
            self.tell_end();
        }
        Some(error)
    }

    /// True when the connection must not be read yet.
    fn begin(&mut self, session: Handle) -> bool {
        self.session = Some(session);
        if self.store.is_empty() && (self.told || self.ended.is_none()) {
            self.ended = None;
        }
        self.told = false;
        self.paused = self.ended.is_some();
        self.paused
    }
}
