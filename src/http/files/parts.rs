//! Bytes of a file on their way out.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

use bytes::Bytes;

use crate::http::{Body, Source};

/// What a file says, wherever it is.
pub(super) enum Content {
    Memory(Bytes),
    /// An open file and its length.
    Disk(File, u64),
}

impl Content {
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Disk(_, len) => *len,
        }
    }

    pub(super) fn into_body(self) -> Body {
        match self {
            Self::Memory(bytes) => bytes.into(),
            Self::Disk(_, len) => self.into_range(0, len),
        }
    }

    /// The bytes from one up to and without another.
    pub(super) fn into_range(self, start: u64, end: u64) -> Body {
        match self {
            Self::Memory(bytes) => slice(&bytes, start, end).into(),
            Self::Disk(..) => self.into_pieces([Piece::Range(start, end)].into()),
        }
    }

    /// Several of its ranges, and what is between them.
    pub(super) fn into_pieces(self, pieces: VecDeque<Piece>) -> Body {
        let len = pieces.iter().map(Piece::len).sum::<u64>();
        Body::source(Pieces { content: self, pieces, at: None }, len)
    }
}

pub(super) enum Piece {
    Text(Bytes),
    /// From a byte of the content up to and without another.
    Range(u64, u64),
}

impl Piece {
    fn len(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Range(start, end) => end - start,
        }
    }
}

/// Reads one piece after another, as much at a time as is asked for: what a body takes in memory does
/// not depend on its length.
struct Pieces {
    content: Content,
    pieces: VecDeque<Piece>,
    /// Where the file is read next, if that is known.
    at: Option<u64>,
}

impl Source for Pieces {
    fn next(&mut self, most: usize) -> io::Result<Option<Bytes>> {
        let (start, end) = match self.pieces.pop_front() {
            None => return Ok(None),
            Some(Piece::Text(text)) => return Ok(Some(text)),
            Some(Piece::Range(start, end)) => (start, end),
        };
        let stop = end.min(start.saturating_add(most as u64));
        let bytes = match &mut self.content {
            Content::Memory(bytes) => slice(bytes, start, stop),
            Content::Disk(file, _) => read(file, &mut self.at, start, stop)?,
        };
        let read = start + bytes.len() as u64;
        if read < end {
            self.pieces.push_front(Piece::Range(read, end));
        }
        Ok(Some(bytes))
    }
}

/// Reads bytes of a file, fewer than are asked for only if there are none behind them.
fn read(file: &mut File, at: &mut Option<u64>, start: u64, stop: u64) -> io::Result<Bytes> {
    if *at != Some(start) {
        file.seek(SeekFrom::Start(start))?;
    }
    *at = None;
    let wanted = stop - start;
    let mut bytes = Vec::with_capacity(usize::try_from(wanted).unwrap_or_default());
    let read = file.by_ref().take(wanted).read_to_end(&mut bytes)?;
    if read == 0 && wanted > 0 {
        return Err(io::Error::new(ErrorKind::UnexpectedEof, "the file has become shorter"));
    }
    *at = Some(start + read as u64);
    Ok(bytes.into())
}

fn slice(bytes: &Bytes, start: u64, end: u64) -> Bytes {
    // What is within a length in memory fits.
    bytes.slice(start as usize..end as usize)
}
