//! Streams that are none.

use super::inflate;
use crate::codec::ws::Code;
use crate::codec::ws::deflate::{Compressor, Inflater};

#[test]
fn what_is_corrupt_is_refused() {
    for (name, message) in [
        ("a block of a type that there is not", &[0x07][..]),
        ("a last block of a type that there is not", &[0x06]),
        ("a length that is not its complement", &[0x00, 0x05, 0x00, 0xfa, 0xfe, 0x48]),
        ("a reference to before the beginning", &[0xf2, 0x00, 0x11, 0x00, 0x00]),
        ("a distance that there is not", &[0x4a, 0x04, 0x1e, 0x00]),
        ("too many lengths", &[0xfc, 0x00, 0x00]),
        ("lengths of codes that cannot be", &[0x04, 0x00, 0xfe, 0xff]),
        ("the end of a block that is there already", b"\xf2\x48\xcd\xc9\xc9\x07\0\0\0\xff\xff"),
        ("text", b"Hello"),
        ("a stream with a header", &[0x78, 0x9c, 0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]),
        ("an end within what is stored", &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65]),
        ("an end within a length", &[0x00, 0x05]),
        ("an end without its empty block", &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07]),
        ("an end within a code", &[0xf2, 0x48, 0xcd]),
        ("something behind the last block", &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x07]),
    ] {
        for takeover in [true, false] {
            let failure = inflate(&mut Inflater::new(takeover), message).expect_err(name);
            assert_eq!(failure.code, Code::INVALID_PAYLOAD, "{name}");
            assert_eq!(failure.to_string(), "a compressed message that is corrupt");
        }
    }
}

#[test]
fn a_message_that_is_cut_short_is_refused() {
    let text = "to be, or not to be, that is the question: ".repeat(20);
    for level in [0, 1, 6, 9] {
        let mut message = Vec::new();
        Compressor::new(15, level).compress(text.as_bytes(), &mut message);
        // The first byte of a stored block is an empty one, complete.
        for len in 1 + usize::from(level == 0)..message.len() {
            let result = inflate(&mut Inflater::new(true), &message[..len]);
            assert!(result.is_err(), "level {level}, {len} bytes of {}", message.len());
        }
    }
}
