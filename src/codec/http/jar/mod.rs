//! Cookies as clients have them (RFC 6265 5): which are kept, and which go with a request.

mod cookie_date;
mod scope;
mod set_cookie;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use self::scope::{Scope, domain_matches, domains_of, host_of, is_trusted, path_matches};
use self::set_cookie::SetCookie;
use super::Url;

/// The cookies a client has been given.
///
/// Each goes back to the host that has set it, or to its domain if it names one, and to the paths
/// below its own; those that are `Secure` not over TCP without TLS. All of them are in memory, and
/// none is written anywhere.
///
/// At most 50 are kept for a domain and 3000 in total (RFC 6265 6.1), none of over 4096 bytes and
/// none for longer than 400 days. Those that have ended make place first, then those used longest
/// ago.
///
/// There is no list of public suffixes in it: `com` sets no cookies for all below, as no domain
/// without a dot does, but `co.uk` could. Requests to hosts of different owners below such a domain
/// want jars of their own. A cookie's `SameSite` means nothing here, since no sites make the
/// requests.
///
/// ```
/// use sockeye::http::{CookieJar, Url};
///
/// let (login, page) = (Url::parse("https://a.example/login")?, Url::parse("https://a.example/b")?);
/// let mut jar = CookieJar::new();
/// let now = 1_700_000_000;
/// assert!(jar.store(b"id=31d4; Path=/; Max-Age=60; Secure", &login, now));
/// assert_eq!(jar.header(&page, now).as_deref(), Some("id=31d4"));
/// assert_eq!(jar.header(&page, now + 60), None);
/// # Ok::<(), sockeye::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct CookieJar {
    /// By domain, which is the host for those of one host only.
    domains: BTreeMap<String, Vec<Stored>>,
    len: usize,
    /// Counts what happens, as the order of it matters where seconds are too long.
    clock: u64,
}

impl CookieJar {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what a response to a request for `url` sets with one field `Set-Cookie`, at the time
    /// `now` (Unix time in seconds), and tells whether it is kept.
    ///
    /// It is not if it has ended already, which removes one that was set before; if it is
    /// malformed, too long, or for another domain; and if it is `Secure`, by its attribute or its
    /// name, or would hide one that is, and has come over TCP without TLS.
    pub fn store(&mut self, set_cookie: &[u8], url: &Url, now: u64) -> bool {
        let Some(set) = SetCookie::parse(set_cookie, now) else { return false };
        let Some(scope) = Scope::of(&set, url) else { return false };
        if !is_trusted(url) && self.hides_secure(set.name, &scope) {
            return false;
        }
        let before = self.take(set.name, &scope);
        if set.expires.is_some_and(|expires| expires <= now) {
            return false;
        }
        self.make_place(&scope.domain, now);
        self.clock += 1;
        let stored = Stored {
            name: set.name.into(),
            value: set.value.into(),
            path: scope.path,
            host_only: scope.host_only,
            secure: set.secure,
            expires: set.expires,
            created: before.map_or(self.clock, |before| before.created),
            used: self.clock,
        };
        self.domains.entry(scope.domain).or_default().push(stored);
        self.len += 1;
        true
    }

    /// The field `Cookie` of a request for `url` at the time `now` (Unix time in seconds), if there
    /// is anything to be sent: those of longer paths first, then those set first (RFC 6265 5.4).
    pub fn header(&mut self, url: &Url, now: u64) -> Option<String> {
        let host = host_of(url);
        let domains =
            domains_of(&host, url).filter_map(|domain| self.domains.get_key_value(domain));
        let cookies = domains.flat_map(|(domain, cookies)| {
            let exact = *domain == host;
            cookies.iter().filter(move |cookie| cookie.goes_to(url, exact, now))
        });
        let mut cookies = cookies.collect::<Vec<_>>();
        cookies.sort_by_key(|cookie| (Reverse(cookie.path.len()), cookie.created));
        let pairs = cookies.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value));
        let pairs = pairs.collect::<Vec<_>>();
        self.touch(&host, url, now);
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// How many cookies are kept, with those that have ended and were not missed since.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// Notes that they are used now.
    fn touch(&mut self, host: &str, url: &Url, now: u64) {
        self.clock += 1;
        for domain in domains_of(host, url) {
            for cookie in self.domains.get_mut(domain).into_iter().flatten() {
                if cookie.goes_to(url, domain == host, now) {
                    cookie.used = self.clock;
                }
            }
        }
    }

    /// Whether a cookie that may be anybody's would be sent in the place of one that came over TLS
    /// (draft-ietf-httpbis-rfc6265bis 5.7, "leave secure cookies alone").
    fn hides_secure(&self, name: &str, scope: &Scope) -> bool {
        let related = self.domains.iter().filter(|(domain, _)| {
            domain_matches(domain, &scope.domain) || domain_matches(&scope.domain, domain)
        });
        let mut cookies = related.flat_map(|(_, cookies)| cookies);
        cookies.any(|cookie| {
            cookie.secure && cookie.name == name && path_matches(&scope.path, &cookie.path)
        })
    }

    /// Takes out the one that a new one replaces.
    fn take(&mut self, name: &str, scope: &Scope) -> Option<Stored> {
        let cookies = self.domains.get_mut(&scope.domain)?;
        let at = cookies.iter().position(|cookie| {
            cookie.name == name && cookie.path == scope.path && cookie.host_only == scope.host_only
        })?;
        let taken = cookies.remove(at);
        if cookies.is_empty() {
            self.domains.remove(&scope.domain);
        }
        self.len -= 1;
        Some(taken)
    }

    /// Sees to it that there is room for one more.
    fn make_place(&mut self, domain: &str, now: u64) {
        if self.domains.get(domain).is_some_and(|cookies| cookies.len() >= MOST_OF_DOMAIN) {
            self.retain(|of, cookie| of != domain || cookie.lasts(now));
            if self.domains.get(domain).is_some_and(|cookies| cookies.len() >= MOST_OF_DOMAIN) {
                self.drop_oldest(|of| of == domain);
            }
        }
        if self.len >= MOST {
            self.retain(|_, cookie| cookie.lasts(now));
            if self.len >= MOST {
                self.drop_oldest(|_| true);
            }
        }
    }

    /// Forgets the one that was used longest ago.
    fn drop_oldest(&mut self, of: impl Fn(&str) -> bool) {
        let domains = self.domains.iter().filter(|(domain, _)| of(domain));
        let oldest = domains.flat_map(|(_, cookies)| cookies).map(|cookie| cookie.age_key());
        if let Some(oldest) = oldest.min() {
            self.retain(|_, cookie| cookie.age_key() != oldest);
        }
    }

    fn retain(&mut self, keep: impl Fn(&str, &Stored) -> bool) {
        self.domains.retain(|domain, cookies| {
            cookies.retain(|cookie| keep(domain, cookie));
            !cookies.is_empty()
        });
        self.len = self.domains.values().map(Vec::len).sum();
    }
}

/// Without values, which are secret.
impl fmt::Debug for CookieJar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.domains.iter().map(|(domain, cookies)| {
            (domain, cookies.iter().map(|cookie| &cookie.name).collect::<Vec<_>>())
        });
        f.debug_map().entries(names).finish()
    }
}

#[derive(Clone)]
struct Stored {
    name: String,
    value: String,
    path: String,
    /// Not for what is below the domain.
    host_only: bool,
    secure: bool,
    /// In Unix time in seconds; never, if it is not said.
    expires: Option<u64>,
    /// By the jar's clock.
    created: u64,
    used: u64,
}

impl Stored {
    /// Whether it goes with a request to its own domain, or one below.
    fn goes_to(&self, url: &Url, exact: bool, now: u64) -> bool {
        (exact || !self.host_only)
            && (!self.secure || is_trusted(url))
            && self.lasts(now)
            && path_matches(url.path(), &self.path)
    }

    fn lasts(&self, now: u64) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }

    /// Another one for each, those used longest ago first.
    fn age_key(&self) -> (u64, u64) {
        (self.used, self.created)
    }
}

const MOST_OF_DOMAIN: usize = 50;

const MOST: usize = 3000;
