//! Messages that are received (RFC 7692 7.2.2).

use flate2::{Decompress, FlushDecompress, Status};

use crate::codec::ws::{Code, Failure, Inflate};

/// Inflates messages that come in pieces.
#[derive(Debug)]
pub(crate) struct Inflater {
    inner: Decompress,
    takeover: bool,
    /// Whether all that has come is complete: nothing of a message, or all of a stream's last block.
    complete: bool,
}

impl Inflate for Inflater {
    /// No more memory is taken for it than twice of what comes, and never more than the limit.
    ///
    /// # Errors
    ///
    /// What is corrupt (1007), also if the message ends in the middle of a block, and what is longer
    /// (1009). Nothing can be inflated any more then.
    fn inflate(
        &mut self,
        piece: &[u8],
        last: bool,
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        self.run(piece, limit, out)?;
        if last { self.finish(out) } else { Ok(()) }
    }
}

impl Inflater {
    /// For messages that refer with `takeover` into those before, or don't.
    pub(crate) fn new(takeover: bool) -> Self {
        // How far back is no matter: with fewer bits it takes no less memory, and to begin anew would
        // be an allocation.
        Self { inner: Decompress::new(false), takeover, complete: true }
    }

    fn run(&mut self, mut rest: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<(), Failure> {
        while !rest.is_empty() {
            let (taken, status) = self.step(rest, limit, out)?;
            rest = &rest[taken..];
            self.complete = status == Status::StreamEnd;
            if self.complete {
                // RFC 7692 7.2.3.4: a block may be the last of its stream. What follows is another
                // stream, whose references don't reach out of it (RFC 1951 2).
                self.inner.reset(false);
            }
        }
        Ok(())
    }

    /// Takes of `rest` until it is empty or its stream has ended; returns how much.
    fn step(
        &mut self,
        rest: &[u8],
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<(usize, Status), Failure> {
        let mut taken = 0;
        loop {
            let room = limit.saturating_sub(out.len());
            let before = (self.inner.total_in(), self.inner.total_out());
            let mut spare = [0];
            let result = if room == 0 {
                self.inner.decompress(&rest[taken..], &mut spare, FlushDecompress::Sync)
            } else {
                make_room(out, room, rest.len());
                self.inner.decompress_vec(&rest[taken..], out, FlushDecompress::Sync)
            };
            let status = result.map_err(|_| corrupt())?;
            taken += (self.inner.total_in() - before.0) as usize;
            let made = (self.inner.total_out() - before.1) as usize;
            if made > room {
                return Err(Failure::too_big(limit));
            }
            let all = taken == rest.len() && (room == 0 || out.len() < out.capacity());
            if all || status == Status::StreamEnd {
                return Ok((taken, status));
            }
            if before == (self.inner.total_in(), self.inner.total_out()) {
                return Err(corrupt());
            }
        }
    }

    /// Puts back what the sender has left out, which ends a block: so that nothing comes of it, and
    /// nothing of an empty block behind it.
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        // Those who end their stream with each message may leave out the empty block behind it.
        if !self.complete {
            let full = out.len();
            let (taken, status) = self.step(&BEHIND, full, out).map_err(|_| corrupt())?;
            if taken < BEHIND.len() || status == Status::StreamEnd {
                return Err(corrupt());
            }
        }
        self.complete = true;
        if !self.takeover {
            self.inner.reset(false);
        }
        Ok(())
    }
}

/// Room that is filled next, within what may come.
fn make_room(out: &mut Vec<u8>, room: usize, coming: usize) {
    if out.len() == out.capacity() {
        let guess = coming.saturating_mul(4).clamp(64, MOST_GUESSED);
        out.reserve_exact(out.len().max(guess).min(room));
    }
}

#[cold]
fn corrupt() -> Failure {
    Failure::new(Code::INVALID_PAYLOAD, CORRUPT)
}

/// What no compressor has made.
pub(crate) const CORRUPT: &str = "a compressed message that is corrupt";

/// What is put behind a message: the end of its last, empty block, and one such block more.
const BEHIND: [u8; 9] = [0, 0, 0xff, 0xff, 0, 0, 0, 0xff, 0xff];

/// Room for what is not there yet, at most.
const MOST_GUESSED: usize = 64 << 10;
