//! Bodies that are asked for their bytes when there is room for them.

use std::io::{self, Read};

use bytes::Bytes;

/// Where a body's bytes come from, piece by piece, on a service thread: what blocks there for long
/// holds up others; for that there is [`Response::stream`](crate::http::Response::stream).
pub trait Source: Send + 'static {
    /// The next piece, of about `most` bytes or fewer; `None` at the end. An error cuts the message
    /// off, so that the peer can tell.
    ///
    /// # Errors
    ///
    /// Whatever keeps the source from giving all that it was to give.
    fn next(&mut self, most: usize) -> io::Result<Option<Bytes>>;
}

/// What is read from a file, or the like.
pub(crate) struct Reading<R>(pub(crate) R);

impl<R: Read + Send + 'static> Source for Reading<R> {
    fn next(&mut self, most: usize) -> io::Result<Option<Bytes>> {
        let mut piece = Vec::with_capacity(most);
        let read = self.0.by_ref().take(most as u64).read_to_end(&mut piece)?;
        Ok((read > 0).then(|| piece.into()))
    }
}

/// Pieces of an iterator's.
pub(crate) struct Pieces<I>(pub(crate) I);

impl<I: Iterator<Item = io::Result<Bytes>> + Send + 'static> Source for Pieces<I> {
    fn next(&mut self, _: usize) -> io::Result<Option<Bytes>> {
        self.0.next().transpose()
    }
}

/// What is in memory already, in slices, so that a slow peer's queue stays small.
pub(crate) struct Slices(pub(crate) Bytes);

impl Source for Slices {
    fn next(&mut self, most: usize) -> io::Result<Option<Bytes>> {
        let piece = self.0.split_to(most.min(self.0.len()));
        Ok((!piece.is_empty()).then_some(piece))
    }
}
