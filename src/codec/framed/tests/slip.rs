//! A codec as a user might write it: SLIP, RFC 1055, whose messages are escaped.

use super::super::{Codec, Decoded, Frame};
use crate::error::Violation;

#[derive(Clone, Debug, Default)]
pub(super) struct Slip {
    max: usize,
    message: Vec<u8>,
}

impl Slip {
    pub(super) fn new(max: usize) -> Self {
        Self { max, message: Vec::new() }
    }
}

const END: u8 = 0o300;
const ESCAPE: u8 = 0o333;
const ESCAPED_END: u8 = 0o334;
const ESCAPED_ESCAPE: u8 = 0o335;

impl Codec for Slip {
    type Message = [u8];

    fn decode(&mut self, data: &[u8]) -> Result<Decoded, Violation> {
        match data.iter().position(|byte| *byte == END) {
            Some(0) => Ok(Decoded::Skip { end: 1 }),
            Some(end) => Ok(Decoded::Frame { payload: 0..end, end: end + 1 }),
            None => Ok(Decoded::Incomplete { wanted: data.len() + 1 }),
        }
    }

    fn read<'a>(&'a mut self, payload: &'a [u8]) -> Result<&'a [u8], Violation> {
        self.message.clear();
        let mut bytes = payload.iter();
        while let Some(byte) = bytes.next() {
            let byte = match *byte {
                ESCAPE => match bytes.next() {
                    Some(&ESCAPED_END) => END,
                    Some(&ESCAPED_ESCAPE) => ESCAPE,
                    _ => return Err(Violation::malformed("an escape of nothing")),
                },
                byte => byte,
            };
            self.message.push(byte);
        }
        if self.message.len() > self.max {
            return Err(Violation::TooLong { limit: self.max });
        }
        Ok(&self.message)
    }

    fn encode(&self, message: &[u8], frame: &mut Frame<'_>) -> Result<(), Violation> {
        if message.is_empty() {
            return Err(Violation::malformed("an empty message"));
        }
        if message.len() > self.max {
            return Err(Violation::TooLong { limit: self.max });
        }
        frame.put(&[END]);
        for byte in message {
            match *byte {
                END => frame.put(&[ESCAPE, ESCAPED_END]),
                ESCAPE => frame.put(&[ESCAPE, ESCAPED_ESCAPE]),
                byte => frame.put(&[byte]),
            }
        }
        frame.put(&[END]);
        Ok(())
    }

    fn max_frame(&self) -> usize {
        2 * self.max + 1
    }
}
