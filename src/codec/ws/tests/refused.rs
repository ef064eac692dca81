//! What peers must not send: each MUST of RFC 6455 5 and 7.4, and the code that answers it.

use std::iter;

use super::{Decoder, Heard, Opcode, Role, frame, read};
use crate::codec::ws::Code;
use crate::error::Violation;

/// What a server must not be sent, as hexadecimal digits up to the byte that makes it wrong; the
/// masks are zeros.
const BY_CLIENTS: &[(&str, u16, &str)] = &[
    // 5.2: reserved bits and kinds.
    ("90", 1002, "a frame with a reserved bit"),
    ("a1", 1002, "a frame with a reserved bit"),
    ("91", 1002, "a frame with a reserved bit"),
    ("c1", 1002, "a frame with a reserved bit"),
    ("c9", 1002, "a frame with a reserved bit"),
    ("f2", 1002, "a frame with a reserved bit"),
    ("83", 1002, "a frame of a reserved kind"),
    ("84", 1002, "a frame of a reserved kind"),
    ("85", 1002, "a frame of a reserved kind"),
    ("86", 1002, "a frame of a reserved kind"),
    ("07", 1002, "a frame of a reserved kind"),
    ("8b", 1002, "a frame of a reserved kind"),
    ("8c", 1002, "a frame of a reserved kind"),
    ("8d", 1002, "a frame of a reserved kind"),
    ("8e", 1002, "a frame of a reserved kind"),
    ("0f", 1002, "a frame of a reserved kind"),
    // 5.1: masks.
    ("8100", 1002, "a frame without a mask"),
    ("827f", 1002, "a frame without a mask"),
    ("8800", 1002, "a frame without a mask"),
    // 5.2: the shortest form.
    ("82fe0000", 1002, "a length that is not in its shortest form"),
    ("81fe007d", 1002, "a length that is not in its shortest form"),
    ("82ff000000000000", 1002, "a length that is not in its shortest form"),
    ("82ff80", 1002, "a frame of 2^63 bytes or more"),
    ("81ffff", 1002, "a frame of 2^63 bytes or more"),
    // 5.4: the order of fragments.
    ("80", 1002, "a fragment of no message"),
    ("00", 1002, "a fragment of no message"),
    ("81810000000061 80", 1002, "a fragment of no message"),
    ("01810000000061 8081000000006200", 1002, "a fragment of no message"),
    ("01810000000061 81", 1002, "a message inside of another"),
    ("01810000000061 01", 1002, "a message inside of another"),
    ("02810000000061 008000000000 82", 1002, "a message inside of another"),
    ("018000000000 898000000000 81", 1002, "a message inside of another"),
    // 5.5: control frames.
    ("08", 1002, "a control frame in fragments"),
    ("09", 1002, "a control frame in fragments"),
    ("018000000000 0a", 1002, "a control frame in fragments"),
    ("88fe", 1002, "a control frame of more than 125 bytes"),
    ("89fe", 1002, "a control frame of more than 125 bytes"),
    ("8aff", 1002, "a control frame of more than 125 bytes"),
    // 5.5.1, 7.4: codes.
    ("88810000000003", 1002, "a close frame with half of a code"),
    ("8882000000000000", 1002, "the close code 0 (reserved)"),
    ("88820000000003e7", 1002, "the close code 999 (reserved)"),
    ("88820000000003ec", 1002, "the close code 1004 (reserved)"),
    ("88820000000003ed", 1002, "the close code 1005 (no status)"),
    ("88820000000003ee", 1002, "the close code 1006 (abnormal)"),
    ("88820000000003f7", 1002, "the close code 1015 (TLS handshake)"),
    ("88820000000003f8", 1002, "the close code 1016 (reserved)"),
    ("888200000000044c", 1002, "the close code 1100 (reserved)"),
    ("88820000000007d0", 1002, "the close code 2000 (reserved)"),
    ("8882000000000bb7", 1002, "the close code 2999 (reserved)"),
    ("8883000000001388 61", 1002, "the close code 5000 (reserved)"),
    ("888200000000ffff", 1002, "the close code 65535 (reserved)"),
    ("88830000000003e8 80", 1007, "text that is not UTF-8"),
    ("88840000000003e8 e282", 1007, "text that is not UTF-8"),
    // 5.6, 8.1: text. Every first impossible byte, in frames that go on behind it.
    ("818100000000 80", 1007, "text that is not UTF-8"),
    ("818900000000 6162c0", 1007, "text that is not UTF-8"),
    ("818900000000 c1", 1007, "text that is not UTF-8"),
    ("818900000000 f5", 1007, "text that is not UTF-8"),
    ("818900000000 ff", 1007, "text that is not UTF-8"),
    ("818900000000 e080", 1007, "text that is not UTF-8"),
    ("818900000000 eda0", 1007, "text that is not UTF-8"),
    ("818900000000 f080", 1007, "text that is not UTF-8"),
    ("818900000000 f490", 1007, "text that is not UTF-8"),
    ("818900000000 c328", 1007, "text that is not UTF-8"),
    ("818900000000 e28228", 1007, "text that is not UTF-8"),
    ("818900000000 f09f9828", 1007, "text that is not UTF-8"),
    ("818300000000 61e282", 1007, "text that is not UTF-8"),
    ("018100000000e2 808100000000 28", 1007, "text that is not UTF-8"),
    ("018100000000e2 808100000000 82", 1007, "text that is not UTF-8"),
    ("018100000000e2 898000000000 808900000000 8228", 1007, "text that is not UTF-8"),
    ("018100000000e2 808000000000", 1007, "text that is not UTF-8"),
    // 10.4: the program's own limits.
    ("82fe 007f", 1009, "a message of more than 126 bytes"),
    ("82ff 7fffffffffffffff", 1009, "a message of more than 126 bytes"),
    ("81ff 0000000000010000", 1009, "a message of more than 126 bytes"),
    ("018100000000 61 00fd", 1009, "a message of more than 125 bytes"),
];

/// What a client must not be sent.
const BY_SERVERS: &[(&str, u16, &str)] = &[
    ("8180", 1002, "a frame with a mask"),
    ("89ff", 1002, "a frame with a mask"),
    ("897e", 1002, "a control frame of more than 125 bytes"),
    ("827e007d", 1002, "a length that is not in its shortest form"),
    ("827f80", 1002, "a frame of 2^63 bytes or more"),
    ("c1", 1002, "a frame with a reserved bit"),
    ("8103 6180", 1007, "text that is not UTF-8"),
    ("8802 03ed", 1002, "the close code 1005 (no status)"),
    ("827e007f", 1009, "a message of more than 126 bytes"),
];

#[test]
fn what_must_not_be_is_refused_at_the_first_byte_that_tells() {
    let all = BY_CLIENTS.iter().map(|row| (Role::Server, row));
    for (role, &(digits, code, why)) in all.chain(BY_SERVERS.iter().map(|row| (Role::Client, row)))
    {
        let bytes = hex(digits);
        // Where a fragment is too long, the message is.
        let max_message = if digits.starts_with("01") { 125 } else { 1000 };
        for decoder in [|decoder| decoder, Decoder::fragments] {
            let decoder = || decoder(Decoder::new(role).max_frame(126).max_message(max_message));
            let before = read(decoder(), bytes[..bytes.len() - 1].chunks(1));
            assert_eq!(before.failure, None, "{digits}: too early");
            for seen in [read(decoder(), [&*bytes]), read(decoder(), bytes.chunks(1))] {
                let failure = seen.failure.unwrap_or_else(|| panic!("{digits}: accepted"));
                let told = (failure.code.get(), failure.to_string());
                assert_eq!(told, (code, why.to_string()), "{digits}");
            }
        }
    }
}

#[test]
fn a_message_is_too_big_with_the_head_that_makes_it_so() {
    for (fragments, accepted) in [(&[50, 50][..], true), (&[50, 0, 51], false), (&[101], false)] {
        let mut bytes = Vec::new();
        let opcodes = iter::once(Opcode::Binary).chain(iter::repeat(Opcode::Continuation));
        for (len, opcode) in fragments.iter().zip(opcodes) {
            frame(&mut bytes, Role::Client, (false, opcode), &vec![0; *len]);
        }
        let last = if accepted { 0 } else { fragments[fragments.len() - 1] };
        bytes.truncate(bytes.len() - last);
        for decoder in [|decoder| decoder, Decoder::fragments] {
            let decoder = || decoder(Decoder::new(Role::Client).max_message(100));
            for seen in [read(decoder(), [&*bytes]), read(decoder(), bytes.chunks(1))] {
                let violation = seen.failure.map(Violation::from);
                let expected = (!accepted).then_some(Violation::TooLong { limit: 100 });
                assert_eq!(violation, expected, "{fragments:?}");
            }
        }
    }
}

#[test]
fn control_frames_may_be_longer_than_frames_of_messages() {
    let mut bytes = Vec::new();
    frame(&mut bytes, Role::Server, (true, Opcode::Ping), &[7; 125]);
    let decoder = Decoder::new(Role::Server).max_frame(10).max_message(10);
    assert_eq!(read(decoder, [&*bytes]).heard, [Heard::Ping(vec![7; 125])]);
}

#[test]
fn every_code_that_may_be_sent_is_told_with_its_reason() {
    for code in (0..=u16::MAX).filter(|&code| Code::from(code).may_be_sent()) {
        let payload = [&code.to_be_bytes()[..], "später".as_bytes()].concat();
        let mut bytes = Vec::new();
        frame(&mut bytes, Role::Server, (true, Opcode::Close), &payload);
        let seen = read(Decoder::new(Role::Server), [&*bytes]);
        assert_eq!(seen.heard, [Heard::Close(Some((code, "später".into())))]);
        assert_eq!(seen.failure, None);
    }
}

#[test]
fn what_follows_a_close_is_ignored() {
    for (reason, follows) in
        [(&[][..], &b"\x82\x80\0\0\0\0"[..]), (&[], b"\xFF"), (&[3, 232], &[0; 100])]
    {
        let mut bytes = Vec::new();
        frame(&mut bytes, Role::Server, (true, Opcode::Close), reason);
        bytes.extend_from_slice(follows);
        let why = (!reason.is_empty()).then(|| (1000, String::new()));
        for seen in [
            read(Decoder::new(Role::Server), [&*bytes]),
            read(Decoder::new(Role::Server), bytes.chunks(1)),
        ] {
            assert_eq!((seen.heard, seen.failure), (vec![Heard::Close(why.clone())], None));
        }
    }
}

#[test]
fn what_follows_a_failure_is_ignored() {
    for wrong in [&b"\xFF"[..], b"\x81\x81\0\0\0\0\xFF", b"\x88\x81\0\0\0\0\0"] {
        let mut decoder = Decoder::new(Role::Server);
        assert!(decoder.next(&mut &mut *wrong.to_vec()).is_err());
        let mut follows = *b"\x82\x80\0\0\0\0\xFF";
        let mut data = &mut follows[..];
        assert_eq!(decoder.next(&mut data), Ok(None));
        assert!(data.is_empty());
    }
}

fn hex(digits: &str) -> Vec<u8> {
    let digits = digits.bytes().filter(|digit| *digit != b' ').collect::<Vec<_>>();
    let value = |digit: u8| char::from(digit).to_digit(16).unwrap() as u8;
    digits.chunks(2).map(|pair| value(pair[0]) << 4 | value(pair[1])).collect()
}
