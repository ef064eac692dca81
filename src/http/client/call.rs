//! A request that a program puts together.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::journey::{ATTEMPT, Journey, Payload, Ticket, Wanted, call_back};
use super::options::{Options, deadline};
use super::response::{ClientResponse, Streaming};
use super::shared::Shared;
use super::{Client, credentials};
use crate::codec::http::multipart::{Boundary, Form};
use crate::codec::http::{Fields, InvalidField, Method, Url, query};
use crate::error::{Error, ErrorKind, Result};
use crate::http::Body;
use crate::http::upgrade::Upgrade;
use crate::raw;
use crate::{Promise, Reply, Uuid};

/// A request that is put together, and then sent in one of five ways:
///
/// | | |
/// |---|---|
/// | [`send`](Self::send) | waits for the answer |
/// | [`start`](Self::start) | gives a [`Reply`] to wait for, to look at or to `.await` |
/// | [`then`](Self::then) | has a function called with the answer, on a service thread |
/// | [`stream`](Self::stream) | waits for the answer's head; the body is read while it comes |
/// | [`start_stream`](Self::start_stream) | gives a [`Reply`] with that |
///
/// What is wrong with it (a URL that is none, a header that would say more than it seems to) is an
/// error of those, and nothing is sent then.
///
/// ```no_run
/// use std::time::Duration;
/// use sockeye::{Service, http};
///
/// let service = Service::builder().threads(1).start()?;
/// let client = http::Client::new(&service)?;
/// let answer = client
///     .post("https://example.org/notes")
///     .query(&[("lang", "en")])
///     .bearer("secret")
///     .header("Idempotency-Key", "42")
///     .timeout(Duration::from_secs(5))
///     .body("a note")
///     .send()?
///     .succeeded()?;
/// # Ok::<(), sockeye::Error>(())
/// ```
#[must_use = "a request does nothing until it is sent"]
pub struct Call {
    client: Client,
    method: Method,
    url: String,
    fields: Fields,
    body: Body,
    options: Options,
    upgrade: Option<(String, Box<dyn Upgrade>)>,
    /// What is wrong with it.
    fault: Option<Error>,
}

impl Call {
    pub(super) fn new(client: &Client, method: Method, url: &str) -> Self {
        Self {
            client: client.clone(),
            method,
            url: url.to_owned(),
            fields: client.shared().fields.clone(),
            body: Body::empty(),
            options: client.shared().options.clone(),
            upgrade: None,
            fault: None,
        }
    }

    /// Sets a field, in place of those of that name.
    ///
    /// `Host` and the length are set by themselves. Of `Connection` only `close` is heeded: then the
    /// connection is not kept.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let set = self.fields.insert(name, value);
        self.note(set);
        self
    }

    /// Adds a field to those of that name.
    pub fn add_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let added = self.fields.append(name, value);
        self.note(added);
        self
    }

    /// Adds pairs to the URL's query, which are encoded.
    pub fn query<K: AsRef<str>, V: AsRef<str>>(mut self, pairs: &[(K, V)]) -> Self {
        if let Some(fragment) = self.url.find('#') {
            self.url.truncate(fragment);
        }
        let mut glue = if self.url.contains('?') { '&' } else { '?' };
        for (key, value) in pairs {
            self.url.push(glue);
            self.url.push_str(&query::encode([(key, value)]));
            glue = '&';
        }
        self
    }

    /// The name and the password of `Authorization: Basic`.
    pub fn basic_auth(self, user: &str, password: &str) -> Self {
        self.header("Authorization", credentials::basic(user, password))
    }

    /// The token of `Authorization: Bearer`.
    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", format!("Bearer {token}"))
    }

    /// The body: bytes, text, or a [`Body`] that is read while it is sent. One of unknown length is
    /// sent in chunks. What is not all in memory can be sent once only, so that it is neither sent
    /// again nor redirected.
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    /// A body of pairs, as forms send them.
    pub fn form<K: AsRef<str>, V: AsRef<str>>(self, pairs: &[(K, V)]) -> Self {
        let form = query::encode(pairs.iter().map(|(key, value)| (key, value)));
        self.header("Content-Type", "application/x-www-form-urlencoded").body(form)
    }

    /// A body of a form with files (`multipart/form-data`), which `fill` is to fill.
    ///
    /// ```no_run
    /// # let service = sockeye::Service::builder().threads(1).start()?;
    /// # let client = sockeye::http::Client::new(&service)?;
    /// let photo = vec![0; 1000];
    /// let call = client.post("https://example.org/").multipart(|form| {
    ///     form.text("title", "a photo")?.file("photo", "photo.jpg", "image/jpeg", &photo)?;
    ///     Ok(())
    /// });
    /// # Ok::<(), sockeye::Error>(())
    /// ```
    ///
    /// What `fill` fails with is the request's error.
    pub fn multipart(mut self, fill: impl FnOnce(&mut Form) -> Result<()>) -> Self {
        let boundary = Boundary::random(Uuid::new_v4().as_u128());
        let media = boundary.content_type();
        let mut form = Form::new(boundary);
        match fill(&mut form) {
            Ok(()) => self.header("Content-Type", media).body(form.finish()),
            Err(error) => {
                self.fault.get_or_insert(error);
                self
            }
        }
    }

    /// A body of JSON.
    #[cfg(feature = "json")]
    pub fn json(mut self, value: &impl serde::Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(json) => self.header("Content-Type", "application/json").body(json),
            Err(error) => {
                let invalid = Error::new(ErrorKind::Invalid, "write as JSON what is for");
                self.fault.get_or_insert_with(|| invalid.on(&self.url).because(error));
                self
            }
        }
    }

    /// How long it may take from now to the end of the answer, with redirections and all. Default: as
    /// [the client's](super::Builder::timeout). For a stream it ends with the answer's head: then each
    /// read has its own [patience](crate::http::BodyReader::set_patience).
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.options.whole = limit;
        self
    }

    /// How long it may take to connect, if that is needed. Default: as
    /// [the client's](super::Builder::connect_timeout).
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.options.connect = limit;
        self
    }

    /// How long the server may take from the request's end to the head of its answer. Default: as
    /// [the client's](super::Builder::head_timeout).
    pub fn head_timeout(mut self, limit: Duration) -> Self {
        self.options.head = limit;
        self
    }

    /// How many bytes an answer's body may have, unpacked; more fail with
    /// [`LimitReached`](ErrorKind::LimitReached). Not for streams. Default: as
    /// [the client's](super::Builder::body_limit).
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.options.body = bytes;
        self
    }

    /// How many redirections are followed, one after the other; with 0 they are answers like others.
    /// Default: as [the client's](super::Builder::redirects).
    pub fn redirects(mut self, most: u32) -> Self {
        self.options.redirects.most = most;
        self
    }

    /// Whether compressed answers are asked for, and unpacked. Default: as
    /// [the client's](super::Builder::unpack).
    pub fn unpack(mut self, unpack: bool) -> Self {
        self.options.unpacks = unpack;
        self
    }

    /// Whether the server is asked if it wants the body before that is sent (`Expect: 100-continue`).
    /// It gets it anyhow if it has said nothing for a second. Default: is not asked.
    pub fn expect_continue(mut self, expect: bool) -> Self {
        self.options.expects = expect;
        self
    }

    /// Asks the server to speak another protocol from here on (RFC 9110 7.8). If it does so, the answer
    /// is 101, and the connection is the handler's: what the server has said behind its answer is the
    /// first data. It is no longer one of the client's, and lives until either side closes it. If the
    /// server does not, the handler is dropped, and the answer is like others. Not for streams.
    ///
    /// Without this an answer of 101 is [`Unsupported`](ErrorKind::Unsupported).
    ///
    /// ```no_run
    /// use sockeye::{http, raw};
    ///
    /// # let service = sockeye::Service::builder().threads(1).start()?;
    /// # let client = http::Client::new(&service)?;
    /// let print = |_: &mut raw::Session<'_>, data: &[u8]| println!("{} bytes", data.len());
    /// let answer = client.get("http://localhost:8080/").upgrade("echo", print).send()?;
    /// assert_eq!(answer.status(), http::Status::SWITCHING_PROTOCOLS);
    /// # Ok::<(), sockeye::Error>(())
    /// ```
    pub fn upgrade(mut self, protocol: impl Into<String>, handler: impl raw::Handler) -> Self {
        self.upgrade = Some((protocol.into(), Box::new(raw::Adaptor(handler))));
        self
    }

    /// Sends it, and waits for the answer.
    ///
    /// # Errors
    ///
    /// [`WouldDeadlock`](ErrorKind::WouldDeadlock) on the service's own threads, where nothing is
    /// sent, and those of [`Call::start`].
    pub fn send(self) -> Result<ClientResponse> {
        self.may_wait()?;
        self.start().wait(FOREVER)
    }

    /// Sends it; never waits. Dropping the reply cancels the request: a connection that it is on is
    /// closed.
    ///
    /// The reply's errors, whose text says on what URL or address, and why:
    ///
    /// | | |
    /// |---|---|
    /// | [`AddressInvalid`](ErrorKind::AddressInvalid) | the URL is none |
    /// | [`Invalid`](ErrorKind::Invalid) | a header is none; the answer is no HTTP, or does not unpack; a redirection must not be followed |
    /// | [`Unresolved`](ErrorKind::Unresolved), [`Refused`](ErrorKind::Refused), [`Unreachable`](ErrorKind::Unreachable), [`Tls`](ErrorKind::Tls) | there is no connection |
    /// | [`TimedOut`](ErrorKind::TimedOut) | a time limit passed |
    /// | [`Closed`](ErrorKind::Closed) | the connection ended before the answer did |
    /// | [`LimitReached`](ErrorKind::LimitReached) | too many requests wait, the answer is too large, there are too many redirections |
    /// | [`Unsupported`](ErrorKind::Unsupported) | the server has switched to another protocol; `https` without the feature `tls` |
    /// | [`Stopped`](ErrorKind::Stopped) | the service does not run |
    pub fn start(self) -> Reply<ClientResponse> {
        self.reply(Wanted::Whole)
    }

    /// Sends it; never waits. The function is called once, on a service thread, with what
    /// [`Call::start`] would give; if the service is stopped, on the thread that finds out. It holds up
    /// others while it blocks.
    pub fn then(self, callback: impl FnOnce(Result<ClientResponse>) + Send + 'static) {
        let service = self.client.shared().service.clone();
        match self.into_journey() {
            Ok((shared, mut journey)) => {
                journey.wanted = Some(Wanted::Callback(Box::new(callback)));
                shared.send(journey);
            }
            Err(error) => call_back(&service, Box::new(callback), Err(error)),
        }
    }

    /// Sends it, and waits for the head of the answer, whose body is read while it comes.
    ///
    /// # Errors
    ///
    /// As [`Call::send`].
    pub fn stream(self) -> Result<Streaming> {
        self.may_wait()?;
        self.start_stream().wait(FOREVER)
    }

    /// Sends it; never waits. The reply has the head of the answer.
    pub fn start_stream(self) -> Reply<Streaming> {
        self.reply(Wanted::Stream)
    }

    fn reply<T: Send + 'static>(self, wanted: fn(Promise<T>) -> Wanted) -> Reply<T> {
        let (promise, reply) = self.client.shared().service.promise();
        match self.into_journey() {
            Ok((shared, mut journey)) => {
                promise.on_cancel(cancel(&shared, &journey));
                journey.wanted = Some(wanted(promise));
                shared.send(journey);
            }
            Err(error) => promise.fail(error),
        }
        reply
    }

    fn may_wait(&self) -> Result<()> {
        self.client.shared().service.may_wait(ATTEMPT)
    }

    fn note(&mut self, outcome: std::result::Result<(), InvalidField>) {
        if let Err(invalid) = outcome {
            let error = Error::new(ErrorKind::Invalid, "send a request to");
            self.fault.get_or_insert_with(|| error.on(shown(&self.url)).because(invalid));
        }
    }

    fn into_journey(mut self) -> Result<(Arc<Shared>, Box<Journey>)> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let url = Url::parse(&self.url)?;
        let known = self.fields.contains("authorization");
        if let Some(authorization) = credentials::of(&url).filter(|_| !known) {
            self = self.header("Authorization", authorization);
        }
        let refused =
            |why| Err(Error::new(ErrorKind::Invalid, "send a request to").on(&url).because(why));
        match self.method {
            Method::Connect => return refused("CONNECT is for proxies"),
            Method::Trace if !self.body.is_empty() => return refused("TRACE has no body"),
            _ => {}
        }
        self.take_over_fields();
        let mut upgrade = None;
        if let Some((protocol, handler)) = self.upgrade.take() {
            self = self.header("Upgrade", protocol);
            upgrade = Some(handler);
        }
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let shared = Arc::clone(self.client.shared());
        let journey = Journey {
            id: shared.draw(),
            route: shared.route(&url),
            url,
            method: self.method,
            fields: self.fields,
            payload: Payload::of(self.body),
            upgrade,
            deadline: deadline(Instant::now(), self.options.whole),
            options: self.options,
            hops: 0,
            retried: false,
            wanted: None,
            timer: None,
            ticket: Arc::new(Ticket::default()),
        };
        Ok((shared, Box::new(journey)))
    }

    /// What the client says itself.
    fn take_over_fields(&mut self) {
        self.options.closes |= self.fields.contains_token("connection", "close");
        self.options.expects |= self.fields.contains_token("expect", "100-continue");
        for name in OURS {
            self.fields.remove(name);
        }
    }
}

/// Takes a request back, wherever it is.
fn cancel(shared: &Arc<Shared>, journey: &Journey) -> impl FnOnce() + Send + 'static {
    let (shared, ticket): (Weak<Shared>, _) = (Arc::downgrade(shared), Arc::clone(&journey.ticket));
    let id = journey.id;
    move || {
        ticket.wake();
        if let Some(shared) = shared.upgrade() {
            drop(shared.withdraw(id));
        }
    }
}

/// Without a user's name and password.
fn shown(url: &str) -> String {
    Url::parse(url).map_or_else(|_| "a URL".to_owned(), |url| url.to_string())
}

const OURS: [&str; 6] =
    ["connection", "content-length", "expect", "keep-alive", "transfer-encoding", "upgrade"];

/// The request's own limits end it.
const FOREVER: Duration = Duration::MAX;

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("url", &shown(&self.url))
            .finish_non_exhaustive()
    }
}
