//! What a handler answers.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::body::pipe::pipe;
use super::body::{Body, BodySender, Kind};

use super::events::EventSender;
use super::later::{Later, Slot};
use super::request::Request;
use super::upgrade::Upgrade;
use crate::codec::http::{Cookie, Fields, InvalidField, Status};
use crate::error::{Error, ErrorKind};
use crate::raw;

/// What a handler answers: a status, fields and a body; see also [`IntoResponse`](super::IntoResponse).
///
/// `Date`, `Content-Length` or `Transfer-Encoding`, and `Connection` are the server's to set; what a
/// handler says of them is not sent.
///
/// ```
/// use sockeye::http::{Response, Status};
///
/// let response = Response::text("Not today")
///     .with_status(Status::SERVICE_UNAVAILABLE)
///     .header("Retry-After", "3600");
/// assert_eq!(response.status().code(), 503);
/// assert_eq!(response.get("retry-after"), Some("3600"));
/// ```
pub struct Response {
    pub(crate) status: Status,
    /// The type of the content, unless the fields say it.
    pub(crate) media: Option<&'static str>,
    pub(crate) fields: Fields,
    pub(crate) body: Body,
    pub(crate) special: Option<Box<Special>>,
}

/// What few responses are.
pub(crate) enum Special {
    /// It comes later, and is then changed by these.
    Later(Slot, Vec<Change>),
    /// What the connection speaks behind it.
    Upgrade(Box<dyn Upgrade>),
    /// A field that cannot be sent.
    Invalid(Error),
}

type Change = Box<dyn FnOnce(Response) -> Response + Send>;

impl Response {
    /// A status, without a body.
    pub fn new(status: Status) -> Self {
        Self { status, media: None, fields: Fields::new(), body: Body::empty(), special: None }
    }

    /// 200 without a body.
    pub fn ok() -> Self {
        Self::new(Status::OK)
    }

    /// 200 with text.
    pub fn text(text: impl Into<Body>) -> Self {
        Self::content("text/plain; charset=utf-8", text)
    }

    /// 200 with HTML.
    pub fn html(html: impl Into<Body>) -> Self {
        Self::content("text/html; charset=utf-8", html)
    }

    /// 200 with content of this media type.
    pub fn content(media: &'static str, body: impl Into<Body>) -> Self {
        let mut response = Self::new(Status::OK);
        response.media = Some(media);
        response.body = body.into();
        response
    }

    /// 200 with a value as JSON; 500 if it cannot be written as such.
    #[cfg(feature = "json")]
    pub fn json(value: &impl serde::Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(json) => Self::content("application/json", json),
            Err(_) => Self::error(Status::INTERNAL_SERVER_ERROR, "the answer is no JSON"),
        }
    }

    /// A status, and why as text.
    pub fn error(status: Status, why: impl Into<Body>) -> Self {
        Self::text(why).with_status(status)
    }

    /// 204, what is allowed in `Allow`: the answer to `OPTIONS`.
    pub fn options(allow: impl AsRef<str>) -> Self {
        Self::new(Status::NO_CONTENT).header("Allow", allow)
    }

    /// 200 with the request itself as the server got it, as RFC 9110 9.3.8 wants it for `TRACE`: the
    /// fields that are likely to be secrets (`Authorization`, `Cookie`, `Proxy-Authorization`) are
    /// left out.
    pub fn trace(request: &Request<'_>) -> Self {
        Self::content("message/http", request.trace())
    }

    /// A redirection to another place: [`Status::SEE_OTHER`] to be got there whatever the method
    /// was, [`Status::TEMPORARY_REDIRECT`] or [`Status::PERMANENT_REDIRECT`] to be asked again there.
    pub fn redirect(status: Status, location: impl AsRef<str>) -> Self {
        Self::new(status).header("Location", location)
    }

    /// 200 whose body is written meanwhile by other threads, of which at most 256 KiB wait to be sent.
    ///
    /// ```
    /// use std::io::Write;
    /// use sockeye::http::{self, Request, Response};
    ///
    /// fn report(_: &mut Request<'_>) -> Response {
    ///     let (response, mut body) = Response::stream("text/csv");
    ///     std::thread::spawn(move || {
    ///         for line in 0..1_000_000 {
    ///             writeln!(body, "{line},{}", line * line)?;
    ///         }
    ///         body.finish();
    ///         Ok::<_, std::io::Error>(())
    ///     });
    ///     response
    /// }
    /// ```
    pub fn stream(media: &'static str) -> (Self, BodySender) {
        Self::stream_with(media, None, STREAM)
    }

    /// The same with a known length, if there is one, and so many bytes that may wait.
    pub fn stream_with(
        media: &'static str,
        len: impl Into<Option<u64>>,
        waiting: usize,
    ) -> (Self, BodySender) {
        let (inlet, outlet) = pipe(waiting);
        let body = Body(Kind::Pipe(outlet, len.into()));
        (Self::content(media, body), BodySender::new(inlet))
    }

    /// 200 with server-sent events, which may be sent by any thread as long as the client stays.
    pub fn events() -> (Self, EventSender) {
        let (response, body) = Self::stream("text/event-stream");
        (response.header("Cache-Control", "no-store"), EventSender::new(body))
    }

    /// An answer that is given later, by any thread. Meanwhile the connection waits: answers are sent
    /// in the order of the requests.
    ///
    /// ```
    /// use sockeye::http::{Request, Response};
    ///
    /// fn slow(_: &mut Request<'_>) -> Response {
    ///     let (response, later) = Response::later();
    ///     std::thread::spawn(move || later.answer("that took its time"));
    ///     response
    /// }
    /// ```
    pub fn later() -> (Self, Later) {
        let (slot, later) = Slot::new();
        let special = Some(Box::new(Special::Later(slot, Vec::new())));
        (Self { special, ..Self::ok() }, later)
    }

    /// 101: behind this answer the connection speaks another protocol, named in `Upgrade`, and the
    /// handler has it. What the client has sent behind its request is the first data of the handler.
    /// As answer to `CONNECT` it is 200, with no protocol named.
    pub fn upgrade(protocol: impl AsRef<str>, handler: impl raw::Handler) -> Self {
        Self::upgrade_to(protocol, Box::new(raw::Adaptor(handler)))
    }

    /// Answers with these fields, which say what the upgrade is to.
    #[cfg(feature = "ws")]
    pub(crate) fn upgrade_with(fields: Fields, upgrade: Box<dyn Upgrade>) -> Self {
        let special = Some(Box::new(Special::Upgrade(upgrade)));
        Self { fields, special, ..Self::new(Status::SWITCHING_PROTOCOLS) }
    }

    pub(crate) fn upgrade_to(protocol: impl AsRef<str>, upgrade: Box<dyn Upgrade>) -> Self {
        let response = Self::new(Status::SWITCHING_PROTOCOLS).header("Upgrade", protocol);
        Self { special: Some(Box::new(Special::Upgrade(upgrade))), ..response }
    }

    /// The same with another status.
    #[must_use]
    pub fn with_status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    /// The same with another body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    /// The same with a field, in place of those of that name.
    ///
    /// A name that is no token, or a value with control characters, would say something else than it
    /// seems to: then the answer is 500, and the server's `on_error` is told.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.set_header(name, value);
        self
    }

    /// Sets a field, as [`Response::header`] does.
    pub fn set_header(&mut self, name: &str, value: impl AsRef<str>) {
        if name.eq_ignore_ascii_case("content-type") {
            self.media = None;
        }
        let set = self.fields.insert(name, value.as_ref());
        self.note(set);
    }

    /// Adds a field to those of that name.
    pub fn add_header(&mut self, name: &str, value: impl AsRef<str>) {
        let added = self.fields.append(name, value.as_ref());
        self.note(added);
    }

    /// Removes the fields of a name.
    pub fn remove_header(&mut self, name: &str) {
        if name.eq_ignore_ascii_case("content-type") {
            self.media = None;
        }
        self.fields.remove(name);
    }

    /// The same with a cookie; one that cannot be sent is answered as [`Response::header`] says.
    #[must_use]
    pub fn cookie(mut self, cookie: &Cookie) -> Self {
        match cookie.header() {
            Ok(value) => self.add_header("Set-Cookie", value),
            Err(invalid) => self.invalidate(invalid),
        }
        self
    }

    /// The same with what says how long the answer may be kept: `Cache-Control: max-age`.
    #[must_use]
    pub fn max_age(self, age: Duration) -> Self {
        self.header("Cache-Control", format!("max-age={}", age.as_secs()))
    }

    /// The status.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The first field of this name that is text.
    pub fn get(&self, name: &str) -> Option<&str> {
        match self.media {
            Some(media) if name.eq_ignore_ascii_case("content-type") => Some(media),
            _ => self.fields.str(name),
        }
    }

    /// The fields, but for a content type that was given with the body.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The body.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Takes the body out.
    pub fn take_body(&mut self) -> Body {
        std::mem::take(&mut self.body)
    }

    /// True for an answer that is given [`later`](Response::later): what is to be said of it is not
    /// known yet.
    pub fn is_later(&self) -> bool {
        matches!(self.special.as_deref(), Some(Special::Later(..)))
    }

    /// Changes the answer, now or when it comes: what layers do.
    #[must_use]
    pub fn map(mut self, change: impl FnOnce(Self) -> Self + Send + 'static) -> Self {
        match self.special.as_deref_mut() {
            Some(Special::Later(_, changes)) => {
                changes.push(Box::new(change));
                self
            }
            _ => change(self),
        }
    }

    fn note(&mut self, outcome: Result<(), InvalidField>) {
        if let Err(invalid) = outcome {
            self.invalidate(Error::new(ErrorKind::Invalid, "set a field").because(invalid));
        }
    }

    fn invalidate(&mut self, error: Error) {
        self.special.get_or_insert_with(|| Box::new(Special::Invalid(error)));
    }
}

impl From<Status> for Response {
    fn from(status: Status) -> Self {
        Self::new(status)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

impl From<Bytes> for Response {
    fn from(bytes: Bytes) -> Self {
        Self::content("application/octet-stream", bytes)
    }
}

/// Bytes of a stream that may wait.
const STREAM: usize = 256 << 10;
