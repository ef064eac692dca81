//! How a client is set up.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Client;
use super::ask::Ask;
use super::caller::Caller;
use crate::client::{self, Backoff, Events};
use crate::codec::http::{Fields, Url};
use crate::codec::ws::Role;
use crate::error::{Error, ErrorKind, Result};
use crate::session::{ClientProtocol, Limits, Middleware, Speech};
use crate::ws::options::{Options, Terms};
use crate::ws::{Deflate, Handler, Heartbeat};
use crate::{Service, TcpOptions};

/// A client of a server that speaks WebSocket, to be set up.
///
/// | | |
/// |---|---|
/// | `ws://example.org/path?query` | over TCP, to port 80 unless another one is named |
/// | `wss://user:password@example.org/` | the same over TLS, to port 443, with `Authorization` |
/// | `ws+unix:/run/chat.sock:/path` | over a Unix socket |
/// | `ws+memory:name:/path` | over a stream within this process, for tests |
///
/// The handler stays the same over reconnects; each connection asks with a key of its own.
///
/// ```
/// use std::time::Duration;
/// use sockeye::ws::{self, Message};
/// use sockeye::{Backoff, Server, Service};
///
/// # let service = Service::builder().threads(1).start()?;
/// # let echo = |s: &mut ws::Session<'_>, m: Message<'_>| { s.send_message(m); };
/// # let server = Server::builder(&service, ws::server(move |_| echo));
/// # let server = server.listen("127.0.0.1:0")?;
/// # let url = format!("ws://{}/chat", server.local_addr());
/// let print = |_: &mut ws::Session<'_>, message: Message<'_>| println!("{message:?}");
/// let client = ws::client(url, print)
///     .subprotocols(["chat.v1"])
///     .reconnect(Backoff::default())
///     .connect(&service)?;
/// client.wait_connected(Duration::from_secs(5))?;
/// client.handle().text("hello");
/// client.close(1000, "done");
/// client.wait_disconnected(Duration::from_secs(5))?;
/// # Ok::<(), sockeye::Error>(())
/// ```
pub fn client(url: impl Into<String>, handler: impl Handler) -> Builder {
    let protocol = |ask, terms: Arc<Terms>| {
        let speech = Speech::Framed(terms.frames.clone());
        ClientProtocol::new(Caller::new(ask, terms, handler), speech)
    };
    Builder {
        url: url.into(),
        origin: None,
        fields: Fields::new(),
        options: Options::default(),
        #[cfg(feature = "tls")]
        tls: None,
        protocol: Box::new(protocol),
        layers: Vec::new(),
        settings: Vec::new(),
        fault: None,
    }
    .header("User-Agent", concat!("sockeye/", env!("CARGO_PKG_VERSION")))
}

/// Sets up a [`Client`]; made by [`client()`](fn@client).
#[must_use = "a builder does nothing until `connect`"]
pub struct Builder {
    url: String,
    origin: Option<String>,
    fields: Fields,
    options: Options,
    #[cfg(feature = "tls")]
    tls: Option<crate::tls::ClientConfig>,
    protocol: Box<dyn FnOnce(Ask, Arc<Terms>) -> ClientProtocol + Send>,
    layers: Vec<Box<dyn FnOnce(ClientProtocol) -> ClientProtocol + Send>>,
    settings: Vec<Box<dyn FnOnce(client::Builder) -> client::Builder + Send>>,
    fault: Option<Error>,
}

impl Builder {
    /// Sets a field of the request. Default: `User-Agent` with the library's name.
    ///
    /// What is not allowed is an error of [`Builder::connect`]: names and values that are none, and
    /// the fields that the handshake itself needs.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        if let Err(invalid) = self.fields.insert(name, value) {
            let error = Error::new(ErrorKind::Invalid, "ask for WebSocket").because(invalid);
            self.fault.get_or_insert(error);
        }
        self
    }

    /// Says where the page is from that asks, as browsers do. Default: nothing is said.
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// What may be spoken on WebSocket, the best first; the server chooses one of them, or none.
    pub fn subprotocols<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.options.subprotocols = names.into_iter().map(Into::into).collect();
        self
    }

    /// Compresses messages, if the server can. Default: no.
    pub fn deflate(mut self, settings: Deflate) -> Self {
        self.options.deflate = Some(settings);
        self
    }

    /// Pings the server, and cuts the connection if it does not answer. Default: no;
    /// [`Limits::idle`] ends what is silent for an hour.
    pub fn heartbeat(mut self, heartbeat: impl Into<Option<Heartbeat>>) -> Self {
        self.options.heartbeat = heartbeat.into();
        self
    }

    /// Bytes of a message, inflated; beyond, the connection is closed with 1009. Default: 16 MiB.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.options.max_message = bytes;
        self
    }

    /// Bytes of a frame, likewise. Default: 16 MiB.
    pub fn max_frame(mut self, bytes: usize) -> Self {
        self.options.max_frame = bytes;
        self
    }

    /// How one attempt is bounded, from resolving the name to the server's answer. Default: 10 s.
    pub fn connect_timeout(self, limit: Duration) -> Self {
        self.set(move |builder| builder.connect_timeout(limit))
    }

    /// Connects again when an attempt failed or the connection was lost, but not when this side
    /// closed it, nor after a [final](super::Refusal::is_final) refusal. Default: does not.
    pub fn reconnect(self, backoff: Backoff) -> Self {
        self.set(move |builder| builder.reconnect(backoff))
    }

    /// Keeps what is sent while the client is not connected, up to so many bytes: see
    /// [`client::Builder::queue_while_down`](crate::client::Builder::queue_while_down). Default: 0.
    pub fn queue_while_down(self, bytes: usize) -> Self {
        self.set(move |builder| builder.queue_while_down(bytes))
    }

    /// The bounds of the session.
    pub fn limits(self, limits: Limits) -> Self {
        self.set(move |builder| builder.limits(limits))
    }

    /// The options of the TCP socket.
    pub fn tcp_options(self, options: TcpOptions) -> Self {
        self.set(move |builder| builder.tcp_options(options))
    }

    /// How TLS is spoken if the URL says `wss`. Default: with whom the system trusts.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, config: crate::tls::ClientConfig) -> Self {
        self.tls = Some(config);
        self
    }

    /// Tells `events` what happens to the client.
    pub fn events(self, events: impl Events) -> Self {
        self.set(move |builder| builder.events(events))
    }

    /// Puts [`middleware`](crate::middleware) around the handler; the first one given is the outermost.
    /// It stays the same over reconnects.
    pub fn with(mut self, middleware: impl Middleware) -> Self {
        self.layers.push(Box::new(move |protocol| protocol.with(middleware)));
        self
    }

    /// Sets what else all clients have.
    ///
    /// ```
    /// use sockeye::UnixOptions;
    /// use sockeye::ws::{self, Message};
    ///
    /// let options = UnixOptions::default().send_buffer(65_536);
    /// let client = ws::client("ws+unix:/run/chat.sock", |_: &mut ws::Session<'_>, _: Message<'_>| {})
    ///     .set(|client| client.unix_options(options));
    /// ```
    pub fn set(
        mut self,
        set: impl FnOnce(client::Builder) -> client::Builder + Send + 'static,
    ) -> Self {
        self.settings.push(Box::new(set));
        self
    }

    /// Begins to connect and returns at once; [`wait_connected`](crate::Client::wait_connected) waits.
    ///
    /// The client is connected when the server has agreed to speak WebSocket. If it answers otherwise,
    /// the attempt fails, with [`Refused`](ErrorKind::Refused) and its status, and the handler's
    /// [`on_refused`](Handler::on_refused) gets the answer; redirections are not followed. What is
    /// no proper answer is [`Invalid`](ErrorKind::Invalid), and what does not come in time
    /// [`TimedOut`](ErrorKind::TimedOut).
    ///
    /// # Errors
    ///
    /// [`AddressInvalid`](ErrorKind::AddressInvalid) for a URL that is none,
    /// [`Invalid`](ErrorKind::Invalid) for headers, subprotocols or an origin that cannot be asked
    /// with, [`Unsupported`](ErrorKind::Unsupported) for `wss` without the feature `tls`, and as
    /// [`client::Builder::connect`](crate::client::Builder::connect).
    pub fn connect(self, service: &Service) -> Result<Client> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let url = Url::parse_websocket(&self.url)?;
        let (address, tls) = (url.address(), url.is_tls());
        let Self { origin, fields, options, .. } = self;
        let (subprotocols, deflate) = (options.subprotocols.clone(), options.deflate);
        let ask = Ask { url, origin, subprotocols, deflate, fields }.complete();
        let ask = ask.map_err(|invalid| {
            Error::new(ErrorKind::Invalid, "ask for WebSocket").on(&address).because(invalid)
        })?;
        let protocol = (self.protocol)(ask, Terms::new(options, Role::Client));
        let protocol = self.layers.into_iter().fold(protocol, |protocol, layer| layer(protocol));
        let builder = crate::Client::builder(service, protocol);
        let builder = self.settings.into_iter().fold(builder, |builder, set| set(builder));
        #[cfg(feature = "tls")]
        let builder = match (tls, self.tls) {
            (false, _) => builder,
            (true, Some(config)) => builder.tls(config),
            (true, None) => builder.tls(crate::tls::ClientConfig::new()?),
        };
        #[cfg(not(feature = "tls"))]
        if tls {
            let error = Error::new(ErrorKind::Unsupported, "connect to").on(&address);
            return Err(error.because("`wss` needs the feature `tls`"));
        }
        builder.connect(address).map(Client)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("options", &self.options).finish_non_exhaustive()
    }
}
