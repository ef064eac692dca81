//! Where servers speak WebSocket.

use std::fmt;
use std::sync::Arc;

use super::conversation::Conversation;
use super::options::{Options, Terms};
use super::origins::Origins;
use super::{Deflate, Handler, Heartbeat, Opening, ServerProtocol};
use crate::codec::http::{Fields, Status};
use crate::codec::ws::Role;
use crate::codec::ws::deflate::Deflate as Agreed;
use crate::codec::ws::handshake::{Upgrade as Asked, refusal_fields};
use crate::http::{self, Request, Response, Router};
use crate::session::{Protocol, Session};

/// What a server speaks: WebSocket alone, whatever the path, with a handler made for each
/// connection.
///
/// What is no request to speak WebSocket is answered as [`Endpoint`] does.
///
/// ```no_run
/// use sockeye::ws::{self, Handler, Opening};
/// use sockeye::{Server, Service};
///
/// struct Echo;
/// impl Handler for Echo {
///     fn on_text(&mut self, session: &mut ws::Session<'_>, text: &str) {
///         session.text(text);
///     }
/// }
///
/// let service = Service::builder().loop_per_thread(4).start()?;
/// let server = Server::builder(&service, ws::server(|_request| Echo)).listen("127.0.0.1:8080")?;
/// service.wait()?;
/// # Ok::<(), sockeye::Error>(())
/// ```
pub fn server<H: Handler>(
    make: impl Fn(&Request<'_>) -> H + Send + Sync + 'static,
) -> ServerProtocol {
    server_with(endpoint(make))
}

/// The same with an endpoint that has been set up.
pub fn server_with(endpoint: Endpoint) -> ServerProtocol {
    http::server(endpoint)
}

/// An endpoint, to be set up; `make` makes a handler for each connection from what the client asks.
pub fn endpoint<H: Handler>(make: impl Fn(&Request<'_>) -> H + Send + Sync + 'static) -> Endpoint {
    let make = move |request: &Request<'_>, terms: &Arc<Terms>, opening, deflate| {
        let conversation = Conversation::new(Arc::clone(terms), make(request));
        Box::new(Upgrade { conversation, opening, deflate }) as Box<dyn http::Upgrade>
    };
    Endpoint {
        origins: Origins::default(),
        check: None,
        make: Arc::new(make),
        terms: Terms::new(Options::default(), Role::Server),
    }
}

/// Where a server speaks WebSocket: a handler of HTTP for [`Router::websocket_with`], or
/// with [`server_with`] all that a server does.
///
/// ```
/// use sockeye::http::Router;
/// use sockeye::ws::{self, Heartbeat, Message};
///
/// let chat = ws::endpoint(|_request| |session: &mut ws::Session<'_>, message: Message<'_>| {
///     session.send_message(message);
/// });
/// let chat = chat.max_message(64 * 1024).heartbeat(Heartbeat::default()).subprotocols(["chat.v1"]);
/// let site = Router::new().websocket_with("/chat", chat).files("/", "www");
/// ```
///
/// What the client asks for is answered so, in this order:
///
/// * 426 with `Upgrade: websocket`, when it does not ask for WebSocket, or with
///   `Sec-WebSocket-Version: 13` for another version of it; 400 when the request is malformed
///   (RFC 6455 4.2.1).
/// * 403, when a browser asks from [another origin](Endpoint::origins).
/// * What [`check`](Endpoint::check) says.
/// * 101, and the connection speaks WebSocket.
///
/// The time that a client may take for all of it is that of a request's head:
/// [`http::Limits::head_time`].
#[derive(Clone)]
pub struct Endpoint {
    origins: Origins,
    check: Option<Arc<Check>>,
    make: Arc<Make>,
    terms: Arc<Terms>,
}

type Check = dyn Fn(&mut Request<'_>) -> Result<(), Response> + Send + Sync;
type Make = dyn Fn(&Request<'_>, &Arc<Terms>, Opening, Option<Agreed>) -> Box<dyn http::Upgrade>
    + Send
    + Sync;

impl Endpoint {
    /// Bytes of a message, inflated; beyond, the connection is closed with 1009. Default: 16 MiB.
    ///
    /// Keep [`Limits::queue`](crate::Limits::queue) above it where messages are sent back.
    #[must_use]
    pub fn max_message(self, bytes: usize) -> Self {
        self.set(|options| options.max_message = bytes)
    }

    /// Bytes of a frame, likewise. Default: 16 MiB.
    #[must_use]
    pub fn max_frame(self, bytes: usize) -> Self {
        self.set(|options| options.max_frame = bytes)
    }

    /// Compresses messages, where the client can. Default: no.
    #[must_use]
    pub fn deflate(self, settings: Deflate) -> Self {
        self.set(|options| options.deflate = Some(settings))
    }

    /// Pings clients, and cuts off those that do not answer. Default: no;
    /// [`Limits::idle`](crate::Limits::idle) ends what is silent for an hour.
    #[must_use]
    pub fn heartbeat(self, heartbeat: impl Into<Option<Heartbeat>>) -> Self {
        let heartbeat = heartbeat.into();
        self.set(|options| options.heartbeat = heartbeat)
    }

    /// What is spoken on WebSocket, the best first: the first that the client offers is agreed on. A
    /// client that offers others only is served, without an agreement.
    #[must_use]
    pub fn subprotocols<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        self.set(|options| options.subprotocols = names)
    }

    /// Where browsers may come from: origins such as `https://example.com`, or `*` for any. Others are
    /// refused with 403. Default: the host that the request is sent to.
    ///
    /// Browsers let any page open a WebSocket to any server, with the user's cookies; so that this is
    /// where a server that goes by these must look (RFC 6455 10.2). Clients that are no browsers
    /// send no origin, and are let in.
    #[must_use]
    pub fn origins<N: Into<String>>(mut self, origins: impl IntoIterator<Item = N>) -> Self {
        self.origins = Origins::of(origins);
        self
    }

    /// Has a function look at each request, after all else: with `Err` it is refused, with status,
    /// headers and body.
    ///
    /// ```
    /// use sockeye::http::{Request, Response, Status};
    /// use sockeye::ws::{self, Message};
    ///
    /// let chat = ws::endpoint(|_| |_: &mut ws::Session<'_>, _: Message<'_>| {});
    /// let chat = chat.check(|request: &mut Request<'_>| match request.cookie("session") {
    ///     Some("secret") => Ok(()),
    ///     _ => Err(Response::error(Status::FORBIDDEN, "Sign in first\n")),
    /// });
    /// ```
    #[must_use]
    pub fn check(
        mut self,
        check: impl Fn(&mut Request<'_>) -> Result<(), Response> + Send + Sync + 'static,
    ) -> Self {
        self.check = Some(Arc::new(check));
        self
    }

    fn set(mut self, set: impl FnOnce(&mut Options)) -> Self {
        let mut options = self.terms.options.clone();
        set(&mut options);
        self.terms = Terms::new(options, Role::Server);
        self
    }

    fn answer(&self, request: &mut Request<'_>) -> Result<Response, Response> {
        let asked = Asked::parse(request.head()).map_err(|rejection| {
            let refusal = Response::error(rejection.status, format!("{}\n", rejection.why));
            let fields = refusal_fields(rejection.status).iter();
            fields.fold(refusal, |refusal, (name, value)| refusal.header(name, value))
        })?;
        if !self.origins.allow(asked.origin(), request.host()) {
            return Err(Response::error(Status::FORBIDDEN, "Not from this origin\n"));
        }
        if let Some(check) = &self.check {
            check(request)?;
        }
        let Options { subprotocols, deflate, .. } = &self.terms.options;
        let subprotocol = asked.choose(subprotocols.iter().map(String::as_str));
        let agreement = deflate.as_ref().and_then(|own| asked.deflate(own));
        let fields = asked.answer_with(subprotocol, agreement.as_ref());
        let opening = Opening {
            path: request.raw_path().into(),
            query: request.raw_query().into(),
            fields: Fields::from(*request.headers()),
            subprotocol: subprotocol.map(Into::into),
            compresses: agreement.is_some(),
        };
        let deflate = agreement.map(|agreement| agreement.deflate);
        let upgrade = (self.make)(request, &self.terms, opening, deflate);
        Ok(Response::upgrade_with(fields, upgrade))
    }
}

impl http::Handler for Endpoint {
    fn handle(&self, request: &mut Request<'_>) -> Response {
        self.answer(request).unwrap_or_else(|refusal| refusal)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("options", &self.terms.options).finish_non_exhaustive()
    }
}

impl Router {
    /// Has a path speak WebSocket, with a handler made for each connection.
    ///
    /// ```
    /// use sockeye::http::Router;
    /// use sockeye::ws::{self, Message};
    ///
    /// let site = Router::new().websocket("/echo", |_request| {
    ///     |session: &mut ws::Session<'_>, message: Message<'_>| {
    ///         session.send_message(message);
    ///     }
    /// });
    /// ```
    ///
    /// # Panics
    ///
    /// As [`Router::get`].
    #[must_use]
    #[track_caller]
    pub fn websocket<H: Handler>(
        self,
        path: &str,
        make: impl Fn(&Request<'_>) -> H + Send + Sync + 'static,
    ) -> Self {
        self.websocket_with(path, endpoint(make))
    }

    /// Has a path speak WebSocket, at an endpoint that has been set up.
    ///
    /// # Panics
    ///
    /// As [`Router::get`].
    #[must_use]
    #[track_caller]
    pub fn websocket_with(self, path: &str, endpoint: Endpoint) -> Self {
        self.get(path, endpoint)
    }
}

/// A conversation that is about to begin.
struct Upgrade<H> {
    conversation: Conversation<H>,
    opening: Opening,
    deflate: Option<Agreed>,
}

impl<H: Handler> http::Upgrade for Upgrade<H> {
    fn begin(self: Box<Self>, session: &mut Session<'_>) -> Box<dyn Protocol> {
        let Self { mut conversation, opening, deflate } = *self;
        conversation.begin(session, opening, deflate);
        Box::new(conversation)
    }
}
