//! An answer that is not WebSocket.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::Arc;

use crate::codec::http::{BodyDecoder, Fields, Method, Part, ResponseHead, Status};
use crate::session::CloseReason;

/// What a server has answered with instead of speaking WebSocket: the HTTP response.
#[derive(Clone)]
pub struct Refusal {
    status: Status,
    fields: Fields,
    body: Vec<u8>,
}

impl Refusal {
    /// Its status.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The first field of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.fields.str(name)
    }

    /// All its fields.
    pub fn headers(&self) -> &Fields {
        &self.fields
    }

    /// Its body: what has come of it before the connection ended, of the first 64 KiB.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as text; bytes that are no UTF-8 become U+FFFD.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// Whether another attempt is in vain, so that a client that
    /// [reconnects](super::Builder::reconnect) does not make one: for the statuses 400 to 499, but
    /// 408, 425 and 429.
    pub fn is_final(&self) -> bool {
        let later = [Status::REQUEST_TIMEOUT, Status::TOO_EARLY, Status::TOO_MANY_REQUESTS];
        self.status.is_client_error() && !later.contains(&self.status)
    }

    /// Why there is no connection.
    pub(super) fn reason(&self) -> CloseReason {
        let words = format!("the peer has sent {} instead of an upgrade", self.status);
        CloseReason::Io(Arc::new(io::Error::new(io::ErrorKind::ConnectionRefused, words)))
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal")
            .field("status", &self.status)
            .field("body", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// A refusal whose body is on its way.
pub(super) struct Refusing {
    pub(super) refusal: Refusal,
    decoder: Option<BodyDecoder>,
}

impl Refusing {
    pub(super) fn new(head: &ResponseHead<'_>) -> Self {
        let fields = Fields::from(head.headers);
        Self {
            refusal: Refusal { status: head.status, fields, body: Vec::new() },
            decoder: BodyDecoder::new(head.length(Method::Get), u64::MAX).ok(),
        }
    }

    /// Takes what comes of the body; true when nothing more is wanted.
    pub(super) fn take(&mut self, mut data: &[u8]) -> bool {
        let Some(decoder) = &mut self.decoder else { return true };
        let body = &mut self.refusal.body;
        loop {
            let before = data.len();
            match decoder.next(&mut data) {
                Ok(Some(Part::Data(piece))) => {
                    let room = BODY - body.len();
                    body.extend_from_slice(&piece[..piece.len().min(room)]);
                    if body.len() == BODY {
                        return true;
                    }
                }
                Ok(None) if data.is_empty() || data.len() == before => return false,
                Ok(None) => {}
                // What is malformed has begun well.
                Ok(Some(Part::End)) | Err(_) => return true,
            }
        }
    }
}

/// Bytes of a body that are kept.
const BODY: usize = 64 << 10;
