//! The way through a proxy to whom TLS is spoken with: a request, and the proxy's answer to it.

use std::io::{self, IoSlice};

use bytes::{Buf, Bytes};

use super::Stream;
use crate::error::Violation;

/// What is said to a proxy before TLS, so that it connects to somebody else.
#[derive(Clone, Debug)]
pub(crate) struct Tunnel {
    pub(crate) request: Bytes,
    /// How much of what was heard is the proxy's answer, if that is complete, and to go on with.
    pub(crate) answer: fn(&[u8]) -> Result<Option<usize>, Violation>,
    /// Who is behind the proxy.
    pub(crate) host: String,
}

/// A tunnel that is being asked for.
#[derive(Debug)]
pub(super) struct Passage {
    unsent: Bytes,
    answer: fn(&[u8]) -> Result<Option<usize>, Violation>,
    heard: Vec<u8>,
}

impl Passage {
    pub(super) fn new(tunnel: &Tunnel) -> Self {
        Self { unsent: tunnel.request.clone(), answer: tunnel.answer, heard: Vec::new() }
    }

    /// Goes on as far as possible: what came behind the answer, if that is there. The buffer is
    /// scratch.
    pub(super) fn go_on(
        &mut self,
        stream: &mut Stream,
        buffer: &mut [u8],
    ) -> io::Result<Option<Vec<u8>>> {
        match self.ask(stream).and_then(|()| self.hear(stream, buffer)) {
            Ok(rest) => Ok(Some(rest)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn ask(&mut self, stream: &mut Stream) -> io::Result<()> {
        while !self.unsent.is_empty() {
            match stream.write_vectored(&[IoSlice::new(&self.unsent)]) {
                Ok(count) => self.unsent.advance(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn hear(&mut self, stream: &mut Stream, buffer: &mut [u8]) -> io::Result<Vec<u8>> {
        loop {
            match stream.read(buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.heard.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            let invalid = |violation| io::Error::new(io::ErrorKind::InvalidData, violation);
            if let Some(len) = (self.answer)(&self.heard).map_err(invalid)? {
                return Ok(self.heard.split_off(len));
            }
            if self.heard.len() > LONGEST {
                return Err(invalid(Violation::TooLong { limit: LONGEST }));
            }
        }
    }
}

/// An answer may have this many bytes.
const LONGEST: usize = 64 << 10;
