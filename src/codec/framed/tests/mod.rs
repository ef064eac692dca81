//! What holds for every codec, however its bytes are cut.

mod padded;
mod properties;
mod slip;
mod wrong;

use super::{Assembler, Codec, Frame};
use crate::error::Violation;

/// The messages in the bytes, and how they end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) messages: Vec<Vec<u8>>,
    pub(super) end: Result<(), Violation>,
}

/// What comes of the bytes in any pieces: all of them together, byte by byte, in two at each place,
/// and in pieces of these lengths, again and again.
#[track_caller]
pub(super) fn outcome<C: Codec>(codec: &C, bytes: &[u8], lengths: &[usize]) -> Outcome
where
    C::Message: AsRef<[u8]>,
{
    let whole = of_pieces(codec, &[bytes]);
    let by_byte = bytes.chunks(1).collect::<Vec<_>>();
    assert_eq!(of_pieces(codec, &by_byte), whole, "byte by byte");
    assert_eq!(of_pieces(codec, &cut(bytes, lengths)), whole, "in pieces of {lengths:?}");
    for at in 0..bytes.len().min(50) {
        let (first, second) = bytes.split_at(at);
        assert_eq!(of_pieces(codec, &[first, second]), whole, "cut at {at}");
    }
    whole
}

/// The frame, which is the same if the message is shared.
#[track_caller]
pub(super) fn encoded(codec: &impl Codec, message: &[u8]) -> Result<Vec<u8>, Violation> {
    let before = b"before";
    let [copied, shared] = [false, true].map(|shared| {
        let mut out = before.to_vec();
        let mut frame = Frame::new(&mut out, message, shared);
        let result = codec.encode(message, &mut frame);
        if let Some(split) = frame.split() {
            out.splice(split..split, message.iter().copied());
        }
        result.map(|()| out.split_off(before.len()))
    });
    assert_eq!(copied, shared);
    copied
}

fn of_pieces<C: Codec>(codec: &C, pieces: &[&[u8]]) -> Outcome
where
    C::Message: AsRef<[u8]>,
{
    let mut messages = Vec::new();
    let end = read(codec.clone(), pieces, &mut messages);
    Outcome { messages, end }
}

fn read<C: Codec>(
    mut codec: C,
    pieces: &[&[u8]],
    messages: &mut Vec<Vec<u8>>,
) -> Result<(), Violation>
where
    C::Message: AsRef<[u8]>,
{
    let mut assembler = Assembler::default();
    let longest = pieces.iter().map(|piece| piece.len()).max().unwrap_or(0);
    for mut data in pieces.iter().copied() {
        while let Some(payload) = assembler.next(&mut codec, &mut data)? {
            messages.push(codec.read(payload)?.as_ref().to_vec());
        }
        assert!(data.is_empty());
        let (len, capacity) = assembler.kept();
        assert!(len <= codec.max_frame());
        // A vector may grow to twice what it needs.
        assert!(capacity / 2 <= codec.max_frame().saturating_add(longest).max(512));
    }
    if let Some(payload) = assembler.end(&mut codec)? {
        messages.push(codec.read(payload)?.as_ref().to_vec());
    }
    Ok(())
}

fn cut<'a>(mut bytes: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for length in lengths.iter().cycle() {
        if bytes.is_empty() {
            break;
        }
        let (piece, rest) = bytes.split_at((*length).clamp(1, bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}
