//! What a client asks.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::params::Params;
use super::states::States;
use crate::Endpoint;
use crate::codec::http::{Fields, Headers, Method, RequestHead, Version, query};
use crate::session::Session;

/// What a client asks, as a handler sees it: borrowed from what was read, and gone when the handler
/// returns.
pub struct Request<'a> {
    head: &'a RequestHead<'a>,
    /// The head's bytes.
    raw: &'a [u8],
    path: &'a str,
    query: &'a str,
    body: &'a [u8],
    trailers: Option<&'a Fields>,
    session: Session<'a>,
    pub(crate) params: Params,
    pub(crate) states: Option<Arc<States>>,
    extensions: Vec<(TypeId, Box<dyn Any + Send>)>,
}

impl<'a> Request<'a> {
    #[inline]
    pub(crate) fn new(
        head: &'a RequestHead<'a>,
        raw: &'a [u8],
        body: &'a [u8],
        trailers: Option<&'a Fields>,
        session: Session<'a>,
    ) -> Self {
        let (path, query) = split(head);
        Self {
            head,
            raw,
            path,
            query,
            body,
            trailers,
            session,
            params: Params::default(),
            states: None,
            extensions: Vec::new(),
        }
    }

    #[cfg(feature = "ws")]
    pub(crate) fn head(&self) -> &'a RequestHead<'a> {
        self.head
    }

    /// The method.
    #[inline]
    pub fn method(&self) -> Method {
        self.head.method
    }

    /// The target as it was sent: a path with a query, a whole URL, an authority (`CONNECT`) or `*`.
    pub fn target(&self) -> &'a str {
        self.head.target
    }

    /// The path as it was sent, without the query; percent-encoded. `*` and an authority are paths here.
    #[inline]
    pub fn raw_path(&self) -> &'a str {
        self.path
    }

    /// The path, decoded; as it was sent if it is not UTF-8 then. Not to be used as a file's: that is
    /// what [`files`](super::files) is for.
    pub fn path(&self) -> Cow<'a, str> {
        query::percent_decode(self.path).unwrap_or(Cow::Borrowed(self.path))
    }

    /// The query as it was sent, without the question mark; empty without one.
    pub fn raw_query(&self) -> &'a str {
        self.query
    }

    /// The pairs of the query, decoded.
    pub fn queries(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> + use<'a> {
        query::pairs(self.query)
    }

    /// The first value of this name in the query.
    pub fn query(&self, name: &str) -> Option<Cow<'a, str>> {
        self.queries().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// What the route's path has at `{name}`, decoded.
    ///
    /// ```
    /// use sockeye::http::{Request, Router};
    ///
    /// let router = Router::new().get("/greet/{name}", |request: &mut Request<'_>| {
    ///     format!("Hello, {}!", request.param("name").unwrap_or_default())
    /// });
    /// ```
    pub fn param(&self, name: &str) -> Option<Cow<'a, str>> {
        let value = self.params.find(name, self.path)?;
        Some(query::percent_decode(value).unwrap_or(Cow::Borrowed(value)))
    }

    /// The version of the protocol.
    pub fn version(&self) -> Version {
        self.head.version
    }

    /// The header's fields.
    #[inline]
    pub fn headers(&self) -> &Headers<'a> {
        &self.head.headers
    }

    /// The first field of this name, if it is text.
    #[inline]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.head.headers.str(name)
    }

    /// The host that is asked, with the port if it was said; empty if a client of HTTP/1.0 said none.
    pub fn host(&self) -> &'a str {
        self.head.host().unwrap_or_default()
    }

    /// All cookies.
    pub fn cookies(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let headers = self.head.headers;
        headers.all("cookie").flat_map(crate::codec::http::cookies)
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&'a str> {
        self.cookies().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// The body, as a whole; empty without one, and in [`Handler::begin`](super::Handler::begin).
    #[inline]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The body as text, if it is UTF-8.
    pub fn text(&self) -> Option<&'a str> {
        std::str::from_utf8(self.body).ok()
    }

    /// The pairs of a body that is a form (`application/x-www-form-urlencoded`), decoded; none if it
    /// is something else.
    pub fn form(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> + use<'a> {
        let form = self.is_content("application/x-www-form-urlencoded");
        query::pairs(self.text().filter(|_| form).unwrap_or_default())
    }

    /// The body, read as JSON.
    ///
    /// # Errors
    ///
    /// 415 when it says that it is something else, 400 when it is not what is wanted: a response to
    /// be returned.
    #[cfg(feature = "json")]
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, super::Response> {
        use super::{Response, Status};
        if !self.is_content("application/json") {
            return Err(Status::UNSUPPORTED_MEDIA_TYPE.into());
        }
        let read = serde_json::from_slice(self.body);
        read.map_err(|error| Response::error(Status::BAD_REQUEST, error.to_string()))
    }

    /// Whether `Content-Type` is this media type, whatever its parameters.
    pub fn is_content(&self, media: &str) -> bool {
        let said = self.header("content-type").unwrap_or_default();
        said.split(';').next().is_some_and(|said| said.trim().eq_ignore_ascii_case(media))
    }

    /// The fields that came behind a body in chunks.
    pub fn trailers(&self) -> Option<&'a Fields> {
        self.trailers
    }

    /// The peer's address.
    pub fn peer_addr(&self) -> Option<Endpoint> {
        self.session.peer_addr()
    }

    /// The connection: who is there, what TLS has agreed on, a handle for other threads, groups.
    ///
    /// What [`Session::send`] sends comes among the answers: it is for who has made the connection
    /// speak something else, with [`Response::upgrade`](super::Response::upgrade).
    pub fn session(&mut self) -> &mut Session<'a> {
        &mut self.session
    }

    /// What was given to [`Router::state`](super::Router::state), of this type.
    pub fn state<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.states.as_ref()?.get()
    }

    /// Keeps a value with the request, for the layers and the handler within: one of each type.
    pub fn insert<T: Send + 'static>(&mut self, value: T) {
        let id = TypeId::of::<T>();
        self.extensions.retain(|(known, _)| *known != id);
        self.extensions.push((id, Box::new(value)));
    }

    /// The value of this type that a layer has kept with the request.
    pub fn get<T: 'static>(&self) -> Option<&T> {
        let id = TypeId::of::<T>();
        let (_, value) = self.extensions.iter().find(|(known, _)| *known == id)?;
        value.downcast_ref()
    }

    /// Has something done with the same request with another body.
    pub(crate) fn with_body<R>(
        &mut self,
        body: &[u8],
        work: impl FnOnce(&mut Request<'_>) -> R,
    ) -> R {
        let mut other = Request {
            head: self.head,
            raw: self.raw,
            path: self.path,
            query: self.query,
            body,
            trailers: self.trailers,
            session: self.session.reborrow(),
            params: std::mem::take(&mut self.params),
            states: self.states.take(),
            extensions: std::mem::take(&mut self.extensions),
        };
        let done = work(&mut other);
        let Request { params, states, extensions, .. } = other;
        (self.params, self.states, self.extensions) = (params, states, extensions);
        done
    }

    /// The head as it was sent, but for secrets.
    pub(crate) fn trace(&self) -> Vec<u8> {
        let mut trace = Vec::with_capacity(self.raw.len() + self.body.len());
        for line in self.raw.split_inclusive(|byte| *byte == b'\n') {
            let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
            if !SECRET.iter().any(|secret| secret.eq_ignore_ascii_case(name)) {
                trace.extend_from_slice(line);
            }
        }
        trace.extend_from_slice(self.body);
        trace
    }
}

/// The path and the query of a target, of whatever form.
#[inline]
fn split<'a>(head: &RequestHead<'a>) -> (&'a str, &'a str) {
    let (path, query) = head.target.split_at(head.before_query);
    let query = query.get(1..).unwrap_or_default();
    match path.as_bytes().first() {
        Some(b'/' | b'*') => (path, query),
        _ if head.method == Method::Connect => (head.target, ""),
        _ => (behind_authority(path), query),
    }
}

/// The absolute form's path (RFC 9112 3.2.2).
fn behind_authority(target: &str) -> &str {
    let rest = target.split_once("://").map_or(target, |(_, rest)| rest);
    rest.find('/').map_or("/", |path| &rest[path..])
}

/// Fields that `TRACE` does not give back (RFC 9110 9.3.8).
const SECRET: [&[u8]; 3] = [b"authorization", b"cookie", b"proxy-authorization"];

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The query and the fields may hold secrets.
        f.debug_struct("Request")
            .field("method", &self.method())
            .field("path", &self.path)
            .field("body", &self.body.len())
            .finish_non_exhaustive()
    }
}
