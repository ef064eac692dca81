//! From a request to bytes.

use super::exchange::{Exchange, Upload};
use super::{Connection, State};
use crate::codec::http::{Length, Method, write};
use crate::error::ErrorKind;
use crate::http::Body;
use crate::http::body::Kind;
use crate::http::body::outgoing::{COPY, Outgoing, Progress};
use crate::http::client::journey::Journey;
use crate::http::client::route::Through;
use crate::session::Session;

impl Connection {
    /// Sends a request, or as much of it as there is room for.
    pub(super) fn begin(&mut self, session: &mut Session<'_>, mut journey: Box<Journey>) {
        journey.timer = None;
        journey.ticket.set(Some(session.waker()));
        let body = journey.payload.body();
        let length = length(journey.method, &body);
        let expects = journey.options.expects && !length.is_empty();
        let extra = self.extra_fields(&journey);
        let head = |out: &mut Vec<u8>| write_head(out, &journey, &extra, length, expects);
        let upload = match body.sliced() {
            body if expects => {
                session.compose(head);
                Upload::Asked(body, length)
            }
            Body(Kind::Empty) => {
                session.compose(head);
                Upload::Done
            }
            Body(Kind::Whole(bytes)) if bytes.len() <= COPY => {
                session.compose(|out| {
                    head(out);
                    out.extend_from_slice(&bytes);
                });
                Upload::Done
            }
            Body(Kind::Whole(bytes)) => {
                session.compose(head);
                session.compose_shared(bytes);
                Upload::Done
            }
            Body(body) => {
                session.compose(head);
                Upload::Going(Outgoing::new(session, body, length))
            }
        };
        self.scanner.reset();
        self.times.begin(session.now(), expects);
        self.state = State::Busy(Box::new(Exchange::new(journey, upload)));
        self.go_on_sending(session);
    }

    /// What is said to whom the request goes to just now.
    fn extra_fields(&self, journey: &Journey) -> Vec<(&'static str, String)> {
        let mut extra = Vec::new();
        if let Some(cookies) = &self.shared.cookies
            && !journey.fields.contains("cookie")
        {
            extra.extend(cookies.header(&journey.url).map(|value| ("Cookie", value)));
        }
        let proxy = self.shared.proxy.as_ref();
        let proxy = proxy.filter(|_| journey.route.through == Through::Forward);
        let authorization = proxy.and_then(|proxy| proxy.authorization.clone());
        extra.extend(authorization.map(|value| ("Proxy-Authorization", value)));
        extra
    }

    /// The server wants the body, or does not say that it does not.
    pub(super) fn send_body(&mut self, session: &mut Session<'_>) {
        self.times.asked = None;
        let State::Busy(exchange) = &mut self.state else { return };
        match std::mem::replace(&mut exchange.upload, Upload::Done) {
            Upload::Asked(Body(Kind::Whole(bytes)), _) => session.compose_shared(bytes),
            Upload::Asked(Body(body), length) => {
                exchange.upload = Upload::Going(Outgoing::new(session, body, length));
                self.go_on_sending(session);
            }
            other => exchange.upload = other,
        }
    }

    /// Queues more of a body.
    pub(super) fn go_on_sending(&mut self, session: &mut Session<'_>) {
        let State::Busy(exchange) = &mut self.state else { return };
        let Upload::Going(body) = &mut exchange.upload else { return };
        match body.go_on(session) {
            Progress::More => {}
            Progress::Done => exchange.upload = Upload::Done,
            Progress::Failed(error) => self.fail(session, |journey| {
                let kind = match error.kind() {
                    ErrorKind::Io => ErrorKind::Canceled,
                    kind => kind,
                };
                journey.error(kind).because(format_args!("its request's body: {error}"))
            }),
        }
    }
}

/// RFC 9110 8.6: nothing is said where nobody expects a body.
fn length(method: Method, body: &Body) -> Length {
    match body.len() {
        Some(0) if !matches!(method, Method::Post | Method::Put | Method::Patch) => Length::None,
        Some(len) => Length::Exactly(len),
        None => Length::Chunked,
    }
}

fn write_head(
    out: &mut Vec<u8>,
    journey: &Journey,
    extra: &[(&str, String)],
    length: Length,
    expects: bool,
) {
    let Journey { url, fields, options, .. } = journey;
    match journey.route.through {
        // RFC 9112 3.2.2: the absolute form, without a user's name.
        Through::Forward => write::request_line(out, journey.method, &url.to_string()),
        _ => write::request_line(out, journey.method, url.path_and_query()),
    }
    if !fields.contains("host") {
        write::field(out, "Host", url.authority().as_bytes());
    }
    write::fields(out, fields);
    for (name, value) in extra {
        write::field(out, name, value.as_bytes());
    }
    if journey.unpacks() {
        write::field(out, "Accept-Encoding", b"gzip, deflate");
    }
    if expects {
        write::field(out, "Expect", b"100-continue");
    }
    write::length(out, length);
    write::connection(
        out,
        match journey.upgrade {
            Some(_) => write::Connection::Upgrade,
            None if options.closes => write::Connection::Close,
            None => write::Connection::Unsaid,
        },
    );
    write::end(out);
}
