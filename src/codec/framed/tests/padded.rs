//! A codec with padding that comes in pieces like everything else.

use super::super::{Codec, Decoded, Frame};
use super::{Outcome, outcome};
use crate::error::Violation;

/// A message of up to 9 bytes behind its length; behind the length 0, the length of padding.
#[derive(Clone, Debug)]
pub(super) struct Padded;

impl Codec for Padded {
    type Message = [u8];

    fn decode(&mut self, data: &[u8]) -> Result<Decoded, Violation> {
        let wanted = match *data {
            [0] => return Ok(Decoded::Incomplete { wanted: 2 }),
            [0, padding, ..] => 2 + usize::from(padding),
            [length @ 1..10, ..] => 1 + usize::from(length),
            _ => return Err(Violation::TooLong { limit: 9 }),
        };
        Ok(match data[0] {
            _ if data.len() < wanted => Decoded::Incomplete { wanted },
            0 => Decoded::Skip { end: wanted },
            _ => Decoded::Frame { payload: 1..wanted, end: wanted },
        })
    }

    fn read<'a>(&'a mut self, payload: &'a [u8]) -> Result<&'a [u8], Violation> {
        Ok(payload)
    }

    fn encode(&self, message: &[u8], frame: &mut Frame<'_>) -> Result<(), Violation> {
        if message.is_empty() || message.len() > 9 {
            return Err(Violation::TooLong { limit: 9 });
        }
        frame.put(&[0, 2, b'-', b'-', message.len() as u8]);
        frame.message();
        Ok(())
    }

    fn max_frame(&self) -> usize {
        2 + 255
    }
}

#[test]
fn padding_is_skipped() {
    let bytes = b"\x01a\0\0\0\x04----\x02bc\0\x01-";
    let messages = vec![b"a".to_vec(), b"bc".to_vec()];
    assert_eq!(outcome(&Padded, bytes, &[3]), Outcome { messages, end: Ok(()) });
    assert_eq!(outcome(&Padded, b"\0\x02-", &[3]).end, Err(Violation::Incomplete));
}
