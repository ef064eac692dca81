//! Whole messages that wait to be taken.

use std::collections::VecDeque;
use std::time::Duration;

use super::intake::{Intake, Store};
use crate::error::Result;
use crate::session::Session;

/// Messages with their lengths, and how many of both there should be at most.
pub(crate) struct Messages<T> {
    queue: VecDeque<(T, usize)>,
    bytes: usize,
    most_bytes: usize,
    most: usize,
}

impl<T> Messages<T> {
    pub(crate) fn new(bytes: usize, messages: usize) -> Self {
        Self { queue: VecDeque::new(), bytes: 0, most_bytes: bytes, most: messages }
    }

    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Half of it is free: reading on at each message taken would cost a turn for each.
    fn is_roomy(&self) -> bool {
        self.bytes <= self.most_bytes / 2 && self.queue.len() <= self.most / 2
    }
}

impl<T: Send + 'static> Intake<Messages<T>> {
    /// A message of this length has come.
    pub(crate) fn put_message(&self, session: &mut Session<'_>, message: T, len: usize) {
        self.put(session, |messages| {
            messages.bytes += len;
            messages.queue.push_back((message, len));
        });
    }

    /// Waits for a message, and takes it; `None` at the end.
    pub(crate) fn receive(&self, within: Duration) -> Result<Option<T>> {
        self.take("receive a message", within, |state| {
            if let Some((message, len)) = state.store.queue.pop_front() {
                state.store.bytes -= len;
                let roomy = state.store.is_roomy();
                state.read_on(roomy);
                return Some(Ok(Some(message)));
            }
            state.ended()?;
            state.tell_end();
            Some(Ok(None))
        })
    }
}

impl<T: Send + 'static> Store for Messages<T> {
    fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    fn is_full(&self) -> bool {
        self.bytes >= self.most_bytes || self.queue.len() >= self.most
    }
}
