//! The hand of another thread in a body that is being sent.

use std::io;
use std::time::Duration;

use bytes::Bytes;

use super::pipe::{Inlet, Put};
use crate::codec::http::Fields;
use crate::error::{Error, Result};
use crate::session::Sent;

/// Writes a body from any thread, piece by piece, while it is being sent: see
/// [`Response::stream`](crate::http::Response::stream).
///
/// At most so many bytes wait as it was made for. Dropped without [`finish`](Self::finish) it cuts
/// the message off, so that the peer does not take it for whole.
pub struct BodySender {
    inlet: Option<Inlet>,
    /// How long a write waits for room.
    patience: Duration,
}

impl BodySender {
    pub(crate) fn new(inlet: Inlet) -> Self {
        Self { inlet: Some(inlet), patience: PATIENCE }
    }

    /// Has the connection closed when the peer sends no more, though it might still read.
    pub(crate) fn lasts(&self) {
        if let Some(inlet) = &self.inlet {
            inlet.lasts();
        }
    }

    /// Sends a piece, or tells that there is no room for it ([`Sent::Full`]), or nobody to take it
    /// ([`Sent::Closed`]). Never waits.
    pub fn send(&self, data: impl Into<Bytes>) -> Sent {
        self.try_send(data.into()).map_or_else(|(sent, _)| sent, |()| Sent::Queued)
    }

    /// The same, and gives back what there was no room for.
    ///
    /// # Errors
    ///
    /// The reason, with the piece.
    pub fn try_send(&self, mut data: Bytes) -> std::result::Result<(), (Sent, Bytes)> {
        match self.inlet.as_ref().map_or(Put::Closed, |inlet| inlet.put(&mut data)) {
            Put::In => Ok(()),
            Put::Full => Err((Sent::Full, data)),
            Put::Closed => Err((Sent::Closed, data)),
        }
    }

    /// Sends a piece, and waits so long for room.
    ///
    /// # Errors
    ///
    /// [`TimedOut`](crate::ErrorKind::TimedOut), [`Closed`](crate::ErrorKind::Closed) when the peer
    /// is gone, [`WouldDeadlock`](crate::ErrorKind::WouldDeadlock) on a service thread.
    pub fn send_within(&self, data: impl Into<Bytes>, within: Duration) -> Result<()> {
        match &self.inlet {
            Some(inlet) => inlet.put_within(data.into(), within),
            None => Ok(()),
        }
    }

    /// True when nobody takes anything any more: the connection is gone.
    pub fn is_closed(&self) -> bool {
        self.inlet.as_ref().is_none_or(Inlet::is_closed)
    }

    /// That was all.
    pub fn finish(self) {
        self.finish_with(Fields::new());
    }

    /// That was all, but for these trailers. They go where the body is sent in chunks, and are left
    /// out elsewhere.
    pub fn finish_with(mut self, trailers: Fields) {
        if let Some(inlet) = self.inlet.take() {
            inlet.finish(trailers);
        }
    }

    /// Cuts the message off: the peer sees that it is not whole.
    pub fn fail(mut self, error: Error) {
        if let Some(inlet) = self.inlet.take() {
            inlet.fail(error);
        }
    }
}

/// Waits for room, for 30 seconds at most.
impl io::Write for BodySender {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let sent = self.send_within(Bytes::copy_from_slice(data), self.patience);
        sent.map_err(io::Error::from)?;
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl std::fmt::Debug for BodySender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BodySender").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}

const PATIENCE: Duration = Duration::from_secs(30);
