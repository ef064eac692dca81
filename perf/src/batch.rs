//! A client's side of a benchmark over whole messages, which are looked at as they came: what one
//! read has brought together, and answered so.

use crate::talk::Talk;

/// What came with one read.
pub(crate) struct Batch<T> {
    talk: T,
    size: usize,
    bytes: Vec<u8>,
}

impl<T: Talk> Batch<T> {
    /// Of messages of so many bytes.
    pub(crate) fn new(talk: T, size: usize) -> Self {
        Self { talk, size, bytes: Vec::new() }
    }

    /// A message has come.
    pub(crate) fn add(&mut self, message: &[u8]) {
        self.bytes.extend_from_slice(message);
    }

    /// All of a read has come: sends what follows.
    pub(crate) fn answer(&mut self, send: impl FnMut(&[u8])) {
        let messages = self.talk.received(&self.bytes);
        self.bytes.clear();
        self.talk.next(messages).for_each(|piece| self.bytes.extend_from_slice(piece));
        self.bytes.chunks(self.size).for_each(send);
        self.bytes.clear();
    }

    /// The connection is closed.
    pub(crate) fn closed(&mut self, why: &str) {
        self.talk.closed(why);
    }
}
