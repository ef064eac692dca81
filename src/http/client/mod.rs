//! HTTP clients: requests with their answers, over connections that are kept.

mod builder;
mod call;
mod connection;
mod cookies;
pub(crate) mod credentials;
mod journey;
mod lane;
mod options;
mod pool;
mod proxy;
mod redirect;
mod response;
mod route;
mod shared;

use std::fmt;
use std::sync::Arc;

pub use builder::Builder;
pub use call::Call;
pub use response::{ClientResponse, Streaming};

use crate::Service;
use crate::codec::http::{CookieJar, Method};
use crate::error::Result;
use cookies::Cookies;
use shared::Shared;

/// Sends requests to whatever servers, over connections that are kept for the next request. A clone is
/// a handle to the same client; any thread may use it.
///
/// ```
/// use std::time::Duration;
/// use sockeye::http::{self, Request};
/// use sockeye::{Server, Service};
///
/// let service = Service::builder().threads(1).start()?;
/// let hello = |request: &mut Request<'_>| format!("Hello from {}!", request.path());
/// let server = Server::builder(&service, http::server(hello)).listen("127.0.0.1:0")?;
/// let url = format!("http://{}", server.local_addr());
///
/// let client = http::Client::new(&service)?;
/// assert_eq!(client.get(format!("{url}/there")).send()?.text()?, "Hello from /there!");
///
/// // Several at once; a reply can be waited for, looked at, or awaited.
/// let replies = ["/a", "/b"].map(|path| client.get(format!("{url}{path}")).start());
/// for reply in replies {
///     println!("{}", reply.wait(Duration::from_secs(5))?.text()?);
/// }
///
/// // Or as it suits callbacks.
/// client.get(format!("{url}/c")).then(|answer| println!("{answer:?}"));
/// # Ok::<(), sockeye::Error>(())
/// ```
///
/// # URLs
///
/// `http://`, `https://` (with the feature `tls`), and `unix:/run/site.sock:/path`; see
/// [`Url`](crate::http::Url). A user's name and password in a URL are sent as
/// [`Call::basic_auth`] does.
///
/// # Connections
///
/// Each has one request at a time; nothing is pipelined. Where none is kept for a scheme, host and port,
/// one is made for the request, unless there are [too many](Builder::connections): then the request
/// waits for the first that is free. A request on a kept connection that dies before any of the answer
/// has come is sent once more, on a new one, if that is harmless: if nothing of it was sent, or if its
/// method is idempotent. Nothing else is sent twice.
///
/// A call fails at once when its connection is refused, closed or cut, with the reason. What a server
/// says unasked closes the connection.
///
/// # The end
///
/// When the last handle is dropped, kept connections are closed. Requests under way go on to their
/// answers. When the service stops they fail with [`Closed`](crate::ErrorKind::Closed); a
/// [`shutdown`](Service::shutdown) waits for them.
#[derive(Clone)]
pub struct Client(Arc<Handle>);

/// What dies with the last handle.
struct Handle(Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Client {
    /// A client with the defaults of [`Builder`].
    ///
    /// # Errors
    ///
    /// As [`Builder::build`].
    pub fn new(service: &Service) -> Result<Self> {
        Self::builder(service).build()
    }

    /// Sets up a client on a service.
    pub fn builder(service: &Service) -> Builder {
        Builder::new(service)
    }

    fn of(shared: Arc<Shared>) -> Self {
        Self(Arc::new(Handle(shared)))
    }

    /// A request with whatever method.
    pub fn request(&self, method: Method, url: impl AsRef<str>) -> Call {
        Call::new(self, method, url.as_ref())
    }

    /// A GET.
    pub fn get(&self, url: impl AsRef<str>) -> Call {
        self.request(Method::Get, url)
    }

    /// A HEAD: what GET would answer, without its body.
    pub fn head(&self, url: impl AsRef<str>) -> Call {
        self.request(Method::Head, url)
    }

    /// A POST.
    pub fn post(&self, url: impl AsRef<str>) -> Call {
        self.request(Method::Post, url)
    }

    /// A PUT.
    pub fn put(&self, url: impl AsRef<str>) -> Call {
        self.request(Method::Put, url)
    }

    /// A PATCH.
    pub fn patch(&self, url: impl AsRef<str>) -> Call {
        self.request(Method::Patch, url)
    }

    /// A DELETE.
    pub fn delete(&self, url: impl AsRef<str>) -> Call {
        self.request(Method::Delete, url)
    }

    /// An OPTIONS.
    pub fn options(&self, url: impl AsRef<str>) -> Call {
        self.request(Method::Options, url)
    }

    /// A TRACE.
    pub fn trace(&self, url: impl AsRef<str>) -> Call {
        self.request(Method::Trace, url)
    }

    /// A copy of the cookies that servers have set, if the client [has any](Builder::cookies).
    pub fn cookies(&self) -> Option<CookieJar> {
        self.shared().cookies.as_ref().map(Cookies::copy)
    }

    /// Has the client go on with these cookies, if it [has any](Builder::cookies).
    pub fn set_cookies(&self, jar: CookieJar) {
        if let Some(cookies) = &self.shared().cookies {
            cookies.replace(jar);
        }
    }

    /// The service it runs on.
    pub fn service(&self) -> &Service {
        &self.shared().service
    }

    /// How many connections there are, those included that are being made.
    pub fn connections(&self) -> usize {
        self.shared().count().0
    }

    /// How many of them are kept without a request.
    pub fn kept_connections(&self) -> usize {
        self.shared().count().1
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.0.0
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (connections, kept) = self.shared().count();
        f.debug_struct("Client")
            .field("connections", &connections)
            .field("kept", &kept)
            .finish_non_exhaustive()
    }
}
