//! From bytes to an answer.

use bytes::Bytes;

use super::exchange::{Answer, Exchange};
use super::incoming::{self, Fault, Incoming, Into, Taken, Then};
use super::{Connection, State};
use crate::codec::http::{BodyDecoder, Fields, Length, ResponseHead, Slots, Status};
use crate::error::{Error, ErrorKind};
use crate::http::BodyReader;
use crate::http::client::journey::{Journey, Wanted};
use crate::http::client::redirect::{self, Turn};
use crate::http::client::response::{ClientResponse, Streaming};
use crate::http::client::shared::Outcome;
use crate::http::unpack::Unpack;
use crate::session::Session;

/// How far an answer is.
enum Step {
    /// It needs more; so many bytes were taken.
    Wait(usize),
    On(usize),
    /// It is there as a whole.
    Done(usize),
    Failed,
}

impl Connection {
    /// Reads on in an answer; how many bytes were taken. What comes behind it is nobody's.
    pub(super) fn read(&mut self, session: &mut Session<'_>, data: &[u8]) -> usize {
        let mut at = 0;
        while let State::Busy(exchange) = &mut self.state {
            exchange.heard |= !data.is_empty();
            let step = match exchange.answer {
                Answer::Head => self.read_head(session, &data[at..]),
                Answer::Body(_) => self.read_body(session, &data[at..]),
            };
            match step {
                Step::On(taken) => at += taken,
                Step::Wait(taken) => return at + taken,
                Step::Failed => break,
                Step::Done(taken) => {
                    if let State::Busy(exchange) = &mut self.state {
                        exchange.keeps &= at + taken == data.len();
                    }
                    self.complete(session);
                    break;
                }
            }
        }
        match self.state {
            // What comes behind is the other protocol's.
            State::Upgraded(_) => at,
            _ => data.len(),
        }
    }

    /// Keeps what was not taken until more comes, or the reader has room.
    pub(super) fn hold(&mut self, rest: &[u8]) {
        self.held.clear();
        self.held.extend_from_slice(rest);
        self.held.shrink_to(2 * rest.len());
    }

    fn read_head(&mut self, session: &mut Session<'_>, data: &[u8]) -> Step {
        let limits = self.shared.settings.head;
        if data.is_empty() || !self.scanner.is_due(data, &limits) {
            return Step::Wait(0);
        }
        let mut slots = Slots::new();
        match ResponseHead::parse(data, &mut slots, &limits) {
            Ok(None) => Step::Wait(0),
            Ok(Some((head, len))) => {
                self.scanner.reset();
                match self.head(session, &head) {
                    Ok(()) => Step::On(len),
                    Err(error) => {
                        self.fail(session, |_| error);
                        Step::Failed
                    }
                }
            }
            Err(rejection) => {
                self.fail(session, |journey| incoming::refused(journey, &rejection));
                Step::Failed
            }
        }
    }

    fn head(&mut self, session: &mut Session<'_>, head: &ResponseHead<'_>) -> Result<(), Error> {
        if head.status == Status::CONTINUE {
            self.send_body(session);
        }
        let State::Busy(exchange) = &mut self.state else { return Ok(()) };
        if head.status == Status::SWITCHING_PROTOCOLS {
            return self.switch(session, head);
        }
        if head.status.is_informational() {
            return Ok(());
        }
        exchange.cut_upload(head.status);
        if let Some(cookies) = &self.shared.cookies {
            cookies.store(head.headers, &exchange.journey.url);
        }
        let mut incoming = exchange.incoming(head)?;
        if incoming.is_wanted() {
            exchange.journey.stream_into(session, &mut incoming)?;
        }
        exchange.answer = Answer::Body(Box::new(incoming));
        self.times.asked = None;
        Ok(())
    }

    /// The connection speaks another protocol from here on.
    fn switch(&mut self, session: &mut Session<'_>, head: &ResponseHead<'_>) -> Result<(), Error> {
        let State::Busy(exchange) = &mut self.state else { return Ok(()) };
        let journey = &mut exchange.journey;
        let asked = journey.fields.str("upgrade").unwrap_or_default();
        let meant = head.upgrade().is_some_and(|protocol| protocol.eq_ignore_ascii_case(asked));
        let meant = meant && !journey.is_stream();
        let Some(upgrade) = journey.upgrade.take_if(|_| meant) else {
            let error = journey.error(ErrorKind::Unsupported);
            return Err(error.because("the server speaks another protocol, unasked"));
        };
        let answer = response(journey, head, Fields::from(head.headers));
        self.shared.detach(&self.lane);
        session.count_messages(1, 1);
        session.set_alarm(None);
        let mut protocol = upgrade.begin(session);
        protocol.on_open(session);
        let state = std::mem::replace(&mut self.state, State::Upgraded(protocol));
        if let State::Busy(exchange) = state {
            exchange.journey.ticket.set(None);
            self.shared.settle(exchange.journey, Outcome::Answer(answer));
        }
        Ok(())
    }

    fn read_body(&mut self, session: &mut Session<'_>, data: &[u8]) -> Step {
        let State::Busy(exchange) = &mut self.state else { return Step::Failed };
        let Answer::Body(incoming) = &mut exchange.answer else { return Step::Failed };
        let mut input = data;
        let taken = incoming.take(&mut input, |inlet| inlet.has_room(|| session.waker()));
        let len = data.len() - input.len();
        match taken {
            Ok(Taken::All) => Step::Wait(len),
            Ok(Taken::Some) => {
                session.set_busy(true);
                session.hold_back();
                Step::Wait(len)
            }
            Ok(Taken::End) => Step::Done(len),
            // Nobody wants it anyway.
            Err(_) if !incoming.is_wanted() => {
                exchange.keeps = false;
                Step::Done(len)
            }
            Err(fault) => {
                self.fail(session, |journey| fault.error(journey));
                Step::Failed
            }
        }
    }

    /// The answer's body has ended.
    pub(super) fn complete(&mut self, session: &mut Session<'_>) {
        let State::Busy(exchange) = &mut self.state else { return };
        let Answer::Body(incoming) = &mut exchange.answer else { return };
        if let Err(fault) = incoming.finish() {
            return self.fail(session, |journey| fault.error(journey));
        }
        let State::Busy(exchange) = std::mem::take(&mut self.state) else { return };
        let reusable = exchange.is_reusable();
        let Exchange { mut journey, answer: Answer::Body(incoming), .. } = *exchange else {
            return;
        };
        let (answer, then, end) = incoming.into_response();
        let outcome = match then {
            Then::Give => Outcome::Answer(answer),
            Then::Follow(next) => {
                journey.follow(*next);
                Outcome::Again
            }
            Then::Unexpecting => {
                journey.options.expects = false;
                Outcome::Again
            }
        };
        self.answered(session, &journey, reusable);
        // Whoever has the answer finds the connection free for the next request.
        if let Some(end) = end {
            end.tell();
        }
        self.shared.settle(journey, outcome);
    }
}

impl Exchange {
    /// What comes behind this head, and what becomes of it.
    fn incoming(&mut self, head: &ResponseHead<'_>) -> Result<Incoming, Error> {
        let (journey, then) = (&self.journey, self.then(head)?);
        let mut length = head.length(journey.method);
        self.keeps = head.keeps_alive() && length != Length::UntilEnd;
        let most = match (&then, journey.is_stream()) {
            (Then::Give, true) => u64::MAX,
            (Then::Give, false) => journey.options.body as u64,
            (Then::Follow(_) | Then::Unexpecting, _) => SKIPPED,
        };
        if !matches!(then, Then::Give) && matches!(length, Length::Exactly(len) if len > most) {
            (length, self.keeps) = (Length::None, false);
        }
        let decoder = BodyDecoder::new(length, most);
        let decoder = decoder.map_err(|_| Fault::TooLarge(journey.options.body).error(journey))?;
        let mut fields = Fields::from(head.headers);
        let unpack = match &then {
            Then::Give if journey.unpacks() && !length.is_empty() => unpack(&mut fields),
            _ => None,
        };
        let into = match &then {
            Then::Give if !journey.is_stream() => Into::Memory(Vec::new(), journey.options.body),
            _ => Into::Nothing,
        };
        let head = response(journey, head, fields);
        Ok(Incoming { head, decoder, unpack, into, then, begun: false })
    }

    fn then(&self, head: &ResponseHead<'_>) -> Result<Then, Error> {
        let journey = &self.journey;
        let there = journey.payload.is_there();
        if head.status == Status::EXPECTATION_FAILED && journey.options.expects && there {
            return Ok(Then::Unexpecting);
        }
        let redirects = &journey.options.redirects;
        let location = head.headers.str("location");
        match redirect::turn(&journey.url, journey.method, head.status, location, redirects) {
            _ if redirects.most == 0 => Ok(Then::Give),
            Turn::To(next) if next.keeps_body && !there => Ok(Then::Give),
            Turn::Stay => Ok(Then::Give),
            Turn::To(_) if journey.hops >= redirects.most => {
                let error = journey.error(ErrorKind::LimitReached);
                let most = redirects.most;
                Err(error.because(format_args!("it redirects more than {most} times")))
            }
            Turn::To(next) => Ok(Then::Follow(next)),
            Turn::Refused(why) => Err(journey.error(ErrorKind::Invalid).because(why)),
        }
    }
}

impl Journey {
    /// Gives the head to who reads the body while it comes.
    fn stream_into(&mut self, session: &Session<'_>, incoming: &mut Incoming) -> Result<(), Error> {
        let promise = match self.wanted.take() {
            Some(Wanted::Stream(promise)) => promise,
            other => {
                self.wanted = other;
                return Ok(());
            }
        };
        let (inlet, body) = BodyReader::new();
        inlet.wakes(session.waker());
        incoming.into = Into::Pipe(inlet);
        let streaming = Streaming { head: incoming.head.clone(), body };
        promise.fulfill(streaming).map_err(|_| self.error(ErrorKind::Canceled))
    }
}

/// An answer without a body.
fn response(journey: &Journey, head: &ResponseHead<'_>, fields: Fields) -> ClientResponse {
    ClientResponse {
        url: journey.url.clone(),
        version: head.version,
        status: head.status,
        fields,
        body: Bytes::new(),
        trailers: Fields::new(),
    }
}

/// What undoes the coding, of which the fields then say no more.
fn unpack(fields: &mut Fields) -> Option<Unpack> {
    if fields.all("content-encoding").count() != 1 {
        return None;
    }
    let unpack = Unpack::of(fields.str("content-encoding")?)?;
    fields.remove("content-encoding");
    fields.remove("content-length");
    Some(unpack)
}

/// Bytes of a body that nobody wants that are read to keep the connection.
const SKIPPED: u64 = 64 << 10;
