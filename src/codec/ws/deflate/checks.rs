//! What holds for whatever bytes: for tests, and for the fuzz target.

use super::{Compressor, Inflater};
use crate::codec::ws::Code;
use crate::codec::ws::Inflate;

/// Inflates what may be anything: the same comes of it in whatever pieces, and it stays within the
/// limit.
#[track_caller]
pub fn inflate_any(cut: u8, bytes: &[u8]) {
    for takeover in [true, false] {
        let whole = inflate(takeover, [bytes].into_iter());
        let in_bytes = inflate(takeover, bytes.chunks(1));
        let in_pieces = inflate(takeover, bytes.chunks(usize::from(cut) + 1));
        assert_eq!(in_bytes, whole, "byte by byte");
        assert_eq!(in_pieces, whole, "in pieces");
    }
}

/// Compresses messages, each with or without the help of those before, and inflates them in pieces.
#[track_caller]
pub fn round_trip(bits: u8, level: u32, takeover: bool, messages: &[&[u8]], cut: u8) {
    let mut compressor = Compressor::new(bits, level);
    let mut inflater = Inflater::new(takeover);
    for message in messages {
        let mut compressed = Vec::new();
        compressor.compress(message, &mut compressed);
        if !takeover {
            compressor.reset();
        }
        // A byte has nine bits at most.
        assert!(compressed.len() <= message.len() + message.len() / 8 + 16);
        let mut out = Vec::new();
        for piece in compressed.chunks(usize::from(cut) * 8 + 1) {
            inflater.inflate(piece, false, message.len(), &mut out).expect("it is a part of one");
        }
        inflater.inflate(&[], true, message.len(), &mut out).expect("it is whole");
        assert_eq!(out, *message);
    }
}

/// What comes of it, or the code.
#[track_caller]
fn inflate<'b>(takeover: bool, pieces: impl Iterator<Item = &'b [u8]>) -> Result<Vec<u8>, Code> {
    let mut inflater = Inflater::new(takeover);
    let mut out = Vec::new();
    let mut result = Ok(());
    for piece in pieces {
        result = result.and_then(|()| inflater.inflate(piece, false, LIMIT, &mut out));
    }
    result = result.and_then(|()| inflater.inflate(&[], true, LIMIT, &mut out));
    assert!(out.len() <= LIMIT && out.capacity() <= LIMIT);
    result.map(|()| out).map_err(|failure| failure.code)
}

const LIMIT: usize = 10_000;
