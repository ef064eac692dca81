//! A listener without a socket: connections in memory that wait to be accepted.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use super::memory::End;
use super::{Endpoint, Stream};

/// One of the listeners that share a queue. With the last of them, who waits is reset.
pub(crate) struct MemoryListener {
    name: Arc<str>,
    queue: Arc<Queue>,
    number: usize,
}

/// Who waits to be accepted, and whom to wake for it.
#[derive(Default)]
pub(super) struct Queue(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: VecDeque<End>,
    wakers: Vec<(usize, Waker)>,
    /// Listeners so far, and those that are left.
    numbers: usize,
    left: usize,
}

impl MemoryListener {
    pub(super) fn new(name: Arc<str>, queue: Arc<Queue>) -> Self {
        let mut state = queue.lock();
        state.numbers += 1;
        state.left += 1;
        let number = state.numbers;
        drop(state);
        Self { name, queue, number }
    }

    /// Another one for another acceptor.
    pub(super) fn another(&self) -> Self {
        Self::new(Arc::clone(&self.name), Arc::clone(&self.queue))
    }

    pub(super) fn accept(&self) -> io::Result<(Stream, Endpoint)> {
        let end = self.queue.lock().waiting.pop_front().ok_or(io::ErrorKind::WouldBlock)?;
        let peer = end.peer_addr().clone();
        Ok((Stream::Memory(Box::new(end)), peer))
    }

    pub(super) fn local_addr(&self) -> Endpoint {
        Endpoint::MemoryName(Arc::clone(&self.name))
    }

    /// Has the waker woken for each connection, and at once if some wait already.
    pub(super) fn set_waker(&self, waker: Option<Waker>) {
        let mut state = self.queue.lock();
        let before = state.wakers.iter().position(|(number, _)| *number == self.number);
        let before = before.map(|index| state.wakers.swap_remove(index));
        let now = waker.clone().filter(|_| !state.waiting.is_empty());
        state.wakers.extend(waker.map(|waker| (self.number, waker)));
        drop(state);
        drop(before);
        now.into_iter().for_each(Waker::wake);
    }
}

impl Drop for MemoryListener {
    fn drop(&mut self) {
        self.set_waker(None);
        let mut state = self.queue.lock();
        state.left -= 1;
        let lost =
            if state.left == 0 { std::mem::take(&mut state.waiting) } else { VecDeque::new() };
        drop(state);
        lost.into_iter().for_each(End::abort);
    }
}

impl fmt::Debug for MemoryListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryListener({})", self.name)
    }
}

impl Queue {
    /// Whether nobody listens any more.
    pub(super) fn is_closed(&self) -> bool {
        self.lock().left == 0
    }

    /// Has the end wait to be accepted, if there is room.
    pub(super) fn push(&self, end: End, backlog: usize) -> io::Result<()> {
        let mut state = self.lock();
        if state.left == 0 {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        if state.waiting.len() >= backlog {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        state.waiting.push_back(end);
        let wakers: Vec<Waker> = state.wakers.iter().map(|(_, waker)| waker.clone()).collect();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        Ok(())
    }

    /// Nothing panics under the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
