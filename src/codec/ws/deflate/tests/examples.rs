//! The examples of RFC 7692 7.2.3.

use super::inflate;
use crate::codec::ws::Inflate;
use crate::codec::ws::deflate::{Compressor, Inflater};

#[test]
fn a_message_compressed_by_one_block() {
    // 7.2.3.1
    check(&[&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]]);
}

#[test]
fn a_message_that_refers_to_the_one_before() {
    // 7.2.3.2
    check(&[&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], &[0xf2, 0x00, 0x11, 0x00, 0x00]]);
    let mut without = Inflater::new(false);
    assert!(inflate(&mut without, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]).is_ok());
    assert!(inflate(&mut without, &[0xf2, 0x00, 0x11, 0x00, 0x00]).is_err());
}

#[test]
fn a_message_in_a_block_without_compression() {
    // 7.2.3.3
    check(&[&[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00]]);
}

#[test]
fn a_message_in_the_last_block_of_a_stream() {
    // 7.2.3.4
    check(&[&[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]]);
    // Without the empty block behind it, and with messages behind it.
    let whole = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    check(&[&whole, &whole, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], &whole]);
}

#[test]
fn a_message_of_several_streams() {
    let mut message = vec![0xf3, 0x48, 0x05, 0x00]; // "He", the stream's last block
    message.extend([0xcb, 0xc9, 0xc9, 0x07, 0x00]); // "llo", another's
    message.push(0);
    check(&[&message]);
}

#[test]
fn a_message_in_two_blocks() {
    // 7.2.3.5
    let message = [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];
    check(&[&message]);
}

#[test]
fn a_message_of_nothing() {
    // 7.2.3.6
    let mut compressor = Compressor::new(15, 6);
    let mut inflater = Inflater::new(true);
    for _ in 0..3 {
        let mut out = Vec::new();
        compressor.compress(b"", &mut out);
        assert_eq!(out, [0]);
        assert_eq!(inflate(&mut inflater, &out).unwrap(), b"");
        assert_eq!(inflate(&mut inflater, b"").unwrap(), b"");
    }
}

#[test]
fn what_is_compressed_is_as_in_the_examples() {
    let mut compressor = Compressor::new(15, 6);
    let mut out = b"before".to_vec();
    compressor.compress(b"Hello", &mut out);
    assert_eq!(out, b"before\xf2\x48\xcd\xc9\xc9\x07\x00");
    out.clear();
    compressor.compress(b"Hello", &mut out);
    assert_eq!(out, [0xf2, 0x00, 0x11, 0x00, 0x00]);
}

/// Each message says "Hello", wherever it is cut.
fn check(messages: &[&[u8]]) {
    for cut in 0..=messages[0].len() {
        let mut inflater = Inflater::new(true);
        for message in messages {
            let mut out = Vec::new();
            let (first, second) = message.split_at(cut.min(message.len()));
            inflater.inflate(first, false, 5, &mut out).unwrap();
            inflater.inflate(second, true, 5, &mut out).unwrap();
            assert_eq!(out, b"Hello", "{message:x?} cut at {cut}");
        }
    }
}
