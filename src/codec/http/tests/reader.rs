//! Messages read from pieces of bytes, as a connection reads them.

use std::mem;

// From whoever includes this: the fuzz targets do, too.
use super::{
    BodyDecoder, HeadLimits, HeadScanner, Length, Method, Part, Rejection, RequestHead,
    ResponseHead, Slots,
};

/// What comes of the bytes of a connection.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Seen {
    pub(super) messages: Vec<Message>,
    pub(super) rejection: Option<Rejection>,
    /// Bytes that belong to no message, or to one that is not complete.
    pub(super) left: usize,
}

/// A message, as far as it has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Message {
    /// Method or status, target or reason, version.
    pub(super) line: String,
    pub(super) fields: Vec<(String, Vec<u8>)>,
    pub(super) length: Option<Length>,
    pub(super) keeps_alive: bool,
    pub(super) body: Vec<u8>,
    pub(super) trailers: Vec<(String, Vec<u8>)>,
    pub(super) complete: bool,
}

/// Who reads, and what for.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Server,
    /// With the method that was asked for by each request.
    Client(Method),
}

/// Reads messages as a connection does: each piece as it comes, what is incomplete being kept.
pub(super) struct Reader {
    side: Side,
    limits: HeadLimits,
    body_limit: u64,
    scanner: HeadScanner,
    body: Option<BodyDecoder>,
    kept: Vec<u8>,
    seen: Seen,
}

impl Reader {
    pub(super) fn new(side: Side, limits: HeadLimits, body_limit: u64) -> Self {
        Self {
            side,
            limits,
            body_limit,
            scanner: HeadScanner::new(),
            body: None,
            kept: Vec::new(),
            seen: Seen::default(),
        }
    }

    pub(super) fn read<'b>(mut self, pieces: impl IntoIterator<Item = &'b [u8]>) -> Seen {
        for piece in pieces {
            self.kept.extend_from_slice(piece);
            if let Err(rejection) = self.feed() {
                self.seen.rejection = Some(rejection);
                return self.seen;
            }
        }
        self.finish();
        self.seen
    }

    /// The peer has finished.
    fn finish(&mut self) {
        self.seen.left = self.kept.len();
        if let Some(body) = &mut self.body {
            if body.end().is_ok() {
                self.seen.messages.last_mut().unwrap().complete = true;
            }
        } else if let Err(rejection) = parse(self.side, &self.kept, &self.limits) {
            // What was not due for a look.
            (self.seen.rejection, self.seen.left) = (Some(rejection), 0);
        }
    }

    fn feed(&mut self) -> Result<(), Rejection> {
        let kept = mem::take(&mut self.kept);
        let mut rest = kept.as_slice();
        let outcome = loop {
            match self.step(&mut rest) {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(rejection) => break Err(rejection),
            }
        };
        self.kept = rest.to_vec();
        outcome
    }

    /// Whether there may be more in `rest`.
    fn step(&mut self, rest: &mut &[u8]) -> Result<bool, Rejection> {
        let Some(body) = &mut self.body else { return self.head(rest) };
        let message = self.seen.messages.last_mut().unwrap();
        match body.next(rest)? {
            None => return Ok(false),
            Some(Part::Data(data)) => {
                assert!(!data.is_empty());
                message.body.extend_from_slice(data);
            }
            Some(Part::End) => {
                assert!(body.is_done() && body.next(rest) == Ok(None));
                message.complete = true;
                message.trailers = owned(body.trailers().iter());
                self.body = None;
            }
        }
        Ok(true)
    }

    fn head(&mut self, rest: &mut &[u8]) -> Result<bool, Rejection> {
        if rest.is_empty() || !self.scanner.is_due(rest, &self.limits) {
            return Ok(false);
        }
        let Some((message, length, consumed)) = parse(self.side, rest, &self.limits)? else {
            return Ok(false);
        };
        self.seen.messages.push(message);
        *rest = &rest[consumed..];
        self.scanner.reset();
        self.body = Some(BodyDecoder::new(length, self.body_limit)?);
        Ok(true)
    }
}

type Parsed = Option<(Message, Length, usize)>;

fn parse(side: Side, bytes: &[u8], limits: &HeadLimits) -> Result<Parsed, Rejection> {
    let mut slots = Slots::new();
    match side {
        Side::Server => {
            let parsed = RequestHead::parse(bytes, &mut slots, limits)?;
            Ok(parsed.map(|(head, consumed)| (of_request(&head), head.length(), consumed)))
        }
        Side::Client(method) => {
            let parsed = ResponseHead::parse(bytes, &mut slots, limits)?;
            Ok(parsed.map(|(head, consumed)| {
                (of_response(&head, method), head.length(method), consumed)
            }))
        }
    }
}

fn of_request(head: &RequestHead<'_>) -> Message {
    Message {
        line: format!("{} {} {}", head.method, head.target, head.version),
        fields: owned(head.headers.iter()),
        length: Some(head.length()),
        keeps_alive: head.keeps_alive(),
        ..Message::default()
    }
}

fn of_response(head: &ResponseHead<'_>, method: Method) -> Message {
    let length = head.length(method);
    Message {
        line: format!("{} {} {}", head.version, head.status.code(), head.reason),
        fields: owned(head.headers.iter()),
        length: Some(length),
        keeps_alive: head.keeps_alive() && length != Length::UntilEnd,
        ..Message::default()
    }
}

pub(super) fn owned<'a>(
    fields: impl Iterator<Item = (&'a str, &'a [u8])>,
) -> Vec<(String, Vec<u8>)> {
    fields.map(|(name, value)| (name.into(), value.into())).collect()
}
