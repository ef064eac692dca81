//! A request whose body is on its way.

use bytes::Bytes;

use super::adaptor::{Adaptor, State};
use super::exchange::Exchange;
use crate::codec::http::{
    BodyDecoder, HeadLimits, Length, Part, Rejection, RequestHead, Slots, Status,
};
use crate::http::{Piped, Receiver, Reception, Request, Response};
use crate::session::Session;

/// A body, and where it goes.
pub(super) struct Receiving {
    /// The head, which is parsed once more when the body is complete.
    raw: Vec<u8>,
    exchange: Exchange,
    decoder: BodyDecoder,
    into: Into,
    /// The reader at the other end of the pipe is slow.
    held_up: bool,
}

enum Into {
    Memory(Vec<u8>),
    Receiver(Box<dyn Receiver>),
    Pipe(Piped),
}

impl Receiving {
    /// What takes long is the client's doing.
    pub(super) fn waits_for_client(&self) -> bool {
        !self.held_up
    }
}

impl Adaptor {
    /// Begins with a request that has a body, of which `rest` begins with what is there already; how
    /// much of that is taken.
    pub(super) fn begin(
        &mut self,
        session: &mut Session<'_>,
        head: &RequestHead<'_>,
        raw: &[u8],
        rest: &[u8],
    ) -> usize {
        let exchange = Exchange::of(head);
        let site = self.site.clone();
        let reception = session.fenced("begin a request", |session| {
            let mut request = Request::new(head, raw, &[], None, session.reborrow());
            let reception = site.handler.begin(&mut request);
            let limit = reception.limit(&site.limits);
            (reception, limit)
        });
        let Some((reception, limit)) = reception else {
            return self.dismiss(session, exchange, head.length(), rest, FAILED.into());
        };
        let into = match reception {
            Reception::Answer(answer) => {
                return self.dismiss(session, exchange, head.length(), rest, *answer);
            }
            Reception::Gather(_) => match head.length() {
                Length::Exactly(len) if len <= limit && len <= rest.len() as u64 => {
                    let (body, _) = rest.split_at(len as usize);
                    self.handle(session, exchange, head, raw, body);
                    return body.len();
                }
                _ => Into::Memory(Vec::new()),
            },
            Reception::Each(receiver) => Into::Receiver(receiver),
            Reception::Pipe(piped) => Into::Pipe(piped),
        };
        let decoder = match BodyDecoder::new(head.length(), limit) {
            Ok(decoder) => decoder,
            Err(rejection) => {
                self.reject(session, rejection);
                return 0;
            }
        };
        if head.expects_continue() && rest.is_empty() {
            session.compose(|out| out.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n"));
        }
        let raw = raw.to_vec();
        let receiving = Receiving { raw, exchange, decoder, into, held_up: false };
        self.state = State::Receiving(Box::new(receiving));
        // Also if there is nothing yet: there may be nothing to come.
        self.receive(session, rest)
    }

    /// Answers without the body. What of it is there is skipped; if that is not all, nobody can tell
    /// where the next request would begin.
    fn dismiss(
        &mut self,
        session: &mut Session<'_>,
        mut exchange: Exchange,
        length: Length,
        rest: &[u8],
        answer: Response,
    ) -> usize {
        let skipped = match length {
            Length::Exactly(len) if len <= rest.len() as u64 => len as usize,
            _ => {
                exchange.keep = false;
                0
            }
        };
        self.answer(session, exchange, answer);
        skipped
    }

    /// Takes what it can of a body; how much that was.
    pub(super) fn receive(&mut self, session: &mut Session<'_>, data: &[u8]) -> usize {
        let State::Receiving(receiving) = &mut self.state else { return 0 };
        let mut input = data;
        let outcome = receiving.take(session, &mut input);
        let taken = data.len() - input.len();
        match outcome {
            Ok(Outcome::More) => {}
            Ok(Outcome::Complete) => self.complete(session),
            Ok(Outcome::Answer(answer)) => self.answer_early(session, answer),
            Err(rejection) => self.reject(session, rejection),
        }
        taken
    }

    fn answer_early(&mut self, session: &mut Session<'_>, answer: Response) {
        let State::Receiving(receiving) = std::mem::take(&mut self.state) else { return };
        let keep = receiving.exchange.keep && receiving.decoder.is_done();
        self.answer(session, Exchange { keep, ..receiving.exchange }, answer);
    }

    /// The body is there.
    fn complete(&mut self, session: &mut Session<'_>) {
        let State::Receiving(receiving) = std::mem::take(&mut self.state) else { return };
        let Receiving { raw, exchange, mut decoder, into, .. } = *receiving;
        let trailers = decoder.take_trailers();
        let site = self.site.clone();
        let (body, receiver) = match into {
            Into::Pipe(Piped { inlet, answer, .. }) => {
                inlet.finish(trailers);
                return self.answer(session, exchange, *answer);
            }
            Into::Memory(body) => (body, None),
            Into::Receiver(receiver) => (Vec::new(), Some(receiver)),
        };
        let answer = session.fenced("handle a request", |session| {
            let mut slots = Slots::new();
            // It was parsed before, with limits that were narrower.
            let parsed = RequestHead::parse(&raw, &mut slots, &ANY).ok().flatten();
            let Some((head, _)) = parsed else { return FAILED.into() };
            let session = session.reborrow();
            let mut request = Request::new(&head, &raw, &body, Some(&trailers), session);
            match receiver {
                Some(receiver) => receiver.on_end(&mut request),
                None => site.handler.handle(&mut request),
            }
        });
        self.answer_or_fail(session, exchange, answer);
    }

    /// The reader at the other end of a pipe has made room, or is gone.
    pub(super) fn go_on_receiving(&mut self, session: &mut Session<'_>) {
        let State::Receiving(receiving) = &mut self.state else { return };
        if std::mem::take(&mut receiving.held_up) {
            session.set_busy(false);
            self.times.moved = session.now();
            if self.held.is_empty() {
                // There may be nothing left but the end.
                self.receive(session, &[]);
            }
        }
    }

    /// Tells who waits for the rest of a body that it will not come.
    pub(super) fn cut_off(&mut self, why: crate::Error) {
        if let State::Receiving(receiving) = std::mem::take(&mut self.state)
            && let Into::Pipe(Piped { inlet, .. }) = receiving.into
        {
            inlet.fail(why);
        }
    }
}

enum Outcome {
    More,
    Complete,
    Answer(Response),
}

impl Receiving {
    fn take(&mut self, session: &mut Session<'_>, input: &mut &[u8]) -> Result<Outcome, Rejection> {
        while self.has_room(session) {
            match self.decoder.next(input)? {
                None => break,
                Some(Part::End) => return Ok(Outcome::Complete),
                Some(Part::Data(data)) => {
                    if let Some(answer) = self.hand_on(session, data) {
                        return Ok(Outcome::Answer(answer));
                    }
                }
            }
        }
        Ok(Outcome::More)
    }

    fn has_room(&mut self, session: &mut Session<'_>) -> bool {
        if let Into::Pipe(Piped { inlet, .. }) = &self.into {
            self.held_up = !inlet.has_room(|| session.waker());
            session.set_busy(self.held_up);
        }
        !self.held_up && session.receives()
    }

    fn hand_on(&mut self, session: &mut Session<'_>, data: &[u8]) -> Option<Response> {
        match &mut self.into {
            Into::Memory(body) => {
                body.extend_from_slice(data);
                None
            }
            Into::Receiver(receiver) => {
                let receive = |session: &mut Session<'_>| receiver.on_data(session, data);
                session.fenced("receive a body", receive).unwrap_or_else(|| Some(FAILED.into()))
            }
            // Who has stopped reading has an answer, or will have one.
            Into::Pipe(piped) => (!piped.inlet.push(Bytes::copy_from_slice(data)))
                .then(|| std::mem::replace(&mut *piped.answer, FAILED.into())),
        }
    }
}

pub(super) const FAILED: Status = Status::INTERNAL_SERVER_ERROR;

const ANY: HeadLimits = HeadLimits { line: usize::MAX, fields: usize::MAX, bytes: usize::MAX };
