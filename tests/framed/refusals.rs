//! Messages that cannot be sent.

use sockeye::framed::{self, Codec, Delimiter, FixedSize, LengthPrefix, Lines, Session, Varint};
use sockeye::testing::Harness;
use sockeye::{ErrorKind, Sent};

use crate::common::{LIMIT, Setting};
use crate::diary::Diary;
use crate::on_all_streams;

on_all_streams!(callers_that_wait_are_told);

/// The sender is told, nothing of the message goes out, and the session goes on.
#[track_caller]
fn refused<C: Codec>(codec: C, bad: &'static [u8], good: &'static [u8])
where
    C::Message: AsRef<[u8]>,
{
    let mut peer = Harness::new(framed::server(codec.clone(), move |_| {
        move |session: &mut Session<'_>, _: &C::Message| {
            assert_eq!(session.send(bad), Sent::Invalid);
            assert_eq!(session.send_shared(bad.into()), Sent::Invalid);
            assert!(session.send(good).is_queued());
        }
    }));
    let mut frame = Vec::new();
    framed::encode(&codec, good, &mut frame).unwrap();
    assert_eq!(peer.feed(&frame), frame);
    assert_eq!(peer.handle().send(bad), Sent::Invalid);
    assert_eq!(peer.handle().send_shared(bad.into()), Sent::Invalid);
    assert!(peer.handle().send(good).is_queued());
    assert_eq!(peer.take(), frame);
    assert!(peer.closed().is_none());
}

#[test]
fn what_a_codec_cannot_send_is_invalid() {
    refused(LengthPrefix::u8(), &[7; 256], &[7; 255]);
    refused(LengthPrefix::u32().max(2), b"abc", b"ab");
    refused(LengthPrefix::u16().in_header(2), b"abc", b"ab\0\0");
    refused(Varint::new().max(1000), &[7; 1001], &[7; 1000]);
    refused(Delimiter::new("--"), b"a--b", b"a-b");
    refused(Delimiter::new("--"), b"a-", b"-a");
    refused(Delimiter::new("--").keep(true), b"a", b"a--");
    refused(Delimiter::new("--").max(2), b"abc", b"ab");
    refused(Lines::new(), b"a\nb", b"a b");
    refused(Lines::new(), b"a\r", b"\ra");
    refused(Lines::new(), b"caf\xe9", b"caf\xc3\xa9");
    refused(Lines::new().max(1000), &[b'x'; 1001], &[b'x'; 1000]);
    refused(FixedSize::new(2), b"a", b"ab");
    refused(FixedSize::new(2), b"abc", b"ab");
}

fn callers_that_wait_are_told(setting: Setting) {
    let service = setting.service();
    let (protocol, entries) = Diary::server(Lines::new());
    let server = setting.serve(&service, protocol);
    let (diary, _entries) = Diary::new();
    let client = server.place().client(&service, framed::client(Lines::new(), diary));
    let client = client.connect(server.place().endpoint()).unwrap();
    client.wait_connected(LIMIT).unwrap();
    let refused = client.handle().send_within("two\nlines", LIMIT).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    client.handle().send_within("one line", LIMIT).unwrap();
    assert_eq!(entries.message(), b"one line");
}
