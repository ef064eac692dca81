//! From a response to bytes.

use bytes::Bytes;

use super::adaptor::{Adaptor, State};
use super::clock::Opening;
use super::exchange::Exchange;
use super::receiving::FAILED;
use crate::codec::http::write::{self, Connection};
use crate::codec::http::{Fields, Length, Status, chunk_head, last_chunk};
use crate::error::{Error, ErrorKind};
use crate::http::body::Kind;
use crate::http::body::pipe::Taken;
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
    body: Kind,
    exchange: Exchange,
    framing: Framing,
}

enum Framing {
    /// So many bytes are left of those that the head has announced.
    Left(u64),
    Chunks,
    /// The connection's end is the body's.
    UntilEnd,
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
                self.send_upgrade(session, exchange, response);
                let mut protocol = upgrade.into_protocol();
                session.set_alarm(None);
                protocol.on_open(session);
                self.state = State::Upgraded(protocol);
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

    /// The peer sends no more: the answer under way is the last one.
    pub(super) fn is_last(&mut self) {
        match &mut self.state {
            State::Waiting(waiting) => waiting.exchange.keep = false,
            State::Sending(sending) => sending.exchange.keep = false,
            _ => {}
        }
    }

    /// Says something on its own behalf, behind which the connection is closed.
    pub(super) fn say(&mut self, session: &mut Session<'_>, response: Response) {
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
        if !fields.is_empty() {
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
        match body.sliced(session.high_mark().min(AHEAD)).0 {
            Kind::Empty => self.answered(session, exchange),
            Kind::Whole(bytes) => {
                session.compose_shared(bytes);
                self.answered(session, exchange);
            }
            body => self.begin_sending(session, body, exchange, length),
        }
    }

    fn send_upgrade(&mut self, session: &mut Session<'_>, exchange: Exchange, response: Response) {
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
        if let Kind::Pipe(outlet, _) = &body {
            outlet.wakes(session.waker());
        }
        let framing = match length {
            Length::Exactly(left) => Framing::Left(left),
            Length::Chunked => Framing::Chunks,
            Length::None | Length::UntilEnd => Framing::UntilEnd,
        };
        self.state = State::Sending(Box::new(Sending { body, exchange, framing }));
        self.go_on_sending(session);
    }

    /// Queues more of a body, as much as a slow peer shall find queued.
    pub(super) fn go_on_sending(&mut self, session: &mut Session<'_>) {
        let most = session.high_mark().min(AHEAD);
        while let State::Sending(sending) = &mut self.state {
            if session.queued() >= most || !session.is_open() {
                return;
            }
            match sending.next(session) {
                Taken::Data(data) => sending.send(session, data),
                Taken::Nothing => return,
                Taken::End(trailers) => return self.end_of_body(session, &trailers),
                Taken::Failed(error) => return self.fail(session, &error),
            }
        }
    }

    fn end_of_body(&mut self, session: &mut Session<'_>, trailers: &Fields) {
        let State::Sending(sending) = std::mem::take(&mut self.state) else { return };
        match sending.framing {
            Framing::Left(0) | Framing::UntilEnd => {}
            Framing::Chunks => session.compose(|out| last_chunk(out, trailers)),
            Framing::Left(left) => {
                let short = Error::new(ErrorKind::Closed, "send a body");
                let short = short.because(format_args!("it ended {left} bytes too early"));
                return self.fail(session, &short);
            }
        }
        self.answered(session, sending.exchange);
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
        if !matches!(self.state, State::Idle) {
            self.state = State::Idle;
            self.times.moved = session.now();
            session.set_busy(false);
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

impl Sending {
    fn next(&mut self, session: &mut Session<'_>) -> Taken {
        if let Framing::Left(0) = self.framing {
            return Taken::End(Fields::new());
        }
        match &mut self.body {
            Kind::Pipe(outlet, _) => outlet.take(),
            Kind::Source(source, _) => {
                match session.fenced("read a body", |_| source.next(SLICE)) {
                    Some(Ok(Some(data))) => Taken::Data(data),
                    Some(Ok(None)) => Taken::End(Fields::new()),
                    Some(Err(error)) => Taken::Failed(Error::io("read a body", error)),
                    None => Taken::Failed(Error::new(ErrorKind::Panicked, "read a body")),
                }
            }
            Kind::Empty | Kind::Whole(_) => Taken::End(Fields::new()),
        }
    }

    fn send(&mut self, session: &mut Session<'_>, mut data: Bytes) {
        match &mut self.framing {
            Framing::UntilEnd => session.compose_shared(data),
            Framing::Left(left) => {
                // More than was announced would be taken for the next answer.
                data.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= data.len() as u64;
                session.compose_shared(data);
            }
            // An empty chunk would be the last one.
            Framing::Chunks if data.is_empty() => {}
            Framing::Chunks => {
                session.compose(|out| chunk_head(out, data.len() as u64));
                session.compose_shared(data);
                session.compose(|out| out.extend_from_slice(b"\r\n"));
            }
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

/// Bodies up to this go with their head in one piece.
const COPY: usize = 1024;

/// Bytes that are asked of a source at once.
const SLICE: usize = 64 << 10;

/// Bytes of a body that are queued ahead of what the peer takes. A body in memory that is not longer
/// goes as one piece, with its head in one `writev`.
const AHEAD: usize = 256 << 10;
