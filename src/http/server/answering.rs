//! From a response to bytes.

use super::adaptor::{Adaptor, State};
use super::clock::Opening;
use super::exchange::Exchange;
use super::receiving::FAILED;
use crate::codec::http::write::{self, Connection};
use crate::codec::http::{Fields, Length, Status};
use crate::error::{Error, ErrorKind};
use crate::http::body::Kind;
use crate::http::body::outgoing::{COPY, Outgoing, Progress};
use crate::http::response::Special;
use crate::http::{Response, later};
use crate::session::Session;

/// An answer that another thread is to give.
pub(super) struct Waiting {
    slot: later::Slot,
    changes: Vec<Box<dyn FnOnce(Response) -> Response + Send>>,
    exchange: Exchange,
}

/// An answer whose body is being sent.
pub(super) struct Sending {
    pub(super) body: Outgoing,
    exchange: Exchange,
}

impl Adaptor {
    /// Answers a request, at once or as soon as possible.
    #[inline]
    pub(super) fn answer(
        &mut self,
        session: &mut Session<'_>,
        exchange: Exchange,
        mut response: Response,
    ) {
        match response.special.take() {
            None => self.send(session, exchange, response),
            Some(special) => self.answer_specially(session, exchange, response, *special),
        }
    }

    pub(super) fn answer_or_fail(
        &mut self,
        session: &mut Session<'_>,
        exchange: Exchange,
        response: Option<Response>,
    ) {
        match response {
            Some(response) => self.answer(session, exchange, response),
            None => self.send(session, Exchange { keep: false, ..exchange }, FAILED.into()),
        }
    }

    fn answer_specially(
        &mut self,
        session: &mut Session<'_>,
        exchange: Exchange,
        response: Response,
        special: Special,
    ) {
        match special {
            Special::Later(slot, changes) => {
                self.state = State::Waiting(Box::new(Waiting { slot, changes, exchange }));
                self.look_for_answer(session);
            }
            Special::Invalid(error) => {
                session.report(&error);
                self.send(session, exchange, FAILED.into());
            }
            Special::Upgrade(_) if !exchange.upgrades && !exchange.connects => {
                let upgrade = response.fields.str("upgrade").unwrap_or_default();
                let required = Response::new(Status::UPGRADE_REQUIRED).header("Upgrade", upgrade);
                self.send(session, exchange, required);
            }
            Special::Upgrade(upgrade) => {
                Self::send_upgrade(session, exchange, response);
                session.set_alarm(None);
                let protocol = upgrade.begin(session);
                // Before it is called: who is told of the beginning is told of the end, whatever
                // happens in between.
                session.hand_over();
                self.state = State::Upgraded(protocol);
                if let State::Upgraded(protocol) = &mut self.state {
                    protocol.on_open(session);
                }
            }
        }
    }

    /// The answer that was to come later may be there.
    pub(super) fn look_for_answer(&mut self, session: &mut Session<'_>) {
        let State::Waiting(waiting) = &mut self.state else { return };
        let Some(mut response) = waiting.slot.take(|| session.waker()) else { return };
        let exchange = waiting.exchange;
        let changes = std::mem::take(&mut waiting.changes);
        self.state = State::Idle;
        for change in changes {
            let Some(changed) = session.fenced("change an answer", |_| response.map(change)) else {
                return self.answer_or_fail(session, exchange, None);
            };
            response = changed;
        }
        self.answer(session, exchange, response);
    }

    /// The peer sends no more: the answer under way is the last one. False if it will not wait for
    /// the end of that.
    pub(super) fn is_last(&mut self) -> bool {
        match &mut self.state {
            State::Waiting(waiting) => waiting.exchange.keep = false,
            State::Sending(sending) => {
                sending.exchange.keep = false;
                return sending.body.may_end();
            }
            _ => {}
        }
        true
    }

    /// Says something on its own behalf, behind which the connection is closed.
    pub(super) fn say(session: &mut Session<'_>, response: Response) {
        let Response { status, media, fields, body, .. } = response;
        let body = body.bytes().unwrap_or_default();
        let head =
            Head { status, media, fields: &fields, length: Length::Exactly(body.len() as u64) };
        let opening = Opening::at(session.now());
        session.compose(|out| {
            head.write(out, &opening, Connection::Close);
            out.extend_from_slice(body);
        });
    }

    #[inline]
    fn send(&mut self, session: &mut Session<'_>, mut exchange: Exchange, response: Response) {
        let Response { status, media, mut fields, body, .. } = response;
        if fields.contains_any(&OURS) {
            exchange.keep &= !fields.contains_token("connection", "close");
            remove_ours(&mut fields);
        }
        exchange.keep &= !self.leaving;
        let opening = Opening::at(session.now());
        if let Kind::Whole(bytes) = &body.0
            && bytes.len() <= COPY
            && status == Status::OK
            && !exchange.head_only
        {
            let length = Length::Exactly(bytes.len() as u64);
            let head = Head { status, media, fields: &fields, length };
            session.compose(|out| {
                head.write(out, &opening, exchange.connection());
                out.extend_from_slice(bytes);
            });
            return self.answered(session, exchange);
        }
        if status.is_informational() {
            let error = Error::new(ErrorKind::Invalid, "answer a request");
            session.report(&error.because("a status below 200 is no answer"));
            return self.send(session, exchange, FAILED.into());
        }
        let length = match body.len() {
            _ if status.is_bodiless() => Length::None,
            Some(len) => Length::Exactly(len),
            None if exchange.old => Length::UntilEnd,
            None => Length::Chunked,
        };
        exchange.keep &= length != Length::UntilEnd;
        let head = Head { status, media, fields: &fields, length };
        session.compose(|out| head.write(out, &opening, exchange.connection()));
        if exchange.head_only || status.is_bodiless() {
            return self.answered(session, exchange);
        }
        match body.sliced().0 {
            Kind::Empty => self.answered(session, exchange),
            Kind::Whole(bytes) => {
                session.compose_shared(bytes);
                self.answered(session, exchange);
            }
            body => self.begin_sending(session, body, exchange, length),
        }
    }

    fn send_upgrade(session: &mut Session<'_>, exchange: Exchange, response: Response) {
        let Response { mut fields, .. } = response;
        let (status, connection) = match exchange.connects {
            true => (Status::OK, Connection::Unsaid),
            false => (Status::SWITCHING_PROTOCOLS, Connection::Upgrade),
        };
        remove_ours(&mut fields);
        if exchange.connects {
            fields.remove("upgrade");
        }
        let head = Head { status, media: None, fields: &fields, length: Length::None };
        let opening = Opening::at(session.now());
        session.compose(|out| head.write(out, &opening, connection));
        session.count_messages(1, 1);
    }

    fn begin_sending(
        &mut self,
        session: &mut Session<'_>,
        body: Kind,
        exchange: Exchange,
        length: Length,
    ) {
        let body = Outgoing::new(session, body, length);
        self.state = State::Sending(Box::new(Sending { body, exchange }));
        self.go_on_sending(session);
    }

    /// Queues more of a body, as much as a slow peer shall find queued.
    pub(super) fn go_on_sending(&mut self, session: &mut Session<'_>) {
        let State::Sending(sending) = &mut self.state else { return };
        match sending.body.go_on(session) {
            Progress::More => {}
            Progress::Done => {
                let exchange = sending.exchange;
                self.answered(session, exchange);
            }
            Progress::Failed(error) => self.fail(session, &error),
        }
    }

    /// The rest of a body will not come: the peer must not take what it has for all.
    fn fail(&mut self, session: &mut Session<'_>, error: &Error) {
        session.report(error);
        self.state = State::Over;
        session.abort();
    }

    /// An answer is queued as a whole.
    #[inline]
    fn answered(&mut self, session: &mut Session<'_>, exchange: Exchange) {
        session.count_messages(1, 1);
        self.times.kept = true;
        self.times.moved = session.now();
        session.set_busy(false);
        if !matches!(self.state, State::Idle) {
            self.state = State::Idle;
        }
        if self.leaving {
            self.state = State::Over;
            session.shut_down();
        } else if !exchange.keep {
            self.state = State::Over;
            session.close();
        }
    }
}

/// A head to be written.
struct Head<'r> {
    status: Status,
    media: Option<&'static str>,
    fields: &'r Fields,
    length: Length,
}

impl Head<'_> {
    #[inline]
    fn write(&self, out: &mut Vec<u8>, opening: &Opening, connection: Connection) {
        opening.write(out, self.status);
        if let Some(media) = self.media {
            write::content_type(out, media);
        }
        write::fields(out, self.fields);
        write::length(out, self.length);
        // RFC 9110 7.8: as wherever an upgrade is named. Another option may follow in a field of its own.
        if self.status == Status::UPGRADE_REQUIRED {
            write::connection(out, Connection::Upgrade);
        }
        write::connection(out, connection);
        write::end(out);
    }
}

/// Fields that are the server's to say.
const OURS: [&str; 5] = ["connection", "content-length", "date", "keep-alive", "transfer-encoding"];

fn remove_ours(fields: &mut Fields) {
    for name in OURS {
        fields.remove(name);
    }
}
