//! What holds for all conversations, and for all bytes, however they are cut.

use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use proptest::{option, prop_assert_eq, sample};

use super::{Decoder, Heard, Opcode, Role, Seen, frame, read};

/// What a peer says.
#[derive(Clone, Debug)]
enum Said {
    /// A message, where it is cut into frames, and what comes between those.
    Message(Heard, Vec<(sample::Index, Option<Heard>)>),
    Control(Heard),
}

proptest! {
    // Each is cut in some hundred ways.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn conversations_are_heard_the_same_however_they_are_cut(
        said in vec(said(), 0..6),
        close in option::of(close()),
        cuts in vec(1..50_usize, 1..20),
    ) {
        for role in ROLES {
            let (mut bytes, mut expected) = (Vec::new(), Vec::new());
            let close = close.clone().map(Said::Control);
            for said in said.iter().chain(&close) {
                said.write(role, &mut bytes, &mut expected);
            }
            let seen = check(role, &bytes, &cuts)?;
            prop_assert_eq!(seen, Seen { heard: expected, begun: None, failure: None });
        }
    }

    #[test]
    fn damaged_conversations_are_heard_the_same_however_they_are_cut(
        said in vec(said(), 1..4),
        damage in vec((any::<sample::Index>(), any::<u8>()), 1..4),
        cuts in vec(1..50_usize, 1..20),
    ) {
        for role in ROLES {
            let mut bytes = Vec::new();
            said.iter().for_each(|said| said.write(role, &mut bytes, &mut Vec::new()));
            for (at, byte) in &damage {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            check(role, &bytes, &cuts)?;
        }
    }

    #[test]
    fn all_bytes_are_heard_the_same_however_they_are_cut(
        bytes in vec(prop_oneof![any::<u8>(), sample::select(LIKELY)], 0..80),
        cuts in vec(1..20_usize, 1..20),
    ) {
        for role in ROLES {
            check(role, &bytes, &cuts)?;
        }
    }
}

/// In one, in any two, in these and in single bytes, whole messages and fragments.
fn check(
    role: Role,
    bytes: &[u8],
    cuts: &[usize],
) -> Result<Seen, proptest::test_runner::TestCaseError> {
    let whole = Decoder::new(role).max_message(400).max_frame(300);
    let seen = read(whole, [bytes]);
    for fragments in [false, true] {
        let decoder = || {
            let decoder = Decoder::new(role).max_message(400).max_frame(300);
            if fragments { decoder.fragments() } else { decoder }
        };
        let hear = |pieces: Vec<&[u8]>| Seen { begun: None, ..read(decoder(), pieces) };
        prop_assert_eq!(&hear(bytes.chunks(1).collect()), &seen);
        prop_assert_eq!(&hear(pieces(bytes, cuts)), &seen);
        for cut in 0..=bytes.len() {
            let (first, second) = bytes.split_at(cut);
            prop_assert_eq!(&hear(vec![first, second]), &seen);
        }
    }
    Ok(seen)
}

/// Pieces of these lengths, over and over.
fn pieces<'b>(mut bytes: &'b [u8], lengths: &[usize]) -> Vec<&'b [u8]> {
    let mut pieces = Vec::new();
    for len in lengths.iter().cycle() {
        if bytes.is_empty() {
            break;
        }
        let (piece, rest) = bytes.split_at(bytes.len().min(*len));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

impl Said {
    /// Appends its frames, and what is heard of them.
    fn write(&self, role: Role, out: &mut Vec<u8>, heard: &mut Vec<Heard>) {
        let (message, cuts) = match self {
            Self::Message(message, cuts) => (message, cuts),
            Self::Control(control) => return write_control(control, role, out, heard),
        };
        let (mut opcode, data) = match message {
            Heard::Text(text) => (Opcode::Text, text.as_bytes()),
            Heard::Binary(data) => (Opcode::Binary, &**data),
            other => panic!("{other:?} is no message"),
        };
        let mut cuts = cuts.clone();
        cuts.sort_by_key(|(at, _)| at.index(data.len() + 1));
        let mut start = 0;
        for (at, between) in cuts {
            let end = at.index(data.len() + 1);
            frame(out, role, (false, opcode), &data[start..end]);
            (start, opcode) = (end, Opcode::Continuation);
            if let Some(control) = between {
                write_control(&control, role, out, heard);
            }
        }
        frame(out, role, (true, opcode), &data[start..]);
        heard.push(message.clone());
    }
}

fn write_control(control: &Heard, role: Role, out: &mut Vec<u8>, heard: &mut Vec<Heard>) {
    match control {
        Heard::Ping(data) => frame(out, role, (true, Opcode::Ping), data),
        Heard::Pong(data) => frame(out, role, (true, Opcode::Pong), data),
        Heard::Close(None) => frame(out, role, (true, Opcode::Close), b""),
        Heard::Close(Some((code, text))) => {
            let payload = [&code.to_be_bytes()[..], text.as_bytes()].concat();
            frame(out, role, (true, Opcode::Close), &payload);
        }
        other => panic!("{other:?} is no control frame"),
    }
    heard.push(control.clone());
}

fn said() -> impl Strategy<Value = Said> {
    let text = prop_oneof!["[a-zé€😀]{0,60}", "[ -~]{100,140}"].prop_map(Heard::Text);
    let binary = vec(any::<u8>(), 0..200).prop_map(Heard::Binary);
    let cuts = vec((any::<sample::Index>(), option::of(control())), 0..4);
    prop_oneof![
        4 => (prop_oneof![text, binary], cuts).prop_map(|(message, cuts)| Said::Message(message, cuts)),
        1 => control().prop_map(Said::Control),
    ]
}

fn control() -> impl Strategy<Value = Heard> {
    let data = || vec(any::<u8>(), 0..=125);
    prop_oneof![data().prop_map(Heard::Ping), data().prop_map(Heard::Pong)]
}

fn close() -> impl Strategy<Value = Heard> {
    let why = (sample::select(vec![1000_u16, 1001, 3000, 4999]), "[a-zé€😀]{0,30}");
    prop_oneof![Just(None), why.prop_map(Some)].prop_map(Heard::Close)
}

const ROLES: [Role; 2] = [Role::Server, Role::Client];

/// Bytes that frames begin with.
const LIKELY: &[u8] = &[0, 1, 2, 3, 0x80, 0x81, 0x82, 0x83, 0x88, 0x89, 0x8A, 0xFE, 126, 127];
