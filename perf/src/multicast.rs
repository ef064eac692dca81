//! Messages that a server sends to everybody: how they look, and whether they arrive unharmed.
//!
//! A message of eight bytes or more begins with its number (little-endian), and what follows
//! depends on it. Smaller ones are all the same.

use std::sync::Arc;

use crate::pattern::Stream;
use crate::run::Run;
use crate::talk::Talk;

/// The server's side: makes messages.
#[derive(Debug)]
pub(crate) struct Numbered {
    size: usize,
    next: u64,
}

impl Numbered {
    /// Messages of so many bytes, from number 0.
    pub(crate) fn new(size: usize) -> Self {
        Self { size, next: 0 }
    }

    /// Appends the next message.
    pub(crate) fn write(&mut self, out: &mut Vec<u8>) {
        let (head, body) = parts(self.size);
        out.extend_from_slice(&self.next.to_le_bytes()[..head]);
        let position = if head == 0 { 0 } else { self.next };
        STREAM.pieces(position, body as u64).for_each(|piece| out.extend_from_slice(piece));
        self.next += 1;
    }
}

/// One client's side: compares all that arrives, and counts it while the clock runs.
#[derive(Debug)]
pub struct Listener {
    run: Arc<Run>,
    client: usize,
    size: usize,
    /// None before the first message: a client may come late.
    next: Option<u64>,
    /// The part of a message that has arrived.
    tail: Vec<u8>,
    failed: bool,
}

impl Listener {
    /// A client that has nothing yet.
    pub(crate) fn new(run: Arc<Run>, client: usize, size: usize) -> Self {
        Self { run, client, size, next: None, tail: Vec::new(), failed: false }
    }

    /// Compares what arrived, and says how many messages it completes.
    fn check(&mut self, mut data: &[u8]) -> Result<u64, String> {
        let mut messages = 0;
        if !self.tail.is_empty() {
            let missing = (self.size - self.tail.len()).min(data.len());
            self.tail.extend_from_slice(&data[..missing]);
            data = &data[missing..];
            if self.tail.len() < self.size {
                return Ok(0);
            }
            let mut tail = std::mem::take(&mut self.tail);
            self.check_message(&tail)?;
            tail.clear();
            self.tail = tail;
            messages += 1;
        }
        let whole = data.chunks_exact(self.size);
        self.tail.extend_from_slice(whole.remainder());
        for message in whole {
            self.check_message(message)?;
            messages += 1;
        }
        Ok(messages)
    }

    fn check_message(&mut self, message: &[u8]) -> Result<(), String> {
        let Some((head, body)) = message.split_first_chunk() else {
            let differs = STREAM.mismatch(0, message);
            return differs.map_or(Ok(()), |at| Err(format!("byte {at} of a message is wrong")));
        };
        let number = u64::from_le_bytes(*head);
        if self.next.is_some_and(|next| next != number) {
            return Err(format!("message {number} came where {:?} was due", self.next));
        }
        if let Some(at) = STREAM.mismatch(number, body) {
            return Err(format!("byte {} of message {number} is wrong", at - number + 8));
        }
        self.next = Some(number + 1);
        Ok(())
    }

    fn count(&self, now: u64, bytes: usize, messages: u64) {
        if self.run.counts(now) {
            let mut sample = self.run.statistics().of(self.client);
            sample.bytes += bytes as u64;
            sample.messages += messages;
            sample.last = sample.last.max(now);
        }
    }

    fn fail(&mut self, error: &str) {
        self.failed = true;
        self.run.failed(format!("client {}: {error}", self.client));
    }
}

impl Talk for Listener {
    fn received(&mut self, data: &[u8]) -> u64 {
        if !self.failed {
            match self.check(data) {
                Ok(messages) => self.count(self.run.now(), data.len(), messages),
                Err(error) => self.fail(&error),
            }
        }
        0
    }

    fn next(&mut self, _messages: u64) -> impl Iterator<Item = &'static [u8]> {
        std::iter::empty()
    }

    fn closed(&mut self, why: &str) {
        if !self.failed && !self.run.is_closing() {
            self.fail(why);
        }
    }
}

/// All messages are cut from it.
const STREAM: Stream = Stream::FIRST;

/// How long a message's number is, and the rest of it.
fn parts(size: usize) -> (usize, usize) {
    size.checked_sub(8).map_or((0, size), |body| (8, body))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn messages(size: usize, count: usize) -> Vec<u8> {
        let mut numbered = Numbered::new(size);
        let mut out = Vec::new();
        (0..count).for_each(|_| numbered.write(&mut out));
        assert_eq!(out.len(), size * count);
        out
    }

    fn listener(size: usize) -> (Arc<Run>, Listener) {
        let run = Arc::new(Run::new(1));
        run.start(Duration::from_secs(3600));
        (Arc::clone(&run), Listener::new(run, 0, size))
    }

    #[test]
    fn any_cut_gives_the_same_count() {
        for size in [1, 7, 8, 9, 32, 100] {
            let data = messages(size, 20);
            for cut in [1, 5, 31, 32, 33, data.len()] {
                let (run, mut listener) = listener(size);
                data.chunks(cut).for_each(|chunk| assert_eq!(listener.received(chunk), 0));
                let total = run.statistics().total();
                assert_eq!((total.messages, total.bytes), (20, data.len() as u64));
                assert_eq!(run.error(), None);
            }
        }
    }

    #[test]
    fn a_client_may_come_late() {
        let (run, mut listener) = listener(32);
        listener.received(&messages(32, 9)[5 * 32..]);
        assert_eq!(run.statistics().total().messages, 4);
        assert_eq!(run.error(), None);
    }

    #[test]
    fn harm_is_found() {
        let good = messages(32, 3);
        let changed = |at: usize| {
            let mut bad = good.clone();
            bad[at] ^= 1;
            bad
        };
        for (data, error) in [
            (changed(8), "client 0: byte 8 of message 0 is wrong"),
            (changed(63), "client 0: byte 31 of message 1 is wrong"),
            (changed(33), "client 0: message 257 came where Some(1) was due"),
            ([&good[..32], &good[64..]].concat(), "client 0: message 2 came where Some(1) was due"),
            (good.repeat(2), "client 0: message 0 came where Some(3) was due"),
        ] {
            for cut in [7, data.len()] {
                let (run, mut listener) = listener(32);
                data.chunks(cut).for_each(|chunk| assert_eq!(listener.received(chunk), 0));
                assert_eq!(run.error().as_deref(), Some(error));
            }
        }
        let (run, mut listener) = listener(3);
        listener.received(&messages(3, 2)[1..]);
        assert!(run.error().is_some());
    }

    #[test]
    fn nothing_counts_outside_the_window() {
        let run = Arc::new(Run::new(1));
        let mut listener = Listener::new(Arc::clone(&run), 0, 32);
        let data = messages(32, 2);
        listener.received(&data[..32]);
        run.start(Duration::ZERO);
        listener.received(&data[32..]);
        assert_eq!(run.statistics().total().messages, 0);
        assert_eq!(run.error(), None);
    }
}
