//! Messages in other pieces than they were sent in.

use sockeye::framed::{self, Codec, Delimiter, FixedSize, LengthPrefix, Lines, Session, Varint};
use sockeye::testing::{Faults, Harness, Side};
use sockeye::{Limits, raw};

use crate::common::{Peer, Random, Setting};
use crate::on_all_streams;

on_all_streams!(messages_of_all_sizes_come_back, a_slow_sender_is_understood);

fn echo<C: Codec>(codec: C) -> raw::ServerProtocol
where
    C::Message: AsRef<[u8]>,
{
    framed::server(codec, |_| {
        |session: &mut Session<'_>, message: &C::Message| {
            session.send(message);
        }
    })
}

/// The messages as this codec sends them.
fn frames<'a>(codec: &impl Codec, messages: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut frames = Vec::new();
    for message in messages {
        framed::encode(codec, message, &mut frames).unwrap();
    }
    frames
}

/// Letters, so that they mean nothing to a codec.
fn letters(random: &mut Random, len: usize) -> Vec<u8> {
    random.bytes(len).into_iter().map(|byte| b'a' + byte % 26).collect()
}

fn messages_of_all_sizes_come_back(setting: Setting) {
    let mut random = Random::new();
    let sizes =
        [0, 1, 2, 127, 128, 255, 256, 511, 512, 513, 65_535, 65_536, 200_000, 3, 0, 1 << 20];
    let messages = sizes.map(|len| letters(&mut random, len));
    fn all<C: Codec>(setting: Setting, codec: C, messages: &[Vec<u8>], random: &mut Random)
    where
        C::Message: AsRef<[u8]>,
    {
        let frames = frames(&codec, messages.iter().map(|message| &**message));
        let service = setting.service();
        let server = setting.serve(&service, echo(codec));
        let mut peer = Peer::new(&server);
        let mut sender = peer.another_handle();
        let mut rest = &frames[..];
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !rest.is_empty() {
                    let (piece, next) = rest.split_at((1 + random.below(90_000)).min(rest.len()));
                    sender.send(piece);
                    rest = next;
                }
                sender.finish();
            });
            assert!(peer.receive_to_end() == frames);
        });
    }
    all(setting, LengthPrefix::u32(), &messages, &mut random);
    all(setting, Varint::new(), &messages, &mut random);
    all(setting, Lines::new(), &messages, &mut random);
    all(setting, Delimiter::new("--").keep(false), &messages, &mut random);
    all(setting, FixedSize::new(65_536), &messages[11..12], &mut random);
}

fn a_slow_sender_is_understood(setting: Setting) {
    let service = setting.service();
    let codec = LengthPrefix::u16().in_header(1);
    let server = setting.serve(&service, echo(codec));
    let mut peer = Peer::new(&server);
    let frame = b"k\0\x05hello";
    for _ in 0..3 {
        for byte in frame {
            peer.send([*byte]);
        }
        peer.expect(frame);
    }
}

/// For each codec: what comes of messages that are cut at each byte.
#[test]
fn messages_may_be_cut_at_every_byte() {
    fn every<C: Codec>(codec: C)
    where
        C::Message: AsRef<[u8]>,
    {
        let frames = frames(&codec, [&b"four"[..], b"more", b"...."]);
        for at in 1..frames.len() {
            let mut peer = Harness::new(echo(codec.clone()));
            let mut answer = peer.feed(&frames[..at]);
            answer.extend(peer.feed(&frames[at..]));
            assert_eq!(answer, frames, "cut at {at}");
        }
        let mut peer = Harness::new(echo(codec));
        let answers = frames.chunks(1).flat_map(|byte| peer.feed(byte));
        assert_eq!(answers.collect::<Vec<_>>(), frames);
    }
    every(LengthPrefix::u64().little_endian().counts_from(0));
    every(LengthPrefix::u16().counts_from(5));
    every(Varint::new());
    every(Delimiter::new("\r\n.\r\n"));
    every(Lines::new());
    every(Lines::new().crlf(true));
    every(FixedSize::new(4));
}

/// However the stream is cut and delayed, and however little room there is for the answers.
#[test]
fn messages_survive_a_bad_stream() {
    let mut random = Random::new();
    for seed in 0..50 {
        let messages = [0, 1, 700, 3, 5000, 20].map(|len| letters(&mut random, len));
        let codec = Delimiter::new("\r\n");
        let frames = frames(&codec, messages.iter().map(|message| &**message));
        let faults = Faults::seeded(seed).short_reads(700).short_writes(700);
        let limits = Limits::default().queue(6000).marks(100, 1000);
        let side = Side::new(echo(codec)).faults(faults).limits(limits).capacity(800);
        let mut peer = Harness::new(side);
        peer.pause();
        let mut answer = peer.feed(&frames);
        answer.extend(peer.resume());
        assert!(answer == frames, "seed {seed}");
    }
}

/// What other threads have sent counts: the rest of the read waits until there is room again.
#[test]
fn no_message_comes_while_the_mailbox_has_filled_the_queue() {
    let codec = LengthPrefix::u32();
    let protocol = framed::server(codec, |_| {
        |session: &mut Session<'_>, message: &[u8]| match message {
            b"fill" => assert!(session.handle().send([7; 996]).is_queued()),
            other => assert!(session.send(other).is_queued(), "there is room"),
        }
    });
    let mut peer = Harness::new(Side::new(protocol).limits(Limits::default().queue(1000)));
    let answers = peer.feed(frames(&codec, [&b"fill"[..], b"one", b"two"]));
    assert_eq!(answers, frames(&codec, [&[7; 996][..], b"one", b"two"]));
    assert!(peer.closed().is_none());
}
