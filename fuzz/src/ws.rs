//! What must hold for every connection of WebSocket. An input is a byte that says who reads, a byte
//! that says how the rest is cut, and the rest: what a peer sends.

use sockeye::ws::parse::{Decoder, Event, Failure, Kind, Role};

use self::reader::{Heard, Seen};
use crate::pieces;

#[path = "../../src/codec/ws/tests/reader.rs"]
mod reader;

/// The same is heard of the bytes in whatever pieces, whole or in fragments, and is within the limits.
#[track_caller]
pub fn check_frames(data: &[u8]) {
    let Some((&[side, cut], bytes)) = data.split_first_chunk() else { return };
    let role = if side % 2 == 0 { Role::Server } else { Role::Client };
    let decoder = || Decoder::new(role).max_message(MAX_MESSAGE).max_frame(MAX_FRAME);
    let seen = reader::read(decoder(), [bytes]);
    seen.heard.iter().for_each(check_heard);
    for fragments in [false, true] {
        let decoder = || if fragments { decoder().fragments() } else { decoder() };
        assert_eq!(read(decoder(), bytes.chunks(1)), seen, "byte by byte");
        assert_eq!(read(decoder(), pieces(bytes, cut)), seen, "in pieces");
    }
}

/// What is heard, without what has come of a message that is not at its end.
fn read<'b>(decoder: Decoder, pieces: impl Iterator<Item = &'b [u8]>) -> Seen {
    let seen = reader::read(decoder, pieces);
    assert!(seen.begun.as_ref().is_none_or(|begun| begun.len() <= MAX_MESSAGE));
    Seen { begun: None, ..seen }
}

#[track_caller]
fn check_heard(heard: &Heard) {
    match heard {
        Heard::Text(text) => assert!(text.len() <= MAX_MESSAGE),
        Heard::Binary(data) => assert!(data.len() <= MAX_MESSAGE),
        Heard::Ping(data) | Heard::Pong(data) => assert!(data.len() <= 125),
        Heard::Close(Some((code, text))) => {
            assert!((1000..5000).contains(code) && text.len() <= 123);
        }
        Heard::Close(None) => {}
    }
}

/// So low that inputs reach them.
const MAX_MESSAGE: usize = 300;
const MAX_FRAME: usize = 200;
