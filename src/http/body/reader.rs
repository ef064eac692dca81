//! The hand of another thread in a body that is coming.

use std::io::{self, BufRead, Read};
use std::time::Duration;

use bytes::{Buf, Bytes};

use super::pipe::{Inlet, Outlet, Taken, WAITING, pipe};
use crate::codec::http::Fields;
use crate::error::{Error, ErrorKind, Result};

/// Reads a body from any thread, piece by piece, while it comes: see
/// [`streamed`](crate::http::streamed).
///
/// While nobody reads, the peer is held up. Dropped, it has the rest thrown away.
pub struct BodyReader {
    outlet: Outlet,
    /// What was taken out and not read yet.
    piece: Bytes,
    trailers: Option<Fields>,
    /// How long a read waits for more.
    patience: Duration,
}

impl BodyReader {
    pub(crate) fn new() -> (Inlet, Self) {
        let (inlet, outlet) = pipe(WAITING);
        (inlet, Self { outlet, piece: Bytes::new(), trailers: None, patience: PATIENCE })
    }

    /// How long a read waits for more at most. Default: 60 s.
    pub fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// The next piece as it came; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`TimedOut`](ErrorKind::TimedOut); [`Closed`](ErrorKind::Closed) when the body was cut off;
    /// [`WouldDeadlock`](ErrorKind::WouldDeadlock) on a service thread.
    pub fn next_within(&mut self, within: Duration) -> Result<Option<Bytes>> {
        if !self.piece.is_empty() {
            return Ok(Some(std::mem::take(&mut self.piece)));
        }
        if self.trailers.is_some() {
            return Ok(None);
        }
        self.outlet.take_within(within).and_then(|taken| self.taken(taken))
    }

    /// Everything that is left, if that is at most so many bytes.
    ///
    /// # Errors
    ///
    /// Those of [`BodyReader::next_within`]; [`LimitReached`](ErrorKind::LimitReached).
    pub fn read_all(&mut self, most: usize) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(piece) = self.next_within(self.patience)? {
            if all.len() + piece.len() > most {
                return Err(Error::new(ErrorKind::LimitReached, "read a body"));
            }
            all.extend_from_slice(&piece);
        }
        Ok(all)
    }

    /// The trailers, once the end was read.
    pub fn trailers(&self) -> Option<&Fields> {
        self.trailers.as_ref()
    }

    fn taken(&mut self, taken: Taken) -> Result<Option<Bytes>> {
        match taken {
            Taken::Data(data) => Ok(Some(data)),
            Taken::End(trailers) => {
                self.trailers = Some(trailers);
                Ok(None)
            }
            Taken::Failed(error) => Err(error),
            Taken::Nothing => Err(Error::new(ErrorKind::TimedOut, "read a body")),
        }
    }
}

impl Read for BodyReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let piece = self.fill_buf()?;
        let count = piece.len().min(into.len());
        into[..count].copy_from_slice(&piece[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for BodyReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.piece.is_empty() {
            self.piece = self.next_within(self.patience)?.unwrap_or_default();
        }
        Ok(&self.piece)
    }

    fn consume(&mut self, count: usize) {
        self.piece.advance(count);
    }
}

impl std::fmt::Debug for BodyReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BodyReader").finish_non_exhaustive()
    }
}

const PATIENCE: Duration = Duration::from_secs(60);
