//! URLs that clients are given: `http`, `https`, and sockets of this machine.

use std::fmt;
use std::str::FromStr;

use super::authority;
use crate::error::{Error, ErrorKind, Result};

/// Where a request goes to: scheme, host and port, or a socket of this machine, and the path with
/// the query.
///
/// | | |
/// |---|---|
/// | `http://example.org/path?query` | HTTP over TCP, to port 80 unless another one is named |
/// | `https://example.org/` | the same over TLS, to port 443 |
/// | `unix:/run/site.sock:/path?query` | HTTP over a Unix socket; the path is `/` if none is named |
/// | `memory:name:/path` | HTTP over streams within this process, for tests |
///
/// What is not allowed in a path, a query or a host's name is encoded as browsers do; a fragment is
/// left out, as it is not sent. Names of hosts are in lower case and in ASCII (IDNA).
///
/// ```
/// use sockeye::http::Url;
///
/// let url = Url::parse("https://Example.org:8443/a b?q=ü#top")?;
/// assert_eq!(url.to_string(), "https://example.org:8443/a%20b?q=%C3%BC");
/// assert_eq!((url.authority(), url.address()), ("example.org:8443", "example.org:8443".into()));
/// let next = url.join("../c")?;
/// assert_eq!((next.path_and_query(), next.is_tls()), ("/c", true));
///
/// let url = Url::parse("unix:/run/site.sock:/status")?;
/// assert_eq!((url.address(), url.path_and_query()), ("unix:/run/site.sock".into(), "/status"));
/// # Ok::<(), sockeye::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Url {
    /// With a host of its own, or [`LOCAL`].
    url: url::Url,
    /// `unix:/run/site.sock`
    socket: Option<String>,
}

impl Url {
    /// Reads a URL.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AddressInvalid`] with what is wrong: another scheme, no host, a wrong port and
    /// the like. A password is not in the error's text.
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text).map_err(|fault| fault.of(text))
    }

    /// Reads the URL of a WebSocket (RFC 6455 3), whose schemes are `ws`, `wss`, `ws+unix` and
    /// `ws+memory`: the others with the one of HTTP in their place.
    #[cfg(feature = "ws")]
    pub(crate) fn parse_websocket(text: &str) -> Result<Self> {
        let (scheme, rest) = text.split_once(':').unwrap_or(("", text));
        let alike = |(name, _): &&(&str, &str)| name.eq_ignore_ascii_case(scheme);
        let read = match WEBSOCKET.iter().find(alike) {
            Some((_, http)) => Self::read(&format!("{http}:{rest}")),
            None => Err(Fault("its scheme is neither ws nor wss")),
        };
        read.map_err(|fault| fault.of(text))
    }

    fn read(text: &str) -> std::result::Result<Self, Fault> {
        match split_socket(text) {
            Some((socket, path)) => of_socket(socket, path),
            None => url::Url::parse(text).map_err(Fault::from).and_then(Self::of_network),
        }
    }

    /// Where a response to a request for this URL redirects to, by its field `Location` (RFC 9110
    /// 10.2.2, RFC 3986 5).
    ///
    /// A server at a socket may redirect to its own paths, as such or as paths of
    /// `http://localhost`, which it is asked as, and to hosts. Nobody can redirect to a socket.
    ///
    /// # Errors
    ///
    /// As those of [`parse`](Self::parse).
    pub fn join(&self, location: &str) -> Result<Self> {
        let joined = self.url.join(location).map_err(Fault::from).and_then(Self::of_network);
        let mut joined = joined.map_err(|fault| fault.of(location))?;
        if self.socket.is_some() && joined.url.origin() == self.url.origin() {
            joined.socket.clone_from(&self.socket);
        }
        Ok(joined)
    }

    /// Whether the connection is to have TLS.
    pub fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The host's name or IP address, which is without brackets here; none for sockets. It is what
    /// a certificate is to be for.
    pub fn host(&self) -> Option<&str> {
        let host = self.url.host_str().filter(|_| self.socket.is_none())?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        Some(bare.unwrap_or(host))
    }

    /// The port, said or not; none for sockets.
    pub fn port(&self) -> Option<u16> {
        self.url.port_or_known_default().filter(|_| self.socket.is_none())
    }

    /// What is connected to, as [`Client`](crate::Client) takes it: host and port, or the socket.
    pub fn address(&self) -> String {
        match (&self.socket, self.url.port_or_known_default()) {
            (Some(socket), _) => socket.clone(),
            (None, port) => format!("{}:{}", self.host_text(), port.unwrap_or_default()),
        }
    }

    /// What the field `Host` says: the host, with its port if that is not the scheme's own. For
    /// sockets `localhost`.
    pub fn authority(&self) -> &str {
        &self.url[url::Position::BeforeHost..url::Position::AfterPort]
    }

    /// What a server is asked for: the path, which begins with `/`, and the query, if there is one.
    pub fn path_and_query(&self) -> &str {
        &self.url[url::Position::BeforePath..url::Position::AfterQuery]
    }

    /// The path alone.
    pub fn path(&self) -> &str {
        self.url.path()
    }

    /// A user's name and password, percent-encoded as they are in the URL, if there are any.
    pub fn userinfo(&self) -> Option<(&str, &str)> {
        let (user, password) = (self.url.username(), self.url.password());
        let any = !user.is_empty() || password.is_some();
        any.then(|| (user, password.unwrap_or_default()))
    }

    /// Whether both have the same scheme, host and port, or the same socket: what credentials and
    /// kept connections are for (RFC 9110 4.3.1).
    pub fn is_same_origin(&self, other: &Self) -> bool {
        self.socket == other.socket && self.url.origin() == other.url.origin()
    }

    /// The scheme, host and port, or the socket, as text: the same for all URLs of the same origin.
    ///
    /// ```
    /// use sockeye::http::Url;
    ///
    /// assert_eq!(Url::parse("http://user@a.example:80/b?c")?.origin(), "http://a.example");
    /// assert_eq!(Url::parse("unix:/run/a.sock:/b")?.origin(), "unix:/run/a.sock");
    /// # Ok::<(), sockeye::Error>(())
    /// ```
    pub fn origin(&self) -> String {
        self.socket.clone().unwrap_or_else(|| self.url.origin().ascii_serialization())
    }

    /// Takes over what the crate `url` has found, if it can be asked for.
    fn of_network(mut url: url::Url) -> std::result::Result<Self, Fault> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Fault("its scheme is neither http nor https"));
        }
        url.set_fragment(None);
        let url = Self { url, socket: None };
        // The crate lets more through than what the field `Host` may have.
        match authority::is_authority(url.authority().as_bytes()) {
            true => Ok(url),
            false => Err(Fault(NO_NAME)),
        }
    }

    fn host_text(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }
}

impl FromStr for Url {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

/// Without a user's name and password.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.socket {
            Some(socket) => write!(f, "{socket}:{}", self.path_and_query()),
            None => {
                write!(f, "{}://{}{}", self.url.scheme(), self.authority(), self.path_and_query())
            }
        }
    }
}

/// Without a user's name and password.
impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

/// What is wrong with a URL.
struct Fault(&'static str);

impl Fault {
    fn of(self, text: &str) -> Error {
        let shown = without_userinfo(text);
        let shown = shown.escape_debug().take(LONGEST_SHOWN).collect::<String>();
        Error::new(ErrorKind::AddressInvalid, "use the URL").on(shown).because(self.0)
    }
}

impl From<url::ParseError> for Fault {
    fn from(error: url::ParseError) -> Self {
        use url::ParseError as Is;
        Self(match error {
            Is::EmptyHost => "it has no host",
            Is::InvalidPort => "its port is none",
            Is::InvalidIpv4Address => "its host is no IPv4 address",
            Is::InvalidIpv6Address => "its host is no IPv6 address",
            Is::IdnaError | Is::InvalidDomainCharacter => NO_NAME,
            Is::RelativeUrlWithoutBase => "it has no scheme",
            Is::Overflow => "it is too long",
            _ => "it is malformed",
        })
    }
}

/// The socket, and the path behind it, if the URL has one of the schemes for it.
fn split_socket(text: &str) -> Option<(&str, &str)> {
    let scheme = ["unix:", "memory:"].into_iter().find(|scheme| text.starts_with(scheme))?;
    let name = &text[scheme.len()..];
    match name.find(":/") {
        Some(colon) => Some((&text[..scheme.len() + colon], &name[colon + 1..])),
        None => Some((text, "/")),
    }
}

fn of_socket(socket: &str, path: &str) -> std::result::Result<Url, Fault> {
    if socket.ends_with(':') {
        return Err(Fault("it has no socket"));
    }
    if socket.contains(|c: char| c.is_control()) {
        return Err(Fault("its socket has a control character"));
    }
    let mut url = url::Url::parse(&format!("{LOCAL}{path}"))?;
    url.set_fragment(None);
    Ok(Url { url, socket: Some(socket.into()) })
}

/// What comes before the `@` of an authority is nobody's business, however malformed the rest is.
fn without_userinfo(text: &str) -> String {
    let begin = text.find("//").map_or(0, |slashes| slashes + 2);
    let end = text[begin..].find(['/', '?', '#']).map_or(text.len(), |length| begin + length);
    match text[begin..end].rfind('@') {
        Some(at) => format!("{}{}", &text[..begin], &text[begin + at + 1..]),
        None => text.into(),
    }
}

const NO_NAME: &str = "its host has a character that names don't have";

/// The origin of what a socket serves.
const LOCAL: &str = "http://localhost";

/// The schemes of WebSocket, and what is like them in all else.
#[cfg(feature = "ws")]
const WEBSOCKET: [(&str, &str); 4] =
    [("ws", "http"), ("wss", "https"), ("ws+unix", "unix"), ("ws+memory", "memory")];

/// Characters of a URL in an error's text.
const LONGEST_SHOWN: usize = 200;
