//! What is borrowed, and what is kept.

use super::{Event, Opcode, Role, frame};
use crate::codec::ws::{Inflater, Receiver, Rules};

#[test]
fn a_receiver_is_one_word() {
    assert_eq!(size_of::<Receiver>(), size_of::<usize>());
}

#[test]
fn messages_of_one_frame_are_borrowed_and_take_no_memory() {
    let mut bytes = Vec::new();
    for len in [0, 1, 32, 125, 126, 70_000] {
        for opcode in [Opcode::Text, Opcode::Binary, Opcode::Ping, Opcode::Pong] {
            let len = if opcode.is_control() { len.min(125) } else { len };
            frame(&mut bytes, Role::Server, (true, opcode), &vec![b'a'; len]);
        }
    }
    for whole in [true, false] {
        let mut bytes = bytes.clone();
        let place = bytes.as_ptr_range();
        let mut data = &mut *bytes;
        let (mut receiver, mut count) = (Receiver::default(), 0);
        let rules = Rules { whole, ..RULES };
        while let Some(event) = receiver.next(&rules, &mut None::<Inflater>, &mut data).unwrap() {
            let payload = match event {
                Event::Text(text) => text.as_bytes(),
                Event::Binary(data) | Event::Fragment { data, first: true, last: true, .. } => data,
                Event::Ping(data) | Event::Pong(data) => data,
                other => panic!("{other:?}"),
            };
            assert!(payload.iter().all(|byte| *byte == b'a'));
            let ends = payload.as_ptr_range();
            assert!(place.start <= ends.start && ends.end <= place.end, "copied");
            count += 1;
            assert_eq!(receiver.kept(), None);
        }
        assert_eq!(count, 24);
    }
}

#[test]
fn fragments_are_borrowed_as_they_come() {
    let mut bytes = Vec::new();
    frame(&mut bytes, Role::Server, (false, Opcode::Text), b"Hello");
    let mut receiver = Receiver::default();
    let rules = Rules { whole: false, ..RULES };
    let mut seen = Vec::new();
    for piece in bytes.chunks_mut(3) {
        let place = piece.as_ptr_range();
        let mut data = piece;
        while let Some(event) = receiver.next(&rules, &mut None::<Inflater>, &mut data).unwrap() {
            let Event::Fragment { data, .. } = event else { panic!("{event:?}") };
            assert!(place.contains(&data.as_ptr()), "copied");
            seen.extend_from_slice(data);
            assert_eq!(receiver.kept().map(|(content, _)| content), Some(0));
        }
    }
    assert_eq!(seen, b"Hello");
}

#[test]
fn a_message_in_pieces_takes_memory_as_it_comes_and_gives_it_back() {
    for opcode in [Opcode::Text, Opcode::Binary] {
        let mut bytes = Vec::new();
        frame(&mut bytes, Role::Server, (true, opcode), &vec![b'a'; 100_000]);
        let whole = bytes.len();
        let mut receiver = Receiver::default();
        let (mut came, mut messages) = (0, 0);
        for piece in bytes.chunks_mut(100) {
            came += piece.len();
            let mut data = piece;
            while receiver.next(&RULES, &mut None::<Inflater>, &mut data).unwrap().is_some() {
                messages += 1;
                assert_eq!(came, whole);
            }
            let kept = receiver.kept().map_or(0, |(content, _)| content);
            assert!(kept <= (2 * came).min(100_000), "{kept} bytes for {came}");
        }
        assert_eq!((messages, receiver.kept()), (1, None));
    }
}

#[test]
fn a_length_that_was_only_announced_takes_no_memory() {
    let mut bytes = b"\x82\xFF\0\0\0\0\0\x0F\0\0\0\0\0\0abc".to_vec();
    let mut receiver = Receiver::default();
    let mut data = &mut *bytes;
    assert_eq!(receiver.next(&RULES, &mut None::<Inflater>, &mut data), Ok(None));
    assert_eq!(receiver.kept().map(|(content, _)| content), Some(3));
}

#[test]
fn what_is_kept_of_a_head_or_control_frame_is_small() {
    for beginning in [&b"\x81"[..], b"\x82\xFF\0\0\0\0\0\x0F\0\0\0\0\0", b"\x89\xFD\0\0\0\0abc"] {
        let mut receiver = Receiver::default();
        let mut bytes = beginning.to_vec();
        assert_eq!(receiver.next(&RULES, &mut None::<Inflater>, &mut &mut *bytes), Ok(None));
        let (content, partial) = receiver.kept().unwrap();
        assert_eq!(content, 0);
        assert!(partial <= 320, "{partial} bytes");
    }
}

#[test]
fn memory_of_a_big_message_is_not_kept_for_a_small_one() {
    let mut bytes = Vec::new();
    frame(&mut bytes, Role::Server, (false, Opcode::Text), &vec![b'a'; 50_000]);
    frame(&mut bytes, Role::Server, (true, Opcode::Continuation), &vec![b'a'; 50_000]);
    bytes.extend_from_slice(b"\x81\x85\0\0\0\0He");
    let mut receiver = Receiver::default();
    let mut data = &mut *bytes;
    assert!(receiver.next(&RULES, &mut None::<Inflater>, &mut data).unwrap().is_some());
    assert_eq!(receiver.next(&RULES, &mut None::<Inflater>, &mut data), Ok(None));
    assert!(receiver.kept().is_some_and(|(content, _)| content <= 4096));
    let mut rest = *b"llo";
    let mut data = &mut rest[..];
    let event = receiver.next(&RULES, &mut None::<Inflater>, &mut data);
    assert_eq!(event, Ok(Some(Event::Text("Hello"))));
    assert_eq!(receiver.next(&RULES, &mut None::<Inflater>, &mut data), Ok(None));
    assert_eq!(receiver.kept(), None);
}

const RULES: Rules = Rules {
    role: Role::Server,
    max_message: 1 << 20,
    max_frame: 1 << 20,
    deflate: false,
    whole: true,
};
