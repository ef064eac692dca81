//! What must hold for every codec and whatever bytes. An input of a target is its codec's settings,
//! a byte that says how the rest is cut, and the rest: what a peer sends.

pub mod http;
pub mod ws;

use sockeye::Violation;
use sockeye::framed::{Codec, Decoder, encode};

/// The same comes of the bytes in whatever pieces, and what comes can be sent, or is refused.
#[track_caller]
pub fn check<C: Codec>(codec: &C, cut: u8, bytes: &[u8])
where
    C::Message: AsRef<[u8]>,
{
    let (messages, end) = decode(codec, [bytes]);
    assert_eq!(decode(codec, bytes.chunks(1)), (messages.clone(), end.clone()), "byte by byte");
    assert_eq!(decode(codec, pieces(bytes, cut)), (messages.clone(), end), "in pieces");
    for message in &messages {
        arrives(codec, message);
    }
    arrives(codec, bytes);
}

/// A message that can be sent arrives as one message: itself, or its frame with the length filled in.
#[track_caller]
fn arrives<C: Codec>(codec: &C, message: &[u8])
where
    C::Message: AsRef<[u8]>,
{
    let before = b"before";
    let mut frame = before.to_vec();
    if encode(codec, message, &mut frame).is_err() {
        assert_eq!(frame, before);
        return;
    }
    let frame = &frame[before.len()..];
    let (messages, end) = decode(codec, [frame]);
    assert_eq!(end, Ok(()));
    assert_eq!(messages.len(), 1);
    assert!(messages[0] == message || messages[0] == frame);
}

fn decode<'a, C: Codec>(
    codec: &C,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Vec<u8>>, Result<(), Violation>)
where
    C::Message: AsRef<[u8]>,
{
    let mut messages = Vec::new();
    let end = read(Decoder::new(codec.clone()), pieces, &mut messages);
    (messages, end)
}

fn read<'a, C: Codec>(
    mut decoder: Decoder<C>,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    messages: &mut Vec<Vec<u8>>,
) -> Result<(), Violation>
where
    C::Message: AsRef<[u8]>,
{
    for mut piece in pieces {
        while let Some(message) = decoder.next(&mut piece)? {
            messages.push(message.as_ref().to_vec());
        }
        assert!(piece.is_empty());
    }
    if let Some(message) = decoder.finish()? {
        messages.push(message.as_ref().to_vec());
    }
    Ok(())
}

/// The bytes in pieces of lengths that look like chance, and are the same for the same byte.
pub fn pieces(bytes: &[u8], cut: u8) -> impl Iterator<Item = &[u8]> {
    Pieces { bytes, cut }
}

struct Pieces<'a> {
    bytes: &'a [u8],
    cut: u8,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.bytes.is_empty() {
            return None;
        }
        self.cut = self.cut.wrapping_mul(181).wrapping_add(101);
        // Mostly short ones, and some that are longer than what is looked at in one go.
        let len = usize::from(self.cut % 16) << (self.cut / 32);
        let (piece, rest) = self.bytes.split_at(len.min(self.bytes.len()));
        self.bytes = rest;
        Some(piece)
    }
}
