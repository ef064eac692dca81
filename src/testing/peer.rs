//! The other end of a driven session's stream, in the hands of the test.

use std::collections::VecDeque;
use std::io;

use crate::net::memory;

/// What the test has given and the session not taken, what the session has sent and the test not
/// taken, and the stream in between.
pub(super) struct Peer {
    stream: Option<memory::End>,
    unsent: VecDeque<u8>,
    received: Vec<u8>,
    paused: bool,
    finish: Finish,
    end: Option<End>,
}

/// How the session has ended what it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Finished,
    Reset,
}

#[derive(PartialEq, Eq)]
enum Finish {
    Unwanted,
    Wanted,
    Done,
}

impl Peer {
    pub(super) fn new(stream: memory::End) -> Self {
        Self {
            stream: Some(stream),
            unsent: VecDeque::new(),
            received: Vec::new(),
            paused: false,
            finish: Finish::Unwanted,
            end: None,
        }
    }

    /// Has bytes written when there is room; not behind an end.
    pub(super) fn give(&mut self, data: &[u8]) {
        if self.stream.is_some() && self.finish == Finish::Unwanted {
            self.unsent.extend(data);
        }
    }

    /// Says the end behind what was given.
    pub(super) fn finish(&mut self) {
        if self.finish == Finish::Unwanted {
            self.finish = Finish::Wanted;
        }
    }

    pub(super) fn reset(&mut self) {
        self.unsent.clear();
        if let Some(stream) = self.stream.take() {
            stream.abort();
        }
    }

    pub(super) fn hang_up(&mut self) {
        self.unsent.clear();
        self.stream = None;
    }

    /// Reads nothing more.
    pub(super) fn pause(&mut self) {
        self.paused = true;
    }

    pub(super) fn resume(&mut self) {
        self.paused = false;
    }

    pub(super) fn unsent(&self) -> usize {
        self.unsent.len()
    }

    pub(super) fn received(&self) -> usize {
        self.received.len()
    }

    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.received)
    }

    pub(super) fn end(&self) -> Option<End> {
        self.end
    }

    /// Moves what can be moved now, both ways; true when that was anything.
    pub(super) fn pump(&mut self) -> bool {
        let Some(mut stream) = self.stream.take() else { return false };
        let moved = self.write(&mut stream) | self.read(&mut stream);
        self.stream = Some(stream);
        moved
    }

    fn write(&mut self, stream: &mut memory::End) -> bool {
        let mut moved = false;
        while !self.unsent.is_empty() {
            match stream.write(self.unsent.as_slices().0) {
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return moved,
                // The session is gone; reading tells how.
                Err(_) => self.unsent.clear(),
            }
            moved = true;
        }
        if self.finish != Finish::Wanted {
            return moved;
        }
        self.finish = Finish::Done;
        // Only fails where there is nobody to be told.
        let _ = stream.shutdown_write();
        true
    }

    fn read(&mut self, stream: &mut memory::End) -> bool {
        let mut buffer = [0; 4096];
        let mut moved = false;
        while !self.paused && self.end.is_none() {
            match stream.read(&mut buffer) {
                Ok(0) => self.end = Some(End::Finished),
                Ok(count) => self.received.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return moved,
                Err(_) => self.end = Some(End::Reset),
            }
            moved = true;
        }
        moved
    }
}
