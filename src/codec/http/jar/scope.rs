//! Which requests a cookie goes with (RFC 6265 5.1.3, 5.1.4, 5.3).

use std::borrow::Cow;
use std::iter;
use std::net::IpAddr;

use super::set_cookie::SetCookie;
use crate::codec::http::Url;
use crate::codec::http::cookie::Prefix;

/// The requests that a cookie is for.
pub(super) struct Scope {
    pub(super) domain: String,
    pub(super) host_only: bool,
    pub(super) path: String,
}

impl Scope {
    /// What the response to a request for `url` may claim, if it is what it claims.
    pub(super) fn of(set: &SetCookie<'_>, url: &Url) -> Option<Self> {
        let (domain, host_only) = domain_of(set, url)?;
        let whole_host = set.domain.is_none() && set.path == Some("/");
        let promised = match Prefix::of(set.name) {
            None => true,
            Some(Prefix::Secure) => set.secure,
            Some(Prefix::Host) => set.secure && whole_host,
        };
        let path = set.path.unwrap_or_else(|| default_path(url.path())).into();
        let allowed = promised && (!set.secure || is_trusted(url));
        allowed.then_some(Self { domain, host_only, path })
    }
}

/// Whether nobody between reads or writes what is sent: over TLS, and to sockets of this machine.
pub(super) fn is_trusted(url: &Url) -> bool {
    url.is_tls() || url.host().is_none()
}

/// What cookies of the host alone are kept under.
pub(super) fn host_of(url: &Url) -> Cow<'_, str> {
    url.host().map_or_else(|| url.address().into(), Into::into)
}

/// The host, and the domains that it is below of, unless it has no name.
pub(super) fn domains_of<'h>(host: &'h str, url: &Url) -> impl Iterator<Item = &'h str> {
    let above = |domain: &&'h str| domain.split_once('.').map(|(_, above)| above);
    let number = if has_name(url) { usize::MAX } else { 1 };
    iter::successors(Some(host), above).take(number)
}

/// Whether a host's name is a domain or below of it.
pub(super) fn domain_matches(host: &str, domain: &str) -> bool {
    let below = host.strip_suffix(domain);
    below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

/// Whether a request's path is a cookie's or below of it.
pub(super) fn path_matches(request: &str, cookie: &str) -> bool {
    let below = request.strip_prefix(cookie);
    below.is_some_and(|below| below.is_empty() || below.starts_with('/') || cookie.ends_with('/'))
}

/// The domain of a cookie, and whether it is for the host alone; `None` if it is not its to claim.
fn domain_of(set: &SetCookie<'_>, url: &Url) -> Option<(String, bool)> {
    let host = host_of(url);
    let own = || Some((host.clone().into_owned(), true));
    let Some(domain) = &set.domain else { return own() };
    let asked = url.host().unwrap_or_else(|| url.authority());
    // Without a dot inside it is a public suffix, or as good as one.
    let shared = has_name(url) && domain.contains('.') && !domain.ends_with('.');
    match domain.as_str() {
        domain if shared && domain_matches(asked, domain) => Some((domain.into(), false)),
        domain if domain == asked => own(),
        _ => None,
    }
}

fn has_name(url: &Url) -> bool {
    url.host().is_some_and(|host| host.parse::<IpAddr>().is_err())
}

/// The request's path without what is behind its last `/`.
fn default_path(request: &str) -> &str {
    match request.rfind('/') {
        None | Some(0) => "/",
        Some(slash) => &request[..slash],
    }
}
