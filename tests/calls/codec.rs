//! Messages that tests can write by hand: lines.

use sockeye::Violation;
use sockeye::framed::{Codec, Decoded, Frame};

/// Lines of bytes, of at most 1000; the line feed is not part of the message.
#[derive(Clone, Copy)]
pub(crate) struct Lines;

const MAX: usize = 1000;

impl Codec for Lines {
    type Message = [u8];

    fn decode(&mut self, data: &[u8]) -> Result<Decoded, Violation> {
        Ok(match data.iter().position(|byte| *byte == b'\n') {
            Some(end) => Decoded::Frame { payload: 0..end, end: end + 1 },
            None => Decoded::Incomplete { wanted: data.len() + 1 },
        })
    }

    fn read<'a>(&'a mut self, payload: &'a [u8]) -> Result<&'a [u8], Violation> {
        Ok(payload)
    }

    fn encode(&self, message: &[u8], frame: &mut Frame<'_>) -> Result<(), Violation> {
        if message.len() > MAX {
            return Err(Violation::TooLong { limit: MAX });
        }
        frame.message();
        frame.put(b"\n");
        Ok(())
    }
}

/// The same as text.
#[derive(Clone, Copy)]
pub(crate) struct Text;

impl Codec for Text {
    type Message = str;

    fn decode(&mut self, data: &[u8]) -> Result<Decoded, Violation> {
        Lines.decode(data)
    }

    fn read<'a>(&'a mut self, payload: &'a [u8]) -> Result<&'a str, Violation> {
        std::str::from_utf8(payload).map_err(|_| Violation::NotUtf8)
    }

    fn encode(&self, message: &[u8], frame: &mut Frame<'_>) -> Result<(), Violation> {
        Lines.encode(message, frame)
    }
}
