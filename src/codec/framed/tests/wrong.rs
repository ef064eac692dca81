//! Codecs that are wrong about their data.

use std::ops::Range;

use proptest::prelude::*;

use super::super::{Assembler, Codec, Decoded, Frame};
use super::of_pieces;
use crate::error::Violation;

/// Says one thing after the other, whatever the data is.
#[derive(Clone, Debug)]
struct Wrong {
    answers: Vec<Decoded>,
    rest: Range<usize>,
}

impl Codec for Wrong {
    type Message = [u8];

    fn decode(&mut self, data: &[u8]) -> Result<Decoded, Violation> {
        assert!(!data.is_empty());
        Ok(self.answers.pop().unwrap_or(Decoded::Incomplete { wanted: 0 }))
    }

    fn read<'a>(&'a mut self, payload: &'a [u8]) -> Result<&'a [u8], Violation> {
        Ok(payload)
    }

    fn encode(&self, _message: &[u8], _frame: &mut Frame<'_>) -> Result<(), Violation> {
        Ok(())
    }

    fn decode_end(&mut self, _rest: &[u8]) -> Result<Range<usize>, Violation> {
        Ok(self.rest.clone())
    }

    fn max_frame(&self) -> usize {
        20
    }
}

fn answer() -> impl Strategy<Value = Decoded> {
    let place = || prop_oneof![8 => 0..30usize, 1 => Just(usize::MAX)];
    prop_oneof![
        (place(), place(), place())
            .prop_map(|(begin, end, next)| Decoded::Frame { payload: begin..end, end: next }),
        place().prop_map(|end| Decoded::Skip { end }),
        place().prop_map(|wanted| Decoded::Incomplete { wanted }),
    ]
}

proptest! {
    #[test]
    fn a_wrong_codec_is_no_panic(
        answers in prop::collection::vec(answer(), 0..20),
        rest in (0..30usize, 0..30usize),
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..25), 1..10),
    ) {
        let pieces = pieces.iter().map(|piece| &**piece).collect::<Vec<_>>();
        of_pieces(&Wrong { answers, rest: rest.0..rest.1 }, &pieces);
    }
}

#[test]
fn what_is_not_in_the_data_is_lost() {
    let mut assembler = Assembler::default();
    for answer in [
        Decoded::Frame { payload: 0..1, end: 0 },
        Decoded::Frame { payload: 0..1, end: 4 },
        Decoded::Frame { payload: 2..3, end: 2 },
        #[expect(clippy::reversed_empty_ranges, reason = "that is what is wrong with it")]
        Decoded::Frame { payload: 2..1, end: 3 },
        Decoded::Skip { end: 0 },
        Decoded::Skip { end: 4 },
    ] {
        let mut codec = Wrong { answers: vec![answer.clone()], rest: 0..0 };
        let lost = assembler.next(&mut codec, &mut &b"abc"[..]);
        let violation = Violation::malformed("a frame that its codec has lost");
        assert_eq!(lost, Err(violation), "{answer:?}");
    }
}

#[test]
fn a_codec_without_a_limit_has_one() {
    let frame = Decoded::Frame { payload: 0..21, end: 21 };
    for answer in [frame, Decoded::Incomplete { wanted: 21 }] {
        let mut codec = Wrong { answers: vec![answer], rest: 0..0 };
        let outcome = Assembler::default().next(&mut codec, &mut &[0; 30][..]).map(|_| ());
        assert_eq!(outcome, Err(Violation::TooLong { limit: 20 }));
    }
}
