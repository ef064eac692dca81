//! Peers that send what is no message.

use sockeye::framed::{Codec, Delimiter, FixedSize, LengthPrefix, Lines, Varint};
use sockeye::{CloseReason, Limit, Limits, Server, Violation};

use crate::common::{Peer, SHORT, Setting};
use crate::diary::Diary;
use crate::on_all_streams;

on_all_streams!(
    lengths_from_none_to_the_maximum_are_served,
    a_length_over_the_maximum_is_refused_unseen,
    lengths_that_no_machine_can_hold_are_refused,
    an_endless_line_is_refused,
    an_endless_message_without_a_delimiter_is_refused,
    text_that_is_not_utf_8_is_refused,
    what_came_before_is_served,
    a_peer_that_finishes_within_a_message_is_told_of,
    a_peer_that_stays_within_a_message_meets_the_idle_limit,
    a_last_line_may_lack_its_end,
);

/// The session serves these messages, and ends for this reason, while the peer is still there.
#[track_caller]
fn refused<C: Codec>(setting: Setting, codec: C, bytes: &[u8], messages: &[&[u8]], why: &str)
where
    C::Message: AsRef<[u8]>,
{
    ended(setting, codec, bytes, messages, why, |_| {});
}

#[track_caller]
fn ended<C: Codec>(
    setting: Setting,
    codec: C,
    bytes: &[u8],
    messages: &[&[u8]],
    why: &str,
    then: fn(&Peer),
) where
    C::Message: AsRef<[u8]>,
{
    let service = setting.service();
    let (protocol, entries) = Diary::server(codec);
    let server = setting.serve(&service, protocol);
    let mut peer = Peer::new(&server);
    peer.send(bytes);
    then(&peer);
    for message in messages {
        assert_eq!(entries.message(), *message);
    }
    peer.expect_end();
    drop(peer);
    let reason = entries.close();
    assert!(matches!(reason, CloseReason::Protocol(_)) && !reason.is_clean(), "{reason:?}");
    assert_eq!(reason.to_string(), format!("the peer has sent {why}"));
}

fn lengths_from_none_to_the_maximum_are_served(setting: Setting) {
    let service = setting.service();
    let (protocol, entries) = Diary::server(LengthPrefix::u16().max(1000));
    let server = setting.serve(&service, protocol);
    let mut peer = Peer::new(&server);
    for len in [0, 1, 999, 1000, 0] {
        let message = vec![7; len];
        peer.send((len as u16).to_be_bytes());
        peer.send(&message);
        assert_eq!(entries.message(), message);
    }
    peer.finish();
    peer.expect_end();
    drop(peer);
    assert!(matches!(entries.close(), CloseReason::Remote));
}

fn a_length_over_the_maximum_is_refused_unseen(setting: Setting) {
    let codec = LengthPrefix::default().max(1000);
    refused(setting, codec, &1001u32.to_be_bytes(), &[], "a message of more than 1000 bytes");
    refused(setting, Varint::new().max(5), b"\x06", &[], "a message of more than 5 bytes");
}

fn lengths_that_no_machine_can_hold_are_refused(setting: Setting) {
    let why = "a message of more than 1048576 bytes";
    refused(setting, LengthPrefix::u32(), &[0xff; 4], &[], why);
    refused(setting, LengthPrefix::u64().counts_from(100), &[0xff; 8], &[], why);
    refused(setting, Varint::new(), &[&[0xff; 9][..], &[1]].concat(), &[], why);
    let why = "a length of more than 64 bits";
    refused(setting, Varint::new(), &[0xff; 10], &[], why);
    let why = "a length that ends before itself";
    refused(setting, LengthPrefix::u16().counts_from(0), &[0, 1], &[], why);
}

fn an_endless_line_is_refused(setting: Setting) {
    let line = vec![b'x'; 100_000];
    let why = "a message of more than 65536 bytes";
    refused(setting, Lines::new().max(65_536), &line, &[], why);
}

fn an_endless_message_without_a_delimiter_is_refused(setting: Setting) {
    let why = "a message of more than 10 bytes";
    refused(setting, Delimiter::new("--").max(10), b"0123456789-x", &[], why);
}

fn text_that_is_not_utf_8_is_refused(setting: Setting) {
    refused(setting, Lines::new(), b"caf\xe9\n", &[], "text that is not UTF-8");
}

fn what_came_before_is_served(setting: Setting) {
    let why = "text that is not UTF-8";
    refused(setting, Lines::new(), b"one\ntwo\n\xff\nfour\n", &[b"one", b"two"], why);
    let why = "a message of more than 3 bytes";
    refused(setting, Varint::new().max(3), b"\x03one\x03two\x05three\x01x", &[b"one", b"two"], why);
}

fn a_peer_that_finishes_within_a_message_is_told_of(setting: Setting) {
    let why = "an end in the middle of a message";
    let one: &[&[u8]] = &[b"one"];
    ended(setting, LengthPrefix::u8(), b"\x03one\x03tw", one, why, Peer::finish);
    ended(setting, LengthPrefix::u32(), b"\0\0", &[], why, Peer::finish);
    ended(setting, Varint::new(), b"\x03one\x80", one, why, Peer::finish);
    ended(setting, Delimiter::new("--"), b"one--two-", one, why, Peer::finish);
    ended(setting, Lines::new().open_end(false), b"one\ntwo", one, why, Peer::finish);
    ended(setting, FixedSize::new(3), b"onetw", one, why, Peer::finish);
}

fn a_peer_that_stays_within_a_message_meets_the_idle_limit(setting: Setting) {
    let service = setting.service();
    let (protocol, entries) = Diary::server(LengthPrefix::u8());
    let limits = Limits::default().idle(SHORT);
    let server = setting.listen(Server::builder(&service, protocol).limits(limits));
    let mut peer = Peer::new(&server);
    peer.send(b"\x03one\x03tw");
    assert_eq!(entries.message(), b"one");
    peer.receive_what_comes();
    drop(peer);
    let reason = entries.close();
    assert!(matches!(reason, CloseReason::Timeout(Limit::Idle)), "{reason:?}");
}

fn a_last_line_may_lack_its_end(setting: Setting) {
    let service = setting.service();
    let (protocol, entries) = Diary::server(Lines::new().max(3));
    let server = setting.serve(&service, protocol);
    let mut peer = Peer::new(&server);
    peer.send("one\r\ntwo");
    peer.finish();
    assert_eq!(entries.message(), b"one");
    assert_eq!(entries.message(), b"two");
    peer.expect_end();
    drop(peer);
    assert!(matches!(entries.close(), CloseReason::Remote));
    // Longer than it may be it is none.
    let too_long = Violation::TooLong { limit: 3 }.to_string();
    ended(setting, Lines::new().max(3), b"four", &[], &too_long, Peer::finish);
}
