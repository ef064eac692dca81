//! How a client is set up.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Client;
use super::options::{Options, Settings};
use super::pool::Bounds;
use super::proxy::Proxy;
use super::shared::Shared;
use crate::codec::http::Fields;
use crate::error::{Error, ErrorKind, Result};
use crate::{Service, TcpOptions};

/// Sets up a [`Client`].
///
/// ```
/// use std::time::Duration;
/// use sockeye::{Service, http};
///
/// let service = Service::builder().threads(1).start()?;
/// let client = http::Client::builder(&service)
///     .header("User-Agent", "example/1.0")
///     .timeout(Duration::from_secs(20))
///     .connections(16)
///     .redirects(3)
///     .build()?;
/// # Ok::<(), sockeye::Error>(())
/// ```
#[must_use = "a builder does nothing until `build`"]
pub struct Builder {
    service: Service,
    settings: Settings,
    options: Options,
    bounds: Bounds,
    fields: Fields,
    tcp: TcpOptions,
    #[cfg(feature = "tls")]
    tls: Option<crate::tls::ClientConfig>,
    cookies: bool,
    proxy: Option<Proxy>,
    fault: Option<Error>,
}

impl Builder {
    pub(super) fn new(service: &Service) -> Self {
        Self {
            service: service.clone(),
            settings: Settings::default(),
            options: Options::default(),
            bounds: Bounds { idle: 8, per_place: 64, total: 256, waiting: 1024 },
            fields: Fields::new(),
            tcp: TcpOptions::default(),
            #[cfg(feature = "tls")]
            tls: None,
            cookies: false,
            proxy: None,
            fault: None,
        }
        .header("User-Agent", concat!("sockeye/", env!("CARGO_PKG_VERSION")))
        .header("Accept", "*/*")
    }

    /// Sets a field of all requests, which each may set otherwise. Default: `User-Agent` with the
    /// library's name, and `Accept: */*`.
    ///
    /// What is not allowed is an error of [`Builder::build`].
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        if let Err(invalid) = self.fields.insert(name, value) {
            self.note(Error::new(ErrorKind::Invalid, "build a client").because(invalid));
        }
        self
    }

    /// How long a request may take from the call to the end of its answer, redirections included,
    /// and the time that it waits for a connection. Default: 5 min.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.options.whole = limit;
        self
    }

    /// How long it may take to connect, from resolving the name to the end of TLS's handshake.
    /// Default: 10 s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.options.connect = limit;
        self
    }

    /// How long a server may take from the last that it has taken of a request to the head of its
    /// answer. Default: 30 s.
    pub fn head_timeout(mut self, limit: Duration) -> Self {
        self.options.head = limit;
        self
    }

    /// Bytes of an answer's body that is gathered in memory. Default: 16 MiB.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.options.body = bytes;
        self
    }

    /// Bytes of an answer's head. Default: 64 KiB.
    pub fn head_limit(mut self, bytes: usize) -> Self {
        self.settings.head.bytes = bytes;
        self
    }

    /// How many redirections are followed, one after the other; with 0 they are answers like others.
    /// Default: 10.
    ///
    /// 303 is followed with GET, and so are 301 and 302 if the request was a POST. Otherwise the method
    /// and the body stay, and what cannot be sent twice is not followed. Where the scheme, the host or
    /// the port is another one, `Authorization`, `Cookie` and `Proxy-Authorization` are left out.
    pub fn redirects(mut self, most: u32) -> Self {
        self.options.redirects.most = most;
        self
    }

    /// Whether redirections from `https` to `http` are followed; if not, they are errors. Default: they
    /// are not.
    pub fn redirect_to_plain(mut self, follow: bool) -> Self {
        self.options.redirects.to_plain = follow;
        self
    }

    /// Whether compressed answers (gzip, deflate) are asked for, and unpacked. Default: they are.
    pub fn unpack(mut self, unpack: bool) -> Self {
        self.options.unpacks = unpack;
        self
    }

    /// How many connections there may be to one scheme, host and port; further requests wait. Default:
    /// 64. Each has one request at a time.
    pub fn connections(mut self, most: usize) -> Self {
        self.bounds.per_place = most.max(1);
        self
    }

    /// How many connections there may be in all. Default: 256.
    pub fn total_connections(mut self, most: usize) -> Self {
        self.bounds.total = most.max(1);
        self
    }

    /// How many connections are kept for further requests to one scheme, host and port; 0: none.
    /// Default: 8.
    pub fn kept_connections(mut self, most: usize) -> Self {
        self.bounds.idle = most;
        self
    }

    /// How long a connection is kept without a request. Default: 60 s.
    pub fn kept_for(mut self, limit: Duration) -> Self {
        self.settings.idle = limit;
        self
    }

    /// How many requests may wait for a connection; further ones fail with
    /// [`LimitReached`](ErrorKind::LimitReached). Default: 1024.
    pub fn waiting(mut self, most: usize) -> Self {
        self.bounds.waiting = most;
        self
    }

    /// Whether cookies are taken and given back, by all clones of the client together. Default: they are
    /// not. A request with a field `Cookie` of its own has no others. See
    /// [`CookieJar`](crate::http::CookieJar) for which are kept.
    pub fn cookies(mut self, keep: bool) -> Self {
        self.cookies = keep;
        self
    }

    /// Has requests go through a proxy, `http://proxy:3128`, say, with the user's name and the password
    /// that it may want: those for `http` are passed on by it, for `https` it makes a tunnel. Requests
    /// to sockets of this machine go there without it. Default: none.
    ///
    /// What is wrong with the URL is an error of [`Builder::build`].
    pub fn proxy(mut self, url: impl AsRef<str>) -> Self {
        match Proxy::new(url.as_ref()) {
            Ok(proxy) => self.proxy = Some(proxy),
            Err(error) => self.note(error),
        }
        self
    }

    /// The options of the TCP sockets.
    pub fn tcp_options(mut self, options: TcpOptions) -> Self {
        self.tcp = options;
        self
    }

    /// How TLS is spoken where the URL says `https`. Default: with whom the system trusts.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, config: crate::tls::ClientConfig) -> Self {
        self.tls = Some(config);
        self
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// [`Invalid`](ErrorKind::Invalid) for a header that is none;
    /// [`AddressInvalid`](ErrorKind::AddressInvalid) for a proxy's URL that is none, and
    /// [`Unsupported`](ErrorKind::Unsupported) if it is one of `https`.
    pub fn build(self) -> Result<Client> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let Self { service, settings, options, bounds, fields, tcp, .. } = self;
        let shared = Shared::new(&service, settings, options, fields, bounds, tcp)
            .with_cookies(self.cookies)
            .with_proxy(self.proxy);
        #[cfg(feature = "tls")]
        let shared = shared.with_tls(self.tls);
        Ok(Client::of(Arc::new(shared)))
    }

    /// The first fault counts.
    fn note(&mut self, fault: Error) {
        self.fault.get_or_insert(fault);
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("options", &self.options)
            .field("bounds", &self.bounds)
            .finish_non_exhaustive()
    }
}
