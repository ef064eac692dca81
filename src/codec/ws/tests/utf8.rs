//! Text in pieces, against std, which sees all of it.

use std::str;

use proptest::collection::vec;
use proptest::prelude::{any, prop_oneof, proptest};
use proptest::{prop_assert_eq, sample};

use crate::codec::ws::Utf8;

#[test]
fn every_character_in_any_two_pieces_is_text() {
    for character in (0..=0x11_0000).step_by(37).chain(0xD700..0xE100).filter_map(char::from_u32) {
        let text = format!("a{character}é");
        for cut in 0..=text.len() {
            let (first, second) = text.as_bytes().split_at(cut);
            let mut utf8 = Utf8::default();
            let mut given = String::new();
            assert!(utf8.take(first, |text| given.push_str(text)).is_ok());
            assert_eq!(utf8.finish().is_ok(), str::from_utf8(first).is_ok());
            assert!(utf8.take(second, |text| given.push_str(text)).is_ok());
            assert_eq!((utf8.finish(), given), (Ok(()), text.clone()));
        }
    }
}

#[test]
fn all_beginnings_of_up_to_four_bytes_are_judged_as_by_std() {
    let seconds = [0, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xE2, 0xF0, 0xFF];
    for first in 0..=255 {
        for second in seconds {
            for third in [0x61, 0x80, 0xBF, 0xC3] {
                for fourth in [0x61, 0x80, 0xBF, 0xF1] {
                    check(&[first, second, third, fourth], &[1]).unwrap();
                    check(&[first, second, third, fourth], &[4]).unwrap();
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn text_in_pieces_is_judged_as_in_one(
        text in "[a-zé€😀\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}]{0,60}",
        damage in vec((any::<sample::Index>(), any::<u8>()), 0..3),
        cuts in vec(0..9_usize, 1..9),
    ) {
        let mut bytes = text.into_bytes();
        for (at, byte) in damage {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        check(&bytes, &cuts)?;
    }

    #[test]
    fn bytes_in_pieces_are_judged_as_in_one(
        bytes in vec(prop_oneof![any::<u8>(), sample::select(b"\x80\xBF\xC2\xE2\xED\xF0\xF4a".to_vec())], 0..40),
        cuts in vec(0..9_usize, 1..9),
    ) {
        check(&bytes, &cuts)?;
    }
}

/// In pieces of these lengths, the piece with the first impossible byte is refused, and none before.
fn check(bytes: &[u8], cuts: &[usize]) -> Result<(), proptest::test_runner::TestCaseError> {
    let cuts = if cuts.iter().all(|cut| *cut == 0) { &[1] } else { cuts };
    let possible = (0..=bytes.len()).rev().find(|end| is_beginning(&bytes[..*end])).unwrap_or(0);
    let (mut utf8, mut given, mut end) = (Utf8::default(), String::new(), 0);
    for cut in cuts.iter().cycle() {
        if end == bytes.len() {
            break;
        }
        let piece = &bytes[end..bytes.len().min(end + cut)];
        end += piece.len();
        let fed = utf8.take(piece, |text| given.push_str(text));
        prop_assert_eq!(fed.is_ok(), end <= possible, "{} of {:x?}", end, bytes);
        if fed.is_err() {
            return Ok(());
        }
    }
    prop_assert_eq!(utf8.finish().is_ok(), str::from_utf8(bytes).is_ok());
    let whole = str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    prop_assert_eq!(given.as_bytes(), &bytes[..whole]);
    Ok(())
}

/// Whether text could begin like this.
fn is_beginning(bytes: &[u8]) -> bool {
    str::from_utf8(bytes).err().is_none_or(|error| error.error_len().is_none())
}
