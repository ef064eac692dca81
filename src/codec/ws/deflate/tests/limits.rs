//! What a message may become.

use crate::codec::ws::Inflate;
use crate::codec::ws::deflate::{Compressor, Inflater, TAIL};
use crate::codec::ws::{Code, Failure};

#[test]
fn as_much_as_may_be_is_taken() {
    let text = vec![b'a'; 1000];
    let mut message = Vec::new();
    Compressor::new(15, 6).compress(&text, &mut message);
    for (limit, fits) in [(0, false), (1, false), (999, false), (1000, true), (1001, true)] {
        for pieces in [1, 3, message.len()] {
            let mut out = Vec::new();
            let result = inflate(&message, pieces, limit, &mut out);
            assert!(out.len() <= limit && out.capacity() <= limit, "{limit}");
            match result {
                Ok(()) => assert!(fits && out == text),
                Err(failure) => {
                    assert!(!fits && failure.code == Code::MESSAGE_TOO_BIG);
                    let words = format!("a message of more than {limit} bytes");
                    assert_eq!(failure.to_string(), words);
                }
            }
        }
    }
}

#[test]
fn the_limit_is_of_all_that_there_is() {
    let mut message = Vec::new();
    Compressor::new(15, 6).compress(b"Hello", &mut message);
    for (limit, fits) in [(3, false), (7, false), (8, true)] {
        let mut out = b"Hey".to_vec();
        let result = Inflater::new(true).inflate(&message, true, limit, &mut out);
        assert_eq!(result.is_ok(), fits, "{limit}");
    }
}

#[test]
fn a_bomb_takes_no_more_memory_than_its_limit() {
    let bomb = bomb();
    assert!(bomb.len() < 1_100_000);
    for limit in [1 << 10, (1 << 20) - 1, 10 << 20] {
        let mut out = Vec::new();
        let failure = inflate(&bomb, 1, limit, &mut out).unwrap_err();
        assert_eq!(failure.code, Code::MESSAGE_TOO_BIG);
        assert!(out.len() <= limit && out.capacity() <= limit);
    }
}

#[test]
fn memory_grows_with_what_has_come() {
    let bomb = bomb();
    let mut inflater = Inflater::new(true);
    let mut out = Vec::new();
    for piece in bomb[..10_000].chunks(100) {
        inflater.inflate(piece, false, usize::MAX, &mut out).unwrap();
        assert!(out.capacity() <= out.len().max(64) * 2, "{} of {}", out.len(), out.capacity());
    }
    assert!(out.len() > 9_000_000);
}

/// 1 GiB of zeros: one megabyte of them, over and over.
fn bomb() -> Vec<u8> {
    let zeros = vec![0; 1 << 20];
    let mut compressor = Compressor::new(15, 9);
    let mut bomb = Vec::new();
    compressor.compress(&zeros, &mut bomb);
    let mut other = TAIL.to_vec();
    compressor.compress(&zeros, &mut other);
    // It refers to nothing but zeros before it, so that there may be any number of it.
    bomb.extend(other.repeat((1 << 10) - 1));
    bomb
}

fn inflate(message: &[u8], pieces: usize, limit: usize, out: &mut Vec<u8>) -> Result<(), Failure> {
    let mut inflater = Inflater::new(true);
    let chunks = message.chunks(message.len().div_ceil(pieces));
    let last = chunks.len() - 1;
    for (at, piece) in chunks.enumerate() {
        inflater.inflate(piece, at == last, limit, out)?;
    }
    Ok(())
}
