//! Messages that are compressed, by something that is easily told from the rest.

use std::collections::VecDeque;

use super::{Event, Failure, Kind, Opcode, Role};
use crate::codec::ws::{Code, Inflate, Inflater, Receiver, Rules};

/// Each byte comes out twice, and behind the last one an exclamation mark.
#[derive(Default)]
struct Doubler {
    /// Bytes that each piece had, and whether it was a message's last.
    pieces: Vec<(usize, bool)>,
}

impl Inflate for Doubler {
    fn inflate(
        &mut self,
        piece: &[u8],
        last: bool,
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        self.pieces.push((piece.len(), last));
        out.extend(piece.iter().flat_map(|&byte| [byte, byte]));
        out.extend(last.then_some(b'!'));
        if out.len() > limit { Err(Failure::too_big(limit)) } else { Ok(()) }
    }
}

#[test]
fn compressed_messages_are_inflated_and_others_left() {
    let bytes = [
        compressed(true, Opcode::Text, b"ab"),
        plain(true, Opcode::Text, b"ab"),
        compressed(false, Opcode::Binary, b"\xFF"),
        plain(true, Opcode::Ping, b"ab"),
        plain(false, Opcode::Continuation, b""),
        plain(true, Opcode::Continuation, b"b"),
        compressed(true, Opcode::Text, b""),
    ];
    let bytes = bytes.concat();
    let expected = ["Text aabb!", "Text ab", "Ping ab", "Binary \\xff\\xffbb!", "Text !"];
    for whole in [true, false] {
        for step in 1..=bytes.len() {
            let rules = Rules { whole, ..RULES };
            assert_eq!(hear(&rules, bytes.chunks(step)).unwrap(), expected, "{whole} {step}");
        }
    }
}

#[test]
fn text_is_judged_when_it_is_inflated() {
    // Together with what it is doubled to, no byte but those of ASCII is text.
    let early = compressed(false, Opcode::Text, b"a\xC3");
    for whole in [true, false] {
        let rules = Rules { whole, ..RULES };
        for pieces in [early.chunks(early.len()), early.chunks(1)] {
            assert_eq!(hear(&rules, pieces), Err(Failure::not_utf8()));
        }
    }
}

#[test]
fn what_is_inflated_is_limited_and_what_is_compressed_by_frames() {
    let rules = Rules { max_message: 9, max_frame: 5, ..RULES };
    for whole in [true, false] {
        let rules = Rules { whole, ..rules };
        let fits =
            [compressed(false, Opcode::Binary, b"abcd"), plain(true, Opcode::Continuation, b"")];
        assert_eq!(hear(&rules, [&*fits.concat()]).unwrap(), ["Binary aabbccdd!"]);
        let inflated = [fits[0].clone(), plain(false, Opcode::Continuation, b"e")].concat();
        assert_eq!(hear(&rules, [&*inflated]).unwrap_err().code, Code::MESSAGE_TOO_BIG);
        assert_eq!(hear(&rules, inflated.chunks(1)).unwrap_err().code, Code::MESSAGE_TOO_BIG);
        let frame = &compressed(true, Opcode::Binary, b"abcdef")[..2];
        assert_eq!(hear(&rules, [frame]), Err(Failure::too_big(5)));
    }
}

#[test]
fn only_the_first_frame_of_a_message_says_that_it_is_compressed() {
    for wrong in [
        [plain(false, Opcode::Text, b"a"), compressed(true, Opcode::Continuation, b"a")].concat(),
        [compressed(false, Opcode::Text, b"a"), compressed(true, Opcode::Continuation, b"a")]
            .concat(),
        compressed(true, Opcode::Ping, b"a"),
        compressed(true, Opcode::Close, b""),
    ] {
        let failure = hear(&RULES, [&*wrong]).unwrap_err();
        assert_eq!(failure, Failure::protocol("a frame with a reserved bit"));
    }
}

#[test]
fn fragments_are_inflated_a_little_at_a_time() {
    let bytes = compressed(true, Opcode::Binary, &[b'a'; 5000]);
    let mut doubler = Doubler::default();
    let rules = Rules { whole: false, ..RULES };
    let mut receiver = Receiver::default();
    let mut bytes = bytes;
    let mut data = &mut *bytes;
    let mut lengths = VecDeque::new();
    while let Some(event) = receiver.next(&rules, &mut doubler, &mut data).unwrap() {
        let Event::Fragment { data, last, .. } = event else { panic!("{event:?}") };
        lengths.push_back((data.len(), last));
    }
    assert_eq!(lengths, [(2048, false), (2048, false), (2048, false), (2048, false), (1809, true)]);
    assert_eq!(doubler.pieces.iter().map(|piece| piece.0).sum::<usize>(), 5000);
    assert_eq!(doubler.pieces.iter().filter(|piece| piece.1).count(), 1);
}

#[test]
fn without_an_inflater_there_is_an_end_and_no_panic() {
    let mut bytes = compressed(true, Opcode::Text, b"ab");
    let mut inflater = None::<Inflater>;
    let failure = Receiver::default().next(&RULES, &mut inflater, &mut &mut *bytes).unwrap_err();
    assert_eq!(failure.code, Code::INTERNAL_ERROR);
}

/// What is heard, messages as they are when they are complete.
fn hear<'b>(
    rules: &Rules,
    pieces: impl IntoIterator<Item = &'b [u8]>,
) -> Result<Vec<String>, Failure> {
    let (mut receiver, mut doubler) = (Receiver::default(), Doubler::default());
    let (mut heard, mut begun) = (Vec::new(), Vec::new());
    for piece in pieces {
        let mut piece = piece.to_vec();
        let mut data = &mut *piece;
        while let Some(event) = receiver.next(rules, &mut doubler, &mut data)? {
            let (name, data) = match event {
                Event::Text(text) => ("Text", text.as_bytes()),
                Event::Binary(data) => ("Binary", data),
                Event::Ping(data) => ("Ping", data),
                Event::Fragment { kind, data, last, first } => {
                    assert_eq!(first, begun.is_empty());
                    begun.extend_from_slice(data);
                    if !last {
                        continue;
                    }
                    (if kind == Kind::Text { "Text" } else { "Binary" }, &*begun)
                }
                other => panic!("{other:?}"),
            };
            heard.push(format!("{name} {}", data.escape_ascii()));
            if name != "Ping" {
                begun.clear();
            }
        }
    }
    Ok(heard)
}

fn compressed(fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut bytes = plain(fin, opcode, payload);
    bytes[0] |= 0x40;
    bytes
}

fn plain(fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    super::frame(&mut bytes, Role::Client, (fin, opcode), payload);
    bytes
}

const RULES: Rules = Rules {
    role: Role::Client,
    max_message: 1 << 20,
    max_frame: 1 << 20,
    deflate: true,
    whole: true,
};
