//! A client's opening handshake: from the request to the answer.

use super::ask::Ask;
use super::refusal::{Refusal, Refusing};
use crate::codec::http::{Fields, HeadLimits, HeadScanner, ResponseHead, Slots, Status};
use crate::codec::ws::deflate::Deflate;
use crate::codec::ws::handshake::{self, Agreed, Key};
use crate::error::Violation;
use crate::ws::Opening;

/// A request that has been sent, and what has come of its answer.
pub(super) struct Greeting {
    key: Key,
    /// A part of a head.
    bytes: Vec<u8>,
    scanner: HeadScanner,
    refusing: Option<Refusing>,
}

/// How far an answer is.
pub(super) enum Answer {
    /// It needs more.
    Partial,
    Agreed(Box<Agreement>),
    /// All of a [refusal](Greeting::into_refusal) is there.
    Refused,
}

/// What both sides speak from here on.
pub(super) struct Agreement {
    pub(super) opening: Opening,
    pub(super) deflate: Option<Deflate>,
    /// What has come behind the answer.
    pub(super) rest: Vec<u8>,
}

impl Greeting {
    pub(super) fn new(key: Key) -> Self {
        Self { key, bytes: Vec::new(), scanner: HeadScanner::new(), refusing: None }
    }

    pub(super) fn into_refusal(self) -> Option<Refusal> {
        self.refusing.map(|refusing| refusing.refusal)
    }

    /// Reads on in the answer to what was asked.
    pub(super) fn hear(&mut self, ask: &Ask, data: &[u8]) -> Result<Answer, Violation> {
        if self.refusing.is_none() {
            self.bytes.extend_from_slice(data);
            return self.read_heads(ask);
        }
        Ok(self.read_body(data))
    }

    fn read_heads(&mut self, ask: &Ask) -> Result<Answer, Violation> {
        let (mut at, limits) = (0, HeadLimits::default());
        loop {
            let data = &self.bytes[at..];
            if data.is_empty() || !self.scanner.is_due(data, &limits) {
                break;
            }
            let mut slots = Slots::new();
            let Some((head, len)) = ResponseHead::parse(data, &mut slots, &limits)? else { break };
            self.scanner.reset();
            at += len;
            let status = head.status;
            if status.is_informational() && status != Status::SWITCHING_PROTOCOLS {
                continue;
            }
            return match Agreed::check(&head, &ask.asked(&self.key)) {
                Ok(agreed) => Ok(Answer::Agreed(Box::new(Agreement {
                    opening: opening(ask, &head, &agreed),
                    deflate: agreed.deflate,
                    rest: self.bytes.split_off(at),
                }))),
                Err(handshake::Refusal::Malformed(why)) => Err(Violation::malformed(why)),
                Err(handshake::Refusal::Status(_)) => {
                    self.refusing = Some(Refusing::new(&head));
                    let body = self.bytes.split_off(at);
                    self.bytes = Vec::new();
                    Ok(self.read_body(&body))
                }
            };
        }
        self.bytes.drain(..at);
        Ok(Answer::Partial)
    }

    fn read_body(&mut self, data: &[u8]) -> Answer {
        match self.refusing.as_mut().is_some_and(|refusing| refusing.take(data)) {
            true => Answer::Refused,
            false => Answer::Partial,
        }
    }
}

fn opening(ask: &Ask, head: &ResponseHead<'_>, agreed: &Agreed<'_>) -> Opening {
    let target = ask.url.path_and_query();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Opening {
        path: path.into(),
        query: query.into(),
        fields: Fields::from(head.headers),
        subprotocol: agreed.protocol.map(Into::into),
        compresses: agreed.deflate.is_some(),
    }
}
