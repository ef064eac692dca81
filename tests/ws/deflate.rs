//! Compressed messages: what is agreed on, and what is sent then.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use sockeye::testing::Side;
use sockeye::ws::{self, Deflate, Kind};
use sockeye::{Limits, Overflow, Sent};

use crate::caller::Caller;
use crate::common::Random;
use crate::request::Ask;
use crate::scribe::{Notes, Scribe};
use crate::wire::{BINARY, CONTINUATION, FIN, Frame, RSV1, TEXT, masked};

/// A server that wants all that a client can do.
pub(crate) const EAGER: Deflate = Deflate {
    server_takeover: true,
    client_takeover: true,
    server_bits: 15,
    client_bits: 15,
    level: 6,
    min_size: 64,
};

/// A client's half of what was agreed on.
pub(crate) struct Unpacker {
    inner: Decompress,
    takes_over: bool,
    bits: u8,
}

impl Unpacker {
    /// For a server that wants nothing but what these parameters say.
    pub(crate) fn of(parameters: &str) -> Self {
        let bits = parameters.split("server_max_window_bits=").nth(1);
        let bits = bits.map_or(15, |bits| bits.split(';').next().unwrap().trim().parse().unwrap());
        let bits = if parameters.is_empty() { 0 } else { bits };
        Self {
            // No more than was agreed on: references that go further back fail.
            inner: Decompress::new_with_window_bits(false, bits.clamp(9, 15)),
            takes_over: !parameters.contains("server_no_context_takeover"),
            bits,
        }
    }

    /// The library's compressor has no smaller window than 9.
    pub(crate) fn expects_compression(&self) -> bool {
        self.bits > 8
    }

    /// The payload as it was before it was compressed, if it is.
    #[track_caller]
    pub(crate) fn unpack(&mut self, frame: &Frame) -> Vec<u8> {
        if !frame.is_compressed() {
            return frame.payload.clone();
        }
        if !self.takes_over {
            self.inner = Decompress::new_with_window_bits(false, self.bits.clamp(9, 15));
        }
        let packed = [&frame.payload[..], &[0, 0, 0xff, 0xff]].concat();
        let (mut rest, mut out) = (&packed[..], Vec::new());
        while !rest.is_empty() {
            out.reserve(rest.len() * 8 + 64);
            let before = self.inner.total_in();
            let done = self.inner.decompress_vec(rest, &mut out, FlushDecompress::Sync);
            done.expect("within the window that was agreed on");
            rest = &rest[(self.inner.total_in() - before) as usize..];
        }
        // What the last bytes hold may want some more room.
        loop {
            out.reserve(64 * 1024);
            let before = self.inner.total_out();
            let _ = self.inner.decompress_vec(&[], &mut out, FlushDecompress::Sync);
            if self.inner.total_out() == before {
                return out;
            }
        }
    }
}

/// A client's other half.
struct Packer {
    inner: Compress,
    takes_over: bool,
}

impl Packer {
    fn of(parameters: &str) -> Self {
        let bits = parameters.split("client_max_window_bits=").nth(1);
        let bits = bits.map_or(15, |bits| bits.split(';').next().unwrap().trim().parse().unwrap());
        let inner = Compress::new_with_window_bits(Compression::best(), false, bits);
        Self { inner, takes_over: !parameters.contains("client_no_context_takeover") }
    }

    fn pack(&mut self, data: &[u8]) -> Vec<u8> {
        if !self.takes_over {
            self.inner.reset();
        }
        let mut packed = Vec::with_capacity(data.len() * 2 + 100);
        self.inner.compress_vec(data, &mut packed, FlushCompress::Sync).unwrap();
        packed.truncate(packed.len() - 4);
        packed
    }
}

fn asking(settings: Deflate, offers: &[&str]) -> (Caller, Notes) {
    let (scribe, notes) = Scribe::new();
    let protocol = ws::server_with(scribe.echo().endpoint().deflate(settings));
    let ask = offers.iter().fold(Ask::new("/"), |ask, offer| ask.offering(offer));
    (Caller::asking(protocol, &ask), notes)
}

const PLAIN: &str = "permessage-deflate";

/// What is offered to a server that wants everything, and what it answers.
const OFFERS: &[(&[&str], Option<&str>)] = &[
    (&[], None),
    (&["permessage-deflate"], Some("")),
    (&["x-webkit-deflate-frame"], None),
    (&["Permessage-Deflate"], None),
    (&["x-other; a=b, permessage-deflate"], Some("")),
    (&["x-other", "permessage-deflate"], Some("")),
    (&["permessage-deflate; client_max_window_bits"], Some("")),
    (&["permessage-deflate; client_max_window_bits=15"], Some("")),
    (&["permessage-deflate; client_max_window_bits=10"], Some("; client_max_window_bits=10")),
    (&["permessage-deflate; server_no_context_takeover"], Some("; server_no_context_takeover")),
    (&["permessage-deflate;client_no_context_takeover"], Some("; client_no_context_takeover")),
    (&["permessage-deflate; server_max_window_bits=10"], Some("; server_max_window_bits=10")),
    (
        &["permessage-deflate ; server_max_window_bits = \"1\\2\""],
        Some("; server_max_window_bits=12"),
    ),
    (&["permessage-deflate; server_max_window_bits=8"], Some("; server_max_window_bits=8")),
    (&["permessage-deflate; server_max_window_bits=15"], Some("; server_max_window_bits=15")),
    // Malformed, and so declined.
    (&["permessage-deflate; server_max_window_bits"], None),
    (&["permessage-deflate; server_max_window_bits=7"], None),
    (&["permessage-deflate; server_max_window_bits=16"], None),
    (&["permessage-deflate; server_max_window_bits=09"], None),
    (&["permessage-deflate; server_max_window_bits=ten"], None),
    (&["permessage-deflate; client_max_window_bits=7"], None),
    (&["permessage-deflate; client_max_window_bits=100"], None),
    (&["permessage-deflate; server_no_context_takeover=1"], None),
    (&["permessage-deflate; client_no_context_takeover=true"], None),
    (&["permessage-deflate; unknown"], None),
    (&["permessage-deflate; server_no_context_takeover; server_no_context_takeover"], None),
    (&["permessage-deflate; client_max_window_bits; client_max_window_bits=10"], None),
    // The first that is acceptable.
    (
        &["permessage-deflate; unknown, permessage-deflate; server_no_context_takeover"],
        Some("; server_no_context_takeover"),
    ),
    (&["permessage-deflate; server_max_window_bits=7", "permessage-deflate"], Some("")),
    (
        &["permessage-deflate; client_no_context_takeover, permessage-deflate"],
        Some("; client_no_context_takeover"),
    ),
];

#[test]
fn offers_are_answered() {
    for (offers, expected) in OFFERS {
        let (caller, _notes) = asking(EAGER, offers);
        let answered = caller.answer.field("Sec-WebSocket-Extensions");
        let expected = expected.map(|parameters| PLAIN.to_owned() + parameters);
        assert_eq!(answered, expected.as_deref(), "{offers:?}");
    }
}

/// By default a server keeps no compressor for each connection.
#[test]
fn the_default_is_frugal() {
    let (mut caller, _notes) = asking(Deflate::default(), &[PLAIN]);
    let answered = caller.answer.field("Sec-WebSocket-Extensions").unwrap().to_owned();
    assert_eq!(answered, PLAIN.to_owned() + "; server_no_context_takeover");
    let text = "again ".repeat(100);
    let [first, second] = [(); 2].map(|()| caller.send(Frame::text(&text)));
    assert!(first == second && Unpacker::of(&answered).unpack(&first[0]) == text.as_bytes());
}

#[test]
fn a_server_that_does_not_compress_agrees_to_nothing() {
    let (scribe, _notes) = Scribe::new();
    let mut caller = Caller::asking(scribe.echo().server(), &Ask::new("/").offering(PLAIN));
    assert_eq!(caller.answer.field("Sec-WebSocket-Extensions"), None);
    let text = "x".repeat(1000);
    assert_eq!(caller.send(Frame::text(&text)), [Frame::text(&text)]);
}

/// What a server wants itself, where the client lets it.
#[test]
fn settings_are_said() {
    let frugal = Deflate {
        server_takeover: false,
        client_takeover: false,
        server_bits: 9,
        client_bits: 10,
        ..EAGER
    };
    let table = [
        (
            "permessage-deflate",
            "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9",
        ),
        (
            "permessage-deflate; client_max_window_bits",
            "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; \
             client_max_window_bits=10",
        ),
        (
            "permessage-deflate; client_max_window_bits=9; server_max_window_bits=12",
            "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; \
             client_max_window_bits=9",
        ),
    ];
    for (offer, expected) in table {
        let (caller, _notes) = asking(frugal, &[offer]);
        let answered = caller.answer.field("Sec-WebSocket-Extensions").unwrap();
        assert_eq!(answered, PLAIN.to_owned() + expected, "{offer}");
    }
}

/// Text that is worth it, some of it twice, further apart than small windows are wide.
fn texts(random: &mut Random) -> Vec<String> {
    let words: Vec<_> = (0..300).map(|_| format!("{:08x} ", random.next() as u32)).collect();
    let text = |random: &mut Random, len| (0..len).map(|_| &*words[random.below(300)]).collect();
    (0..8).map(|number| text(random, [1, 10, 100, 1000][number % 4])).collect()
}

/// With every combination of what can be agreed on, messages go both ways.
#[test]
fn whatever_was_agreed_on_is_kept() {
    let mut random = Random::new();
    let texts = texts(&mut random);
    for server in ["", "; server_no_context_takeover"] {
        for client in ["", "; client_no_context_takeover"] {
            for bits in [8, 9, 12, 15] {
                let offer = format!(
                    "permessage-deflate{server}{client}; server_max_window_bits={bits}; \
                     client_max_window_bits={}",
                    bits.max(9)
                );
                let (mut caller, _notes) = asking(EAGER, &[&offer]);
                let (mut packer, mut unpacker) = (Packer::of(&offer), Unpacker::of(&offer));
                for text in &texts {
                    let packed = packer.pack(text.as_bytes());
                    let frames = caller.feed(masked(FIN | RSV1 | TEXT, &packed));
                    assert_eq!(frames.len(), 1, "{offer}");
                    assert!(unpacker.unpack(&frames[0]) == text.as_bytes(), "{offer}");
                    let worth = text.len() >= 64 && bits > 8;
                    let sent = &frames[0];
                    assert!(sent.is_compressed() == worth || text.len() < 1000, "{offer} {sent:?}");
                }
            }
        }
    }
}

#[test]
fn a_compressed_message_may_come_in_fragments() {
    let (mut caller, notes) = asking(EAGER, &[PLAIN]);
    let mut packer = Packer::of(PLAIN);
    for _ in 0..3 {
        let packed = packer.pack(b"compressed, in as many frames as it has bytes");
        let last = packed.len() - 1;
        for (at, byte) in packed.iter().enumerate() {
            let fin = if at == last { FIN } else { 0 };
            let opcode = if at == 0 { RSV1 | BINARY } else { CONTINUATION };
            caller.feed(masked(fin | opcode, &[*byte]));
            if at == 0 {
                assert_eq!(caller.send(Frame::ping("")), [Frame::pong("")]);
            }
        }
        // Uncompressed ones in between are nobody's context.
        assert_eq!(caller.send(Frame::text("plain")), [Frame::text("plain")]);
    }
    let all = ["ping ", "binary compressed, in as many frames as it has bytes", "text plain"];
    notes.expect(&["open /"]);
    (0..3).for_each(|_| notes.expect(&all));
}

/// RFC 7692 7.2.3: examples of one message in several forms.
#[test]
fn every_form_of_a_message_is_understood() {
    let forms: &[&[u8]] = &[
        &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00],
        // Not compressed, and a last block.
        &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00],
        &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00],
        // In two blocks.
        &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00],
    ];
    for form in forms {
        let (mut caller, notes) = asking(EAGER, &[PLAIN]);
        caller.feed(masked(FIN | RSV1 | TEXT, form));
        caller.feed(masked(FIN | RSV1 | TEXT, forms[0]));
        notes.expect(&["open /", "text Hello", "text Hello"]);
    }
    let (mut caller, notes) = asking(EAGER, &[PLAIN]);
    caller.feed(masked(FIN | RSV1 | TEXT, &[0]));
    caller.feed(masked(FIN | RSV1 | BINARY, &[]));
    notes.expect(&["open /", "text ", "binary "]);
}

#[test]
fn short_messages_are_not_compressed() {
    let (mut caller, _notes) = asking(Deflate { min_size: 100, ..EAGER }, &[PLAIN]);
    let mut unpacker = Unpacker::of(PLAIN);
    for (len, compressed) in [(0, false), (99, false), (100, true), (101, true), (5000, true)] {
        let text = "x".repeat(len);
        let frames = caller.send(Frame::text(&text));
        assert_eq!(frames[0].is_compressed(), compressed, "{len} bytes");
        assert_eq!(unpacker.unpack(&frames[0]), text.as_bytes());
    }
    // Not even the shortest are left out.
    let (mut caller, _notes) = asking(Deflate { min_size: 0, ..EAGER }, &[PLAIN]);
    let mut unpacker = Unpacker::of(PLAIN);
    for text in ["", "a", "", "aaaa"] {
        let frames = caller.send(Frame::text(text));
        assert!(frames[0].is_compressed(), "{text:?}");
        assert_eq!(unpacker.unpack(&frames[0]), text.as_bytes());
    }
}

/// What does not become smaller is sent as it is, where nothing refers to it later.
#[test]
fn what_cannot_be_compressed_is_not() {
    let noise = Random::new().bytes(500);
    let offer = "permessage-deflate; server_no_context_takeover";
    let (mut caller, _notes) = asking(EAGER, &[offer]);
    assert_eq!(caller.send(Frame::binary(&noise)), [Frame::binary(&noise)]);
    let text = "again ".repeat(100);
    let frames = caller.send(Frame::text(&text));
    assert_eq!(Unpacker::of(offer).unpack(&frames[0]), text.as_bytes());
}

/// With a context, what is the same again costs next to nothing; without, the same each time.
#[test]
fn a_context_is_taken_over_where_it_was_agreed() {
    let text: String = (0..200).map(|number: u32| number.pow(3).to_string()).collect();
    for (offer, taken_over) in
        [(PLAIN, true), ("permessage-deflate; server_no_context_takeover", false)]
    {
        let (mut caller, _notes) = asking(EAGER, &[offer]);
        let [first, second] =
            [(); 2].map(|()| caller.send(Frame::text(&text)).remove(0).payload.len());
        assert_eq!(second < first / 4, taken_over, "{offer}: {first}, {second}");
        assert_eq!(second == first, !taken_over, "{offer}: {first}, {second}");
    }
}

#[test]
fn parts_and_control_frames_are_not_compressed() {
    let (mut caller, notes) = asking(Deflate { min_size: 0, ..EAGER }, &[PLAIN]);
    let handle = notes.handle();
    let part = "part ".repeat(50);
    handle.begin(Kind::Text, part.clone());
    handle.ping("p".repeat(125));
    handle.complete(part.clone());
    assert_eq!(
        caller.take(),
        [
            Frame::new(TEXT, &part),
            Frame::ping("p".repeat(125)),
            Frame::new(FIN | CONTINUATION, &part),
        ]
    );
    handle.text(&part);
    let frames = caller.take();
    assert_eq!(Unpacker::of(PLAIN).unpack(&frames[0]), part.as_bytes());
}

/// A message that was compressed and then dropped is in nobody's context.
#[test]
fn what_is_dropped_is_referred_to_by_nobody() {
    let mut random = Random::new();
    // Around the number of bytes that a frame of noise is longer than its message.
    for spare in 0..40 {
        let (scribe, notes) = Scribe::new();
        let limits = Limits::default().queue(1000).overflow(Overflow::Drop);
        let endpoint = scribe.endpoint().deflate(EAGER);
        let side = Side::new(ws::server_with(endpoint)).limits(limits);
        let mut caller = Caller::asking(side, &Ask::new("/").offering(PLAIN));
        let mut unpacker = Unpacker::of(PLAIN);
        let noise = random.bytes(1000 - spare);
        let again = noise[..500].to_vec();
        let job = notes.handle().post(move |session| {
            let sent = session.binary(&noise);
            assert!(sent.is_queued() || sent == Sent::Dropped);
        });
        job.unwrap();
        for frame in caller.take() {
            unpacker.unpack(&frame);
        }
        let expected = again.clone();
        let job = caller.harness.handle().post(move |session| {
            assert!(session.send(&again).is_queued());
        });
        job.unwrap();
        let frames = caller.take();
        assert!(unpacker.unpack(&frames[0]) == expected, "{spare} bytes to spare");
    }
}

/// Two sessions at once have nothing to do with each other.
#[test]
fn contexts_are_each_sessions_own() {
    let (scribe, _notes) = Scribe::new();
    let protocol = ws::server_with(scribe.echo().endpoint().deflate(EAGER));
    for offer in
        [PLAIN, "permessage-deflate; server_no_context_takeover; client_no_context_takeover"]
    {
        let mut peers = [(); 3].map(|()| {
            let caller = Caller::asking(protocol.clone(), &Ask::new("/").offering(offer));
            (caller, Packer::of(offer), Unpacker::of(offer))
        });
        for round in 0..10 {
            for (number, (caller, packer, unpacker)) in peers.iter_mut().enumerate() {
                let text = format!("{number} {round} ").repeat(30);
                let frame = masked(FIN | RSV1 | TEXT, &packer.pack(text.as_bytes()));
                let frames = caller.feed(frame);
                assert_eq!(unpacker.unpack(&frames[0]), text.as_bytes());
            }
        }
    }
}
