//! Bodies that become other bytes on their way.

use std::io;

use bytes::Bytes;

use super::Kind;
use super::pipe::Taken;
use crate::codec::http::Fields;
use crate::error::Error;
use crate::session::Session;

/// Makes other bytes of a body's.
pub(crate) trait Filter: Send {
    /// What becomes of a piece, and of those before that was not there yet.
    fn piece(&mut self, piece: &[u8]) -> io::Result<Bytes>;

    /// The rest of it.
    fn end(&mut self) -> io::Result<Bytes>;
}

/// A body, and what is made of it.
pub(crate) struct Filtered {
    body: Kind,
    filter: Box<dyn Filter>,
    /// The trailers, while the filter's end is on its way.
    end: Option<Fields>,
}

impl Filtered {
    pub(super) fn new(body: Kind, filter: Box<dyn Filter>) -> Self {
        Self { body, filter, end: None }
    }

    pub(super) fn body(&self) -> &Kind {
        &self.body
    }

    /// What is next.
    pub(super) fn next(&mut self, session: &mut Session<'_>) -> Taken {
        if let Some(trailers) = self.end.take() {
            return Taken::End(trailers);
        }
        loop {
            let made = match self.body.next(session) {
                Taken::Data(piece) => self.filter.piece(&piece),
                Taken::End(trailers) => {
                    self.end = Some(trailers);
                    self.filter.end()
                }
                other => return other,
            };
            match made {
                Ok(made) if made.is_empty() && self.end.is_none() => {}
                Ok(made) => return Taken::Data(made),
                Err(error) => return Taken::Failed(Error::io("change a body", error)),
            }
        }
    }
}
