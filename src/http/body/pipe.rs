//! Bytes on their way between a session and another thread, at most so many at a time.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::codec::http::Fields;
use crate::error::{Error, ErrorKind, Result};
use crate::session::Waker;

/// Two ends of a new pipe that holds so many bytes, or one piece that is larger.
pub(crate) fn pipe(limit: usize) -> (Inlet, Outlet) {
    let shared = Arc::new(Shared { state: Mutex::new(State::new(limit)), changed: Condvar::new() });
    (Inlet(Arc::clone(&shared)), Outlet(shared))
}

/// Where bytes go in. Dropped before it is [finished](Inlet::finish), it fails the pipe.
pub(crate) struct Inlet(Arc<Shared>);

/// Where bytes come out. When it is dropped, nothing more goes in.
pub(crate) struct Outlet(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    pieces: VecDeque<Bytes>,
    bytes: usize,
    limit: usize,
    /// How it has ended: with trailers, or because of an error.
    end: Option<Result<Fields>>,
    /// The other end is gone.
    closed: bool,
    /// Nobody expects an end of it.
    endless: bool,
    /// Of the session that takes out, told when there is something.
    taker: Option<Waker>,
    /// Of the session that puts in, told when there is room again.
    giver: Option<Waker>,
}

/// What became of bytes that were to go in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    /// They are in.
    In,
    /// There is no room for them now.
    Full,
    /// Nobody takes anything out any more.
    Closed,
}

/// What comes out.
#[derive(Debug)]
pub(crate) enum Taken {
    Data(Bytes),
    /// Nothing at the moment.
    Nothing,
    /// Everything is out.
    End(Fields),
    Failed(Error),
}

impl Inlet {
    /// Puts bytes in, if there is room; never waits.
    pub(crate) fn put(&self, data: &mut Bytes) -> Put {
        self.0.put(&mut self.0.lock(), data)
    }

    /// Puts bytes in, whether or not there is room; never waits. False if nobody takes anything out
    /// any more.
    pub(crate) fn push(&self, data: Bytes) -> bool {
        let mut state = self.0.lock();
        let open = !state.is_over();
        if open {
            self.0.append(&mut state, data);
        }
        open
    }

    /// Puts bytes in, and waits for room so long.
    pub(crate) fn put_within(&self, mut data: Bytes, within: Duration) -> Result<()> {
        let mut state = self.0.lock();
        self.0.may_wait(state.taker.as_ref(), "write a body")?;
        let deadline = Instant::now().checked_add(within);
        loop {
            match self.0.put(&mut state, &mut data) {
                Put::In => return Ok(()),
                Put::Closed => return Err(Error::new(ErrorKind::Closed, "write a body")),
                Put::Full => state = self.0.wait(state, deadline, "write a body")?,
            }
        }
    }

    /// Says that this is all; with trailers, which may be none.
    pub(crate) fn finish(self, trailers: Fields) {
        self.0.end(Ok(trailers));
    }

    /// Says that there will be no more, though more was to come.
    pub(crate) fn fail(self, error: Error) {
        self.0.end(Err(error));
    }

    /// Says that who takes out is to go when its peer sends no more: no end is waited for.
    pub(crate) fn lasts(&self) {
        self.0.lock().endless = true;
    }

    /// Nobody takes anything out any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.lock().closed
    }

    /// Has this session woken whenever there is room again, and when nobody takes anything any more.
    pub(crate) fn wakes(&self, giver: Waker) {
        self.0.lock().giver = Some(giver);
    }

    /// True while there is room for one more piece; if not, the session is woken when there is.
    pub(crate) fn has_room(&self, giver: impl FnOnce() -> Waker) -> bool {
        let mut state = self.0.lock();
        let has_room = state.bytes < state.limit || state.closed;
        if !has_room {
            state.giver.get_or_insert_with(giver);
        }
        has_room
    }
}

impl Drop for Inlet {
    fn drop(&mut self) {
        self.0.end(Err(Error::new(ErrorKind::Canceled, "write a body")));
    }
}

impl Outlet {
    /// Takes out what is next; never waits.
    pub(crate) fn take(&self) -> Taken {
        self.0.take(&mut self.0.lock())
    }

    /// Takes out what is next, and waits for it so long.
    pub(crate) fn take_within(&self, within: Duration) -> Result<Taken> {
        let mut state = self.0.lock();
        self.0.may_wait(state.giver.as_ref(), "read a body")?;
        let deadline = Instant::now().checked_add(within);
        loop {
            match self.0.take(&mut state) {
                Taken::Nothing => state = self.0.wait(state, deadline, "read a body")?,
                taken => return Ok(taken),
            }
        }
    }

    /// Nobody waits for its end.
    pub(crate) fn is_endless(&self) -> bool {
        self.0.lock().endless
    }

    /// Has this session woken whenever something comes, or the end.
    pub(crate) fn wakes(&self, taker: Waker) {
        self.0.lock().taker = Some(taker);
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.closed = true;
        let forgotten = std::mem::take(&mut state.pieces);
        state.bytes = 0;
        self.0.room(&state);
        drop(state);
        drop(forgotten);
    }
}

impl Shared {
    fn put(&self, state: &mut State, data: &mut Bytes) -> Put {
        if state.is_over() {
            return Put::Closed;
        }
        let fits = state.bytes == 0 || state.bytes + data.len() <= state.limit;
        if !fits {
            return Put::Full;
        }
        self.append(state, std::mem::take(data));
        Put::In
    }

    fn append(&self, state: &mut State, data: Bytes) {
        if !data.is_empty() {
            state.bytes += data.len();
            state.pieces.push_back(data);
            self.news(state);
        }
    }

    fn take(&self, state: &mut State) -> Taken {
        if let Some(data) = state.pieces.pop_front() {
            state.bytes -= data.len();
            if state.bytes <= state.limit / 2 {
                self.room(state);
            }
            return Taken::Data(data);
        }
        match &state.end {
            None => Taken::Nothing,
            Some(Ok(trailers)) => Taken::End(trailers.clone()),
            Some(Err(error)) => Taken::Failed(error.clone()),
        }
    }

    /// The first end counts.
    fn end(&self, end: Result<Fields>) {
        let mut state = self.lock();
        if state.end.is_none() {
            state.end = Some(end);
            self.news(&state);
        }
    }

    fn news(&self, state: &State) {
        self.changed.notify_all();
        if let Some(taker) = &state.taker {
            taker.wake();
        }
    }

    fn room(&self, state: &State) {
        self.changed.notify_all();
        if let Some(giver) = &state.giver {
            giver.wake();
        }
    }

    fn may_wait(&self, waker: Option<&Waker>, attempt: &'static str) -> Result<()> {
        waker.map_or(Ok(()), |waker| waker.may_wait(attempt))
    }

    fn wait<'a>(
        &self,
        state: MutexGuard<'a, State>,
        deadline: Option<Instant>,
        attempt: &'static str,
    ) -> Result<MutexGuard<'a, State>> {
        let Some(deadline) = deadline else {
            return Ok(self.changed.wait(state).unwrap_or_else(PoisonError::into_inner));
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Error::new(ErrorKind::TimedOut, attempt));
        }
        let waited = self.changed.wait_timeout(state, left);
        Ok(waited.unwrap_or_else(PoisonError::into_inner).0)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn new(limit: usize) -> Self {
        Self {
            pieces: VecDeque::new(),
            bytes: 0,
            limit: limit.max(1),
            end: None,
            closed: false,
            endless: false,
            taker: None,
            giver: None,
        }
    }

    /// Nothing more goes in.
    fn is_over(&self) -> bool {
        self.closed || self.end.is_some()
    }
}

/// Bytes that wait at most, unless the program says otherwise.
pub(crate) const WAITING: usize = 256 << 10;
