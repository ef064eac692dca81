//! What is compressed is inflated again.

use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof, proptest};

use super::inflate;
use crate::codec::ws::Role;
use crate::codec::ws::deflate::{Compressor, Deflate, Inflater, checks};

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]

    #[test]
    fn messages_come_back(
        bits in 9..=15_u8,
        level in 0..=9_u32,
        takeover in any::<bool>(),
        messages in vec(message(), 1..5),
        cut in any::<u8>(),
    ) {
        let messages = messages.iter().map(Vec::as_slice).collect::<Vec<_>>();
        checks::round_trip(bits, level, takeover, &messages, cut);
    }

    #[test]
    fn whatever_comes_ends(bytes in vec(any::<u8>(), 0..500), cut in any::<u8>()) {
        checks::inflate_any(cut, &bytes);
    }
}

#[test]
fn without_takeover_the_same_message_is_the_same_bytes() {
    let (message, other) = ("Hello, everybody! ".repeat(5000), "Something else".repeat(50));
    let mut first = Vec::new();
    Compressor::new(12, 6).compress(message.as_bytes(), &mut first);
    let mut compressor = Compressor::new(12, 6);
    for room in [0, 1, 100, 1000, 1 << 20] {
        compressor.compress(other.as_bytes(), &mut Vec::new());
        compressor.reset();
        let mut again = Vec::with_capacity(room);
        compressor.compress(message.as_bytes(), &mut again);
        assert_eq!(again, first, "room for {room}");
    }
}

#[test]
fn a_message_of_another_compressor_goes_between_after_a_reset() {
    let mut own = Compressor::new(15, 6);
    let mut inflater = Inflater::new(true);
    let text = b"one after the other, and one after the other";
    for _ in 0..3 {
        for compressor in [&mut own, &mut Compressor::new(15, 6)] {
            let mut out = Vec::new();
            compressor.compress(text, &mut out);
            assert_eq!(inflate(&mut inflater, &out).unwrap(), text);
        }
        own.reset();
    }
}

#[test]
fn who_may_not_refer_far_enough_does_not_compress() {
    let mut agreed =
        Deflate { server_takeover: true, client_takeover: false, server_bits: 8, client_bits: 9 };
    assert!(agreed.compressor(Role::Server, 6).is_none());
    assert!(agreed.compressor(Role::Client, 6).is_some());
    assert_eq!(agreed.sending(Role::Server), agreed.receiving(Role::Client));
    assert_eq!(agreed.sending(Role::Client), (false, 9));
    // What somebody else compresses so is read.
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    assert_eq!(inflate(&mut agreed.inflater(Role::Client), &hello).unwrap(), b"Hello");
    agreed.server_bits = 9;
    assert!(agreed.compressor(Role::Server, 6).is_some());
}

#[test]
fn settings_out_of_range_are_the_nearest() {
    for (bits, level) in [(0, 6), (255, 6), (15, u32::MAX)] {
        let mut out = Vec::new();
        Compressor::new(bits, level).compress(b"Hello", &mut out);
        assert_eq!(inflate(&mut Inflater::new(true), &out).unwrap(), b"Hello");
    }
}

/// Up to 100,000 bytes that look like text, like chance, or like each other.
fn message() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => vec(any::<u8>(), 0..300),
        3 => (vec(any::<u8>(), 1..100), 1..1000_usize).prop_map(|(it, times)| it.repeat(times)),
        1 => (any::<u32>(), 0..100_000_usize).prop_map(|(seed, len)| chance(seed, len)),
        1 => (any::<u32>(), 0..100_000_usize).prop_map(|(seed, len)| {
            chance(seed, len).into_iter().map(|byte| b"etaoin s"[usize::from(byte % 8)]).collect()
        }),
    ]
}

/// Bytes that cannot be compressed.
fn chance(mut state: u32, len: usize) -> Vec<u8> {
    let bytes = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    bytes.take(len).collect()
}
