//! The beginning of a connection, up to where its header ends.

use std::io;

use super::{Expected, Header};
use crate::codec::proxy::{self, Signature};
use crate::error::Violation;
use crate::net::{SHORT_READ_DRAINS, Stream};

/// Reads the beginning of a connection.
#[derive(Debug)]
pub(crate) struct Preface {
    expected: Expected,
    limit: usize,
    /// What has been read, while that tells nothing yet.
    seen: Vec<u8>,
}

/// What has been read.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) header: Option<Header>,
    /// What came behind it in the same read.
    pub(crate) early: Vec<u8>,
}

impl Preface {
    pub(super) fn new(expected: Expected, limit: usize) -> Self {
        Self { expected, limit, seen: Vec::new() }
    }

    /// Whether a header has to come; else anything may.
    pub(crate) fn awaits_header(&self) -> bool {
        self.expected == Expected::Header
    }

    /// Reads what there is; `None` when it is not enough yet. `to_the_end`: an event has told that
    /// the stream ends, perhaps right behind what can be read. The buffer is scratch, and not empty.
    ///
    /// # Errors
    ///
    /// The stream's; `UnexpectedEof` if it ends before the first byte, and else a [`Violation`]
    /// within `InvalidData`.
    pub(crate) fn read(
        &mut self,
        stream: &mut Stream,
        buffer: &mut [u8],
        to_the_end: bool,
    ) -> io::Result<Option<Heard>> {
        // A little more than the header, to be kept until the handler wants it.
        let most = buffer.len().min(self.limit);
        loop {
            let count = match stream.read(&mut buffer[..most]) {
                Ok(0) if self.seen.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(0) => return Err(violated(Violation::malformed(CUT_OFF))),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
            };
            self.seen.extend_from_slice(&buffer[..count]);
            if let Some(heard) = self.judge().map_err(violated)? {
                return Ok(Some(heard));
            }
            if SHORT_READ_DRAINS && count < most && !to_the_end {
                return Ok(None);
            }
        }
    }

    fn judge(&mut self) -> Result<Option<Heard>, Violation> {
        match self.expected {
            Expected::Header => {
                let Some((header, length)) = proxy::read(&self.seen, self.limit)? else {
                    return Ok(None);
                };
                self.seen.drain(..length);
                Ok(Some(self.heard(Some(header.into()))))
            }
            Expected::NoHeader => match proxy::signature(&self.seen) {
                Signature::V1 | Signature::V2 => Err(uninvited()),
                Signature::Incomplete => Ok(None),
                Signature::Other => Ok(Some(self.heard(None))),
            },
        }
    }

    fn heard(&mut self, header: Option<Header>) -> Heard {
        Heard { header, early: std::mem::take(&mut self.seen) }
    }
}

/// Finds out whether a stream that is handed out all the same begins with a header.
#[derive(Debug, Default)]
pub(crate) struct Lookout {
    /// What came first, as long as it may be the beginning of a header.
    seen: Vec<u8>,
    done: bool,
}

impl Lookout {
    /// Looks at the next piece, before it is handed out.
    pub(crate) fn watch(&mut self, data: &[u8]) -> Result<(), Violation> {
        if self.done {
            return Ok(());
        }
        // More than a signature is not needed.
        self.seen.extend_from_slice(&data[..data.len().min(SIGNATURE)]);
        match proxy::signature(&self.seen) {
            Signature::V1 | Signature::V2 => Err(uninvited()),
            Signature::Incomplete => Ok(()),
            Signature::Other => {
                *self = Self { seen: Vec::new(), done: true };
                Ok(())
            }
        }
    }
}

/// As long as the longer signature.
const SIGNATURE: usize = 12;

const CUT_OFF: &str = "an end in the middle of a PROXY protocol header";

fn uninvited() -> Violation {
    Violation::malformed("a PROXY protocol header, without being a proxy that is trusted")
}

/// What a session recognises as a rule that was broken.
fn violated(violation: Violation) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, violation)
}
