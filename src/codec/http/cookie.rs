//! Cookies as servers have them (RFC 6265 4): those a request brings, and those a response sets.

use std::fmt;
use std::str;
use std::time::Duration;

use super::date;
use super::syntax::{is_token, trim};
use crate::error::{Error, ErrorKind, Result};

/// The cookies in a request's field `Cookie`: names and values, in their order.
///
/// A value is all behind the first `=`, quotation marks included, as browsers see it. What has no name
/// or no `=`, or is not UTF-8, is left out. A name may come more than once: for paths that are nested,
/// the innermost first. Values are the client's word, and nothing is decoded.
///
/// ```
/// use sockeye::http::cookies;
///
/// let seen = cookies(b"id=31d4; token=YWI=; theme").collect::<Vec<_>>();
/// assert_eq!(seen, [("id", "31d4"), ("token", "YWI=")]);
/// ```
pub fn cookies(header: &[u8]) -> impl Iterator<Item = (&str, &str)> {
    header.split(|byte| *byte == b';').filter_map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (trim(&pair[..equals]), trim(&pair[equals + 1..]));
        let (name, value) = (str::from_utf8(name).ok()?, str::from_utf8(value).ok()?);
        (!name.is_empty()).then_some((name, value))
    })
}

/// A cookie that a response sets.
///
/// It is for the whole host that sets it and for no other, is kept until the browser is closed, is not
/// shown to scripts (`HttpOnly`), and is not sent with requests that other sites make, except when a
/// link is followed (`SameSite=Lax`). It is also sent over connections without TLS, until
/// [`secure`](Self::secure) is called: what is served with TLS should.
///
/// ```
/// use std::time::Duration;
/// use sockeye::http::Cookie;
///
/// let cookie = Cookie::new("id", "31d4").secure(true).max_age(Duration::from_secs(3600));
/// assert_eq!(cookie.header()?, "id=31d4; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Lax");
/// assert!(Cookie::new("id", "31d4\r\nSet-Cookie: a=b").header().is_err());
/// # Ok::<(), sockeye::Error>(())
/// ```
///
/// All of it is checked when it becomes a field ([`header`](Self::header)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    name: String,
    value: String,
    path: String,
    domain: Option<String>,
    max_age: Option<Duration>,
    expires: Option<u64>,
    secure: bool,
    http_only: bool,
    same_site: SameSite,
    partitioned: bool,
}

/// With which requests that other sites make a browser sends a cookie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SameSite {
    /// With none.
    Strict,
    /// Only when a link is followed.
    #[default]
    Lax,
    /// With all; only for cookies that are [`secure`](Cookie::secure).
    None,
}

impl Cookie {
    /// A cookie for the whole host. The value may have letters, digits and punctuation but `"`, `,`,
    /// `;` and `\`, and as a whole may be in quotation marks; what else there is can be sent encoded,
    /// as by [`query::percent_encode`](crate::http::query::percent_encode) or in Base64.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            path: "/".into(),
            domain: None,
            max_age: None,
            expires: None,
            secure: false,
            http_only: true,
            same_site: SameSite::Lax,
            partitioned: false,
        }
    }

    /// What makes a browser forget the cookie of this name. The path and the domain have to be those
    /// that it was set with.
    pub fn removal(name: impl Into<String>) -> Self {
        Self::new(name, "").max_age(Duration::ZERO).expires(0)
    }

    /// The path that it is for, with all below. Default: `/`.
    #[must_use]
    pub fn path(self, path: impl Into<String>) -> Self {
        Self { path: path.into(), ..self }
    }

    /// The domain that it is for, with all below, which may be the host or what is above it. Default:
    /// the host that sets it, and none below.
    #[must_use]
    pub fn domain(self, domain: impl Into<String>) -> Self {
        Self { domain: Some(domain.into()), ..self }
    }

    /// For how long it is kept, in whole seconds; zero makes browsers forget it. Counts before
    /// [`expires`](Self::expires). Default: until the browser is closed.
    #[must_use]
    pub fn max_age(self, age: Duration) -> Self {
        Self { max_age: Some(age), ..self }
    }

    /// Until when it is kept, in Unix time in seconds. Default: until the browser is closed.
    #[must_use]
    pub fn expires(self, unix_seconds: u64) -> Self {
        Self { expires: Some(unix_seconds), ..self }
    }

    /// Whether it is sent over TLS only. Default: no.
    #[must_use]
    pub fn secure(self, secure: bool) -> Self {
        Self { secure, ..self }
    }

    /// Whether it is hidden from scripts. Default: yes.
    #[must_use]
    pub fn http_only(self, http_only: bool) -> Self {
        Self { http_only, ..self }
    }

    /// With which requests of other sites it is sent. Default: [`SameSite::Lax`].
    #[must_use]
    pub fn same_site(self, same_site: SameSite) -> Self {
        Self { same_site, ..self }
    }

    /// Has browsers keep it apart for each site that this one is embedded in. Default: they don't.
    #[must_use]
    pub fn partitioned(self) -> Self {
        Self { partitioned: true, ..self }
    }

    /// The value of the field `Set-Cookie`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] for what is malformed: a name that is no token, characters that the value,
    /// the path (from `/` on) or the domain must not have, over 4096 bytes in name and value together
    /// or 1024 in the path or the domain. Also for what browsers refuse to keep: `SameSite=None` or
    /// `Partitioned` without `Secure`, names that begin with `__Secure-` without `Secure`, and such with
    /// `__Host-` without `Secure`, with a domain, or for another path than `/`.
    pub fn header(&self) -> Result<String> {
        match self.fault() {
            None => Ok(format!("{}", Text(self))),
            Some(fault) => Err(Error::new(ErrorKind::Invalid, "set the cookie")
                .on(format_args!("{:?}", self.name))
                .because(fault)),
        }
    }

    fn fault(&self) -> Option<&'static str> {
        self.wrong_text().or_else(|| self.unkept())
    }

    /// RFC 6265 4.1.1.
    fn wrong_text(&self) -> Option<&'static str> {
        let Self { name, value, path, domain, .. } = self;
        let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        let in_value = |byte| matches!(byte, b'!'..=b'~') && !b"\",;\\".contains(&byte);
        let in_path = |byte| matches!(byte, b' '..=b'~') && byte != b';';
        if !is_token(name.as_bytes()) {
            Some("its name is no token")
        } else if !inner.unwrap_or(value).bytes().all(in_value) {
            Some("its value has a character that values don't have")
        } else if name.len() + value.len() > LONGEST {
            Some("its name and value have over 4096 bytes together")
        } else if !path.starts_with('/') || !path.bytes().all(in_path) || path.ends_with(' ') {
            Some("its path is none")
        } else if domain.as_ref().is_some_and(|domain| !is_domain(domain)) {
            Some("its domain is none")
        } else if path.len().max(domain.as_ref().map_or(0, String::len)) > LONGEST_ATTRIBUTE {
            Some("its path or domain has over 1024 bytes")
        } else {
            None
        }
    }

    /// What browsers refuse to keep (draft-ietf-httpbis-rfc6265bis 5.7).
    fn unkept(&self) -> Option<&'static str> {
        let whole_host = self.path == "/" && self.domain.is_none();
        match Prefix::of(&self.name) {
            _ if !self.secure && self.same_site == SameSite::None => {
                Some("SameSite=None is for secure cookies")
            }
            _ if !self.secure && self.partitioned => Some("Partitioned is for secure cookies"),
            Some(_) if !self.secure => Some("its name is for secure cookies"),
            Some(Prefix::Host) if !whole_host => Some("its name is for cookies of a whole host"),
            _ => None,
        }
    }
}

/// The field's value, or why there is none.
impl fmt::Display for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.header() {
            Ok(header) => f.write_str(&header),
            Err(error) => write!(f, "<{error}>"),
        }
    }
}

/// What the beginning of a name promises of a cookie (draft-ietf-httpbis-rfc6265bis 4.1.3).
pub(super) enum Prefix {
    Secure,
    Host,
}

impl Prefix {
    pub(super) fn of(name: &str) -> Option<Self> {
        let begins = |prefix: &str| {
            name.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix))
        };
        match name {
            _ if begins("__Host-") => Some(Self::Host),
            _ if begins("__Secure-") => Some(Self::Secure),
            _ => None,
        }
    }
}

/// Bytes of a name and its value together that browsers keep.
pub(super) const LONGEST: usize = 4096;

/// Bytes of an attribute's value that browsers look at.
pub(super) const LONGEST_ATTRIBUTE: usize = 1024;

/// A cookie without a fault.
struct Text<'a>(&'a Cookie);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cookie = self.0;
        write!(f, "{}={}; Path={}", cookie.name, cookie.value, cookie.path)?;
        if let Some(domain) = &cookie.domain {
            write!(f, "; Domain={domain}")?;
        }
        if let Some(age) = cookie.max_age {
            write!(f, "; Max-Age={}", age.as_secs())?;
        }
        if let Some(date) = cookie.expires.map(date::format) {
            write!(f, "; Expires={}", str::from_utf8(&date).unwrap_or_default())?;
        }
        let flags = [
            (cookie.secure, "; Secure"),
            (cookie.http_only, "; HttpOnly"),
            (cookie.partitioned, "; Partitioned"),
        ];
        for (_, name) in flags.iter().filter(|(is, _)| *is) {
            f.write_str(name)?;
        }
        write!(f, "; SameSite={:?}", cookie.same_site)
    }
}

/// Letters, digits and hyphens between dots, of which one may be the first.
fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        let inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty() && label.bytes().all(inside)
    };
    domain.strip_prefix('.').unwrap_or(domain).split('.').all(is_label)
}
