//! An answer's body on its way to who wants it.

use bytes::Bytes;

use crate::codec::http::{BodyDecoder, Fields, Part, Rejection, Status};
use crate::error::{Error, ErrorKind};
use crate::http::body::pipe::Inlet;
use crate::http::client::journey::Journey;
use crate::http::client::redirect::Next;
use crate::http::client::response::ClientResponse;
use crate::http::unpack::{PIECE, Unpack};

pub(super) struct Incoming {
    pub(super) head: ClientResponse,
    pub(super) decoder: BodyDecoder,
    pub(super) unpack: Option<Unpack>,
    pub(super) into: Into,
    /// What is asked instead.
    pub(super) then: Then,
    /// Something has been unpacked.
    pub(super) begun: bool,
}

/// Where a body goes.
pub(super) enum Into {
    /// Nowhere.
    Nothing,
    /// So many bytes at most.
    Memory(Vec<u8>, usize),
    Pipe(Inlet),
}

/// What follows the answer.
pub(super) enum Then {
    /// Nothing: it is given.
    Give,
    Follow(Box<Next>),
    /// The same again, without `Expect`.
    Unexpecting,
}

/// Why a body is not taken.
pub(super) enum Fault {
    Rejected(Rejection),
    /// It does not unpack.
    Packed(std::io::Error),
    TooLarge(usize),
    /// The reader is gone.
    Unwanted,
}

pub(super) enum Taken {
    /// All there was.
    All,
    /// As much as the reader has room for.
    Some,
    /// The body, up to its end.
    End,
}

impl Incoming {
    /// Somebody gets it.
    pub(super) fn is_wanted(&self) -> bool {
        matches!(self.then, Then::Give)
    }

    pub(super) fn is_piped(&self) -> bool {
        matches!(self.into, Into::Pipe(_))
    }

    pub(super) fn is_unwanted(&self) -> bool {
        matches!(&self.into, Into::Pipe(inlet) if inlet.is_closed())
    }

    /// Takes what it can of a body.
    pub(super) fn take(
        &mut self,
        input: &mut &[u8],
        has_room: impl Fn(&Inlet) -> bool,
    ) -> Result<Taken, Fault> {
        loop {
            if let Into::Pipe(inlet) = &self.into
                && !has_room(inlet)
            {
                return Ok(Taken::Some);
            }
            // Piece by piece, so that the reader is asked often enough for room.
            let most = if self.unpack.is_some() { input.len().min(LARGEST) } else { input.len() };
            let mut piece = &input[..most];
            let part = self.decoder.next(&mut piece).map_err(Fault::Rejected)?;
            let used = most - piece.len();
            *input = &input[used..];
            match part {
                None if input.is_empty() || used == 0 => return Ok(Taken::All),
                None => {}
                Some(Part::End) => return Ok(Taken::End),
                Some(Part::Data(data)) => self.unpack(data)?,
            }
        }
    }

    fn unpack(&mut self, data: &[u8]) -> Result<(), Fault> {
        let Some(unpack) = &mut self.unpack else { return self.into.put(data) };
        self.begun = true;
        let mut unpacked = Vec::new();
        for piece in data.chunks(PIECE) {
            unpack.feed(piece, &mut unpacked).map_err(Fault::Packed)?;
            self.into.put(&unpacked)?;
            unpacked.clear();
        }
        Ok(())
    }

    /// The body has come to its end; an empty one need not be packed.
    pub(super) fn finish(&mut self) -> Result<(), Fault> {
        let Some(unpack) = self.unpack.as_mut().filter(|_| self.begun) else { return Ok(()) };
        let mut unpacked = Vec::new();
        unpack.finish(&mut unpacked).map_err(Fault::Packed)?;
        self.into.put(&unpacked)
    }

    /// The whole answer, what follows, and what tells who has read the body that this was all.
    pub(super) fn into_response(mut self) -> (ClientResponse, Then, Option<End>) {
        let trailers = self.decoder.take_trailers();
        let end = match self.into {
            Into::Nothing => None,
            Into::Memory(body, _) => {
                self.head.body = body.into();
                self.head.trailers = trailers;
                None
            }
            Into::Pipe(inlet) => Some(End(inlet, trailers)),
        };
        (self.head, self.then, end)
    }

    pub(super) fn fail(self, error: &Error) {
        if let Into::Pipe(inlet) = self.into {
            inlet.fail(error.clone());
        }
    }
}

/// The end of a body that somebody reads.
pub(super) struct End(Inlet, Fields);

impl End {
    pub(super) fn tell(self) {
        self.0.finish(self.1);
    }
}

impl Into {
    fn put(&mut self, data: &[u8]) -> Result<(), Fault> {
        match self {
            Self::Nothing => Ok(()),
            Self::Memory(body, most) if body.len() + data.len() > *most => {
                Err(Fault::TooLarge(*most))
            }
            Self::Memory(body, _) => {
                body.extend_from_slice(data);
                Ok(())
            }
            Self::Pipe(_) if data.is_empty() => Ok(()),
            Self::Pipe(inlet) if inlet.push(Bytes::copy_from_slice(data)) => Ok(()),
            Self::Pipe(_) => Err(Fault::Unwanted),
        }
    }
}

impl Fault {
    pub(super) fn error(&self, journey: &Journey) -> Error {
        match self {
            Self::Rejected(rejection) if rejection.status == Status::CONTENT_TOO_LARGE => {
                journey.error(ErrorKind::LimitReached).because("the answer's body is too large")
            }
            Self::Rejected(rejection) => refused(journey, rejection),
            Self::Packed(why) => {
                let error = journey.error(ErrorKind::Invalid);
                error.because(format_args!("its body does not unpack: {why}"))
            }
            Self::TooLarge(most) => {
                let error = journey.error(ErrorKind::LimitReached);
                error.because(format_args!("the answer's body has more than {most} bytes"))
            }
            Self::Unwanted => journey.error(ErrorKind::Canceled),
        }
    }
}

/// The answer is no HTTP.
pub(super) fn refused(journey: &Journey, rejection: &Rejection) -> Error {
    let error = journey.error(ErrorKind::Invalid);
    error.because(format_args!("the server has sent {}", rejection.why))
}

/// Packed bytes that are unpacked before the reader is asked for room again.
const LARGEST: usize = PIECE;
