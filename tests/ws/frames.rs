//! What peers must not send: each is answered with a code, and the handler is told the rule.

use sockeye::ws;

use crate::caller::{Caller, Line};
use crate::common::{Random, Setting};
use crate::deflate::EAGER;
use crate::on_all_streams;
use crate::request::Ask;
use crate::scribe::{Notes, Scribe, echo};
use crate::wire::{BINARY, CLOSE, CONTINUATION, FIN, Frame, PING, PONG, RSV1, TEXT, masked};

on_all_streams!(who_breaks_the_rules_is_told_and_cut_off);

fn who_breaks_the_rules_is_told_and_cut_off(setting: Setting) {
    let service = setting.service();
    let (protocol, notes) = echo();
    let server = setting.serve(&service, protocol);
    let mut line = Line::new(&server);
    line.0.send([Frame::text("first").masked(), masked(FIN | 3, b"x")].concat());
    line.expect(&Frame::text("first"));
    line.expect(&Frame::close(1002, "a frame of a reserved kind"));
    line.0.expect_end();
    drop(line);
    notes.expect(&["open /", "text first"]);
    assert_eq!(notes.close(), "1002: the peer has sent a frame of a reserved kind");
}

const RESERVED_BIT: &str = "a frame with a reserved bit";
const RESERVED_KIND: &str = "a frame of a reserved kind";
const NOT_MASKED: &str = "a frame without a mask";
const NOT_SHORT: &str = "a length that is not in its shortest form";
const HUGE: &str = "a frame of 2^63 bytes or more";
const NO_MESSAGE: &str = "a fragment of no message";
const INSIDE: &str = "a message inside of another";
const IN_FRAGMENTS: &str = "a control frame in fragments";
const LONG_CONTROL: &str = "a control frame of more than 125 bytes";
const NOT_UTF8: &str = "text that is not UTF-8";
const TOO_LONG: &str = "a message of more than 1000 bytes";
const BIG_FRAME: &str = "a message of more than 600 bytes";
const CORRUPT: &str = "a compressed message that is corrupt";

struct Case {
    name: String,
    bytes: Vec<u8>,
    code: u16,
    rule: String,
}

fn case(code: u16, rule: &str, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Case {
    Case { name: name.into(), bytes: bytes.into(), code, rule: rule.into() }
}

/// Behind good frames.
fn behind(good: &[(u8, &[u8])], bad: &[u8]) -> Vec<u8> {
    let good = good.iter().flat_map(|(first, payload)| masked(*first, payload));
    good.chain(bad.iter().copied()).collect()
}

fn heads() -> Vec<Case> {
    let mut cases = Vec::new();
    for bits in 1..8u8 {
        let name = format!("reserved bits {bits:03b}");
        cases.push(case(1002, RESERVED_BIT, &*name, masked(FIN | bits << 4 | TEXT, b"")));
        cases.push(case(
            1002,
            RESERVED_BIT,
            name + " on a ping",
            masked(FIN | bits << 4 | PING, b""),
        ));
    }
    for opcode in (0x3..=0x7).chain(0xB..=0xF) {
        let name = format!("opcode {opcode:x}");
        cases.push(case(1002, RESERVED_KIND, &*name, masked(FIN | opcode, b"data")));
        cases.push(case(1002, RESERVED_KIND, name + " without FIN", masked(opcode, b"")));
    }
    for (opcode, what) in [(CLOSE, "close"), (PING, "ping"), (PONG, "pong")] {
        let long = |len| masked(FIN | opcode, &vec![b'x'; len]);
        cases.push(case(1002, LONG_CONTROL, format!("{what} of 126 bytes"), long(126)));
        cases.push(case(1002, LONG_CONTROL, format!("{what} of 70,000 bytes"), long(70_000)));
        cases.push(case(1002, IN_FRAGMENTS, format!("{what} in fragments"), masked(opcode, b"")));
        let unmasked = [FIN | opcode, 0];
        cases.push(case(1002, NOT_MASKED, format!("{what} without mask"), unmasked));
    }
    cases.extend([
        case(1002, NOT_MASKED, "text without mask", [&[FIN | TEXT, 5][..], b"hello"].concat()),
        case(1002, NOT_MASKED, "nothing without mask", [FIN | BINARY, 0]),
        case(1002, NOT_SHORT, "125 in two bytes", [FIN | BINARY, 0xFE, 0, 125]),
        case(1002, NOT_SHORT, "0 in two bytes", [FIN | BINARY, 0xFE, 0, 0]),
        case(1002, NOT_SHORT, "65,535 in eight", [FIN | TEXT, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]),
        case(1002, NOT_SHORT, "1 in eight bytes", [FIN | TEXT, 0xFF, 0, 0, 0, 0, 0, 0, 0, 1]),
        case(1002, HUGE, "2^63 bytes", [FIN | BINARY, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0]),
        case(1002, HUGE, "2^64 - 1 bytes", [[FIN | BINARY, 0xFF], [0xFF; 2], [0xFF; 2]].concat()),
        case(
            1009,
            BIG_FRAME,
            "2^63 - 1 bytes",
            [&[FIN | BINARY, 0xFF, 0x7F][..], &[0xFF; 7]].concat(),
        ),
    ]);
    cases
}

fn sequences() -> Vec<Case> {
    vec![
        case(1002, NO_MESSAGE, "an end without a beginning", masked(FIN | CONTINUATION, b"x")),
        case(1002, NO_MESSAGE, "a middle without a beginning", masked(CONTINUATION, b"x")),
        case(1002, NO_MESSAGE, "an end behind a message", {
            behind(&[(FIN | TEXT, b"a")], &masked(FIN | CONTINUATION, b"b"))
        }),
        case(1002, NO_MESSAGE, "a second end", {
            behind(&[(TEXT, b"a"), (FIN | CONTINUATION, b"b")], &masked(FIN | CONTINUATION, b"c"))
        }),
        case(1002, INSIDE, "a message inside of one", {
            behind(&[(TEXT, b"a")], &masked(FIN | TEXT, b"b"))
        }),
        case(1002, INSIDE, "a beginning inside of one", {
            behind(&[(BINARY, b"a"), (CONTINUATION, b"")], &masked(BINARY, b"b"))
        }),
        case(1002, INSIDE, "a message behind a ping inside of one", {
            behind(&[(TEXT, b""), (FIN | PING, b"p")], &masked(FIN | BINARY, b"b"))
        }),
        case(1002, RESERVED_BIT, "RSV1 on a continuation", {
            behind(&[(TEXT, b"a")], &masked(FIN | RSV1 | CONTINUATION, b"b"))
        }),
    ]
}

fn closes() -> Vec<Case> {
    let close = |payload: &[u8]| masked(FIN | CLOSE, payload);
    let mut cases = vec![
        case(1002, "a close frame with half of a code", "half of a code", close(&[3])),
        case(1007, NOT_UTF8, "words that are no text", close(b"\x03\xe8bye \xff")),
        case(1007, NOT_UTF8, "words that end too early", close(b"\x03\xe8bye \xe2\x82")),
    ];
    let names = [
        (0, "reserved"),
        (999, "reserved"),
        (1004, "reserved"),
        (1005, "no status"),
        (1006, "abnormal"),
        (1015, "TLS handshake"),
        (1016, "reserved"),
        (1100, "reserved"),
        (2000, "reserved"),
        (2999, "reserved"),
        (5000, "reserved"),
        (65535, "reserved"),
    ];
    cases.extend(names.map(|(code, name): (u16, _)| {
        let rule = format!("the close code {code} ({name})");
        case(1002, &rule, format!("code {code}"), close(&code.to_be_bytes()))
    }));
    cases
}

/// No prefix of a text, up to the byte that spoils it.
const NO_TEXTS: &[&[u8]] = &[
    // Continuation bytes, and characters that have none.
    b"\x80",
    b"a\xbf",
    b"\xc3(",
    b"\xe2\x82(",
    b"\xf0\x9f\x92(",
    b"\xc3\xc3",
    // Bytes that nothing begins with, and longer forms than needed.
    b"\xc0",
    b"\xc1",
    b"\xf5",
    b"\xfe",
    b"\xff",
    b"\xe0\x80",
    b"\xe0\x9f",
    b"\xf0\x80",
    b"\xf0\x8f",
    // Halves of UTF-16 pairs, and what is behind the last character.
    b"\xed\xa0",
    b"\xed\xbf",
    b"\xf4\x90",
    b"\xf8\x88\x80\x80\x80",
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0",
];

fn texts() -> Vec<Case> {
    let mut cases = Vec::new();
    for bad in NO_TEXTS {
        let name = bad.escape_ascii().to_string();
        let frame = [bad, &b" and more"[..]].concat();
        cases.push(case(1007, NOT_UTF8, format!("{name} in a frame"), masked(FIN | TEXT, &frame)));
        // The frame is far from its end: nobody waits for that.
        let begun = masked(FIN | TEXT, &[bad, &[b'x'; 400][..]].concat());
        cases.push(case(1007, NOT_UTF8, format!("{name} at once"), &begun[..8 + bad.len()]));
        let pieces = bad
            .iter()
            .enumerate()
            .flat_map(|(at, byte)| masked(if at == 0 { TEXT } else { CONTINUATION }, &[*byte]));
        cases.push(case(1007, NOT_UTF8, format!("{name} in frames"), pieces.collect::<Vec<_>>()));
    }
    for short in [&b"\xc3"[..], b"\xe2\x82", b"\xf0\x9f\x92", b"abc\xf4\x8f\xbf"] {
        let name = format!("{} and no more", short.escape_ascii());
        cases.push(case(1007, NOT_UTF8, &*name, masked(FIN | TEXT, short)));
        let end = masked(FIN | CONTINUATION, b"");
        cases.push(case(1007, NOT_UTF8, name + ", in two", behind(&[(TEXT, short)], &end)));
    }
    cases
}

/// With frames of up to 600 bytes, and messages of up to 1,000.
fn sizes() -> Vec<Case> {
    let data = |len| vec![b'x'; len];
    vec![
        case(1009, BIG_FRAME, "a frame of 601 bytes", masked(FIN | BINARY, &data(601))),
        case(1009, BIG_FRAME, "its head alone", [FIN | BINARY, 0xFE, 0x02, 0x59]),
        case(1009, BIG_FRAME, "one of 70,000", masked(FIN | TEXT, &data(70_000))),
        case(1009, TOO_LONG, "a message of 1,001 bytes", {
            behind(&[(TEXT, &data(500))], &masked(FIN | CONTINUATION, &data(501)))
        }),
        case(1009, TOO_LONG, "the head of its last frame alone", {
            behind(&[(BINARY, &data(500)), (CONTINUATION, &data(499))], &[CONTINUATION, 0x82])
        }),
        case(1009, TOO_LONG, "a message without end", {
            behind(&[(BINARY, &data(600)), (CONTINUATION, &data(400))], &masked(0, b"x"))
        }),
    ]
}

fn all() -> Vec<Case> {
    [heads(), sequences(), closes(), texts(), sizes()].into_iter().flatten().collect()
}

#[track_caller]
fn fails(mut caller: Caller, notes: &Notes, case: &Case, cut: impl Iterator<Item = Vec<u8>>) {
    let mut frames = Vec::new();
    cut.for_each(|piece| frames.extend(caller.feed(piece)));
    let frame = frames.pop().unwrap_or_else(|| panic!("{}: nothing was answered", case.name));
    assert_eq!(frame.closes_with(), (case.code, &*case.rule), "{}", case.name);
    assert!(caller.harness.is_finished(), "{}: the stream has not ended", case.name);
    caller.finish();
    let reason = format!("{}: the peer has sent {}", case.code, case.rule);
    assert_eq!(notes.close(), reason, "{}", case.name);
    assert_eq!(notes.rest(), [""; 0], "{}: something came behind the close", case.name);
}

fn limited() -> (ws::ServerProtocol, Notes) {
    let (scribe, notes) = Scribe::new();
    (ws::server_with(scribe.endpoint().max_frame(600).max_message(1000)), notes)
}

#[test]
fn each_wrong_frame_has_its_code() {
    let cases = all();
    assert!(cases.len() > 150, "{}", cases.len());
    for case in cases {
        let (protocol, notes) = limited();
        fails(Caller::new(protocol), &notes, &case, [case.bytes.clone()].into_iter());
        let (protocol, notes) = limited();
        let bytes = case.bytes[..case.bytes.len().min(2000)].to_vec();
        fails(Caller::new(protocol), &notes, &case, bytes.into_iter().map(|byte| vec![byte]));
    }
}

/// What is behind the mistake is not looked at, whatever it is.
#[test]
fn nothing_is_heard_behind_a_mistake() {
    let bad = case(1002, RESERVED_KIND, "opcode 3", masked(FIN | 3, b""));
    let more = [Frame::text("more").masked(), Frame::ping("").masked()].concat();
    let (protocol, notes) = limited();
    let all = [bad.bytes.clone(), more.clone()].concat();
    fails(Caller::new(protocol), &notes, &bad, [all, more].into_iter());
}

#[test]
fn what_is_just_within_the_limits_is_heard() {
    let (scribe, notes) = Scribe::new();
    let protocol = ws::server_with(scribe.echo().endpoint().max_frame(600).max_message(1000));
    let mut caller = Caller::new(protocol);
    let (frame, half) = (vec![b'x'; 600], vec![b'y'; 500]);
    assert_eq!(caller.send(Frame::binary(&frame)), [Frame::binary(&frame)]);
    let two = [masked(TEXT, &half), masked(FIN | CONTINUATION, &half)].concat();
    assert_eq!(caller.feed(two), [Frame::text([&half[..], &half].concat())]);
    let most = [b'p'; 125];
    assert_eq!(caller.send(Frame::ping(most)), [Frame::pong(most)]);
    notes.expect(&["open /", "binary (600 bytes)", "text (1000 bytes)", "ping (125 bytes)"]);
}

/// The edges of what each count of bytes can say, and of what Unicode has.
#[test]
fn good_texts_are_heard() {
    let texts = [
        "\0",
        "\u{7f}",
        "\u{80}",
        "\u{7ff}",
        "\u{800}",
        "\u{d7ff}",
        "\u{e000}",
        "\u{fffd}",
        "\u{ffff}",
        "\u{10000}",
        "\u{10ffff}",
        "κόσμε",
        "a\u{301}",
        "\u{feff}bom",
    ];
    for text in texts {
        let (protocol, _notes) = echo();
        let mut caller = Caller::new(protocol);
        assert_eq!(caller.send(Frame::text(text)), [Frame::text(text)], "{text:?}");
        let last = text.len() - 1;
        let pieces = text.bytes().enumerate().flat_map(|(at, byte)| {
            let fin = if at == last { FIN } else { 0 };
            masked(fin | if at == 0 { TEXT } else { CONTINUATION }, &[byte])
        });
        assert_eq!(caller.feed(pieces.collect::<Vec<_>>()), [Frame::text(text)], "{text:?}");
    }
}

fn deflating() -> (Caller, Notes) {
    let (scribe, notes) = Scribe::new();
    let endpoint = scribe.endpoint().deflate(EAGER).max_message(1000).max_frame(600);
    let caller =
        Caller::asking(ws::server_with(endpoint), &Ask::new("/").offering("permessage-deflate"));
    (caller, notes)
}

/// What compression was agreed on has rules of its own.
#[test]
fn wrong_compressed_frames_have_their_codes() {
    let deflate = |data: &[u8]| {
        let mut packer = flate2::Compress::new(flate2::Compression::best(), false);
        let mut packed = Vec::with_capacity(data.len() + 100);
        packer.compress_vec(data, &mut packed, flate2::FlushCompress::Sync).unwrap();
        packed.truncate(packed.len() - 4);
        packed
    };
    let zip = |first: u8, data: &[u8]| masked(first | RSV1, data);
    let bomb = deflate(&vec![0; 100_000]);
    assert!(bomb.len() < 200);
    let half = deflate(b"hello, hello, hello");
    let half = &half[..half.len() / 2];
    let cases = [
        case(1002, RESERVED_BIT, "RSV1 on a ping", zip(FIN | PING, b"")),
        case(1002, RESERVED_BIT, "RSV1 on a close", zip(FIN | CLOSE, b"")),
        case(1002, RESERVED_BIT, "RSV2 and RSV1", masked(FIN | RSV1 | 0x20 | TEXT, b"")),
        case(1002, RESERVED_BIT, "RSV1 on a continuation", {
            behind(&[(TEXT | RSV1, &deflate(b"a"))], &zip(FIN | CONTINUATION, b""))
        }),
        case(1007, CORRUPT, "a block of no kind", zip(FIN | TEXT, b"\xff\xff\xff\xff")),
        case(1007, CORRUPT, "no end", zip(FIN | TEXT, half)),
        case(
            1007,
            CORRUPT,
            "a reference to nothing",
            zip(FIN | BINARY, b"\x4b\x04\x13\x00\x00\xff"),
        ),
        case(1007, NOT_UTF8, "compressed bytes that are no text", {
            zip(FIN | TEXT, &deflate(b"ab\xffcd"))
        }),
        case(1007, NOT_UTF8, "half of a character", zip(FIN | TEXT, &deflate(b"ab\xe2\x82"))),
        case(1009, TOO_LONG, "a bomb", zip(FIN | BINARY, &bomb)),
        case(1009, TOO_LONG, "a bomb's first half", zip(BINARY, &bomb[..bomb.len() / 2])),
        case(1009, TOO_LONG, "1,001 bytes", zip(FIN | TEXT, &deflate(&[b'x'; 1001]))),
        case(1009, BIG_FRAME, "a big frame", zip(FIN | TEXT, &Random::new().bytes(601))),
    ];
    for case in &cases {
        let (caller, notes) = deflating();
        fails(caller, &notes, case, [case.bytes.clone()].into_iter());
        let (caller, notes) = deflating();
        fails(caller, &notes, case, case.bytes.iter().map(|byte| vec![*byte]));
    }
    let (mut caller, notes) = deflating();
    assert_eq!(caller.feed(zip(FIN | TEXT, &deflate(&[b'x'; 1000]))), []);
    notes.expect(&["open /", "text (1000 bytes)"]);
}
