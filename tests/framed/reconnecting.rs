//! Clients whose connection breaks within a message.

use sockeye::framed::{self, Delimiter, LengthPrefix, Lines};
use sockeye::testing::Harness;

use crate::diary::Diary;

#[test]
fn half_a_message_does_not_outlive_its_connection() {
    let (diary, entries) = Diary::new();
    let mut peer = Harness::new(framed::client(LengthPrefix::u8(), diary));
    peer.feed(b"\x05hel");
    peer.reset();
    assert!(!entries.close().is_clean());
    peer.reconnect();
    peer.feed(b"\x02lo");
    assert_eq!(entries.message(), b"lo");
}

#[test]
fn how_far_a_codec_has_looked_does_not_either() {
    let (diary, entries) = Diary::new();
    let mut peer = Harness::new(framed::client(Lines::new(), diary));
    peer.feed("half a line");
    peer.reset();
    entries.close();
    peer.reconnect();
    peer.feed("one\ntwo\n");
    assert_eq!(entries.message(), b"one");
    assert_eq!(entries.message(), b"two");
}

#[test]
fn what_is_left_at_the_end_is_told_before_it() {
    let (diary, entries) = Diary::new();
    let codec = Delimiter::new("--").open_end(true);
    let mut peer = Harness::new(framed::client(codec, diary));
    for _ in 0..2 {
        peer.feed("one--two");
        peer.finish();
        assert_eq!(entries.message(), b"one");
        assert_eq!(entries.message(), b"two");
        assert!(entries.close().is_clean());
        peer.reconnect();
    }
}
