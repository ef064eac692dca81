//! What a request is for: the four forms of a target (RFC 9112 3.2), and the file that a path
//! means.

use super::authority;
use super::query::percent_decode;

/// A request's target, borrowed from its text. Paths and queries are as they were sent,
/// percent-encoded.
///
/// ```
/// use sockeye::http::target::Target;
///
/// let origin = Target::parse("/search?q=a");
/// assert_eq!(origin, Some(Target::Origin { path: "/search", query: Some("q=a") }));
/// let connect = Target::parse("example.com:443");
/// assert_eq!(connect, Some(Target::Authority("example.com:443")));
/// assert_eq!(Target::parse("*"), Some(Target::Asterisk));
/// assert_eq!(Target::parse("search"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// A path, and what follows its `?`: what servers are usually asked for.
    Origin {
        /// From its first `/` on.
        path: &'a str,
        /// Without the `?`; empty if there is nothing behind it.
        query: Option<&'a str>,
    },
    /// A whole `http` or `https` URL: what proxies are asked for, and every server has to take.
    Absolute {
        /// As it was sent: `http` or `https` in any case.
        scheme: &'a str,
        /// Host and port, which count instead of the field `Host` (RFC 9112 3.2.2).
        authority: &'a str,
        /// From its first `/` on; `/` if there was none.
        path: &'a str,
        /// Without the `?`; empty if there is nothing behind it.
        query: Option<&'a str>,
    },
    /// A host with a port, to which `CONNECT` is to make a tunnel.
    Authority(&'a str),
    /// The server as a whole, of which `OPTIONS` asks.
    Asterisk,
}

impl<'a> Target<'a> {
    /// Tells the form of a target. Which method may have it is the caller's to check.
    ///
    /// `None` for what is none: blanks, control characters and anything that is not ASCII, a `#`,
    /// another scheme, a user's name or password before the host (RFC 9110 4.2.4), an authority
    /// with an empty host, wrong characters or a wrong port.
    pub fn parse(text: &'a str) -> Option<Self> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
            return None;
        }
        if text == "*" {
            return Some(Self::Asterisk);
        }
        if text.starts_with('/') {
            let (path, query) = split_query(text);
            return Some(Self::Origin { path, query });
        }
        match text.split_once("://") {
            Some((scheme, rest)) => absolute(scheme, rest),
            None => authority::host_and_port(text.as_bytes()).then_some(Self::Authority(text)),
        }
    }

    /// The path, if the target has one.
    pub fn path(&self) -> Option<&'a str> {
        match *self {
            Self::Origin { path, .. } | Self::Absolute { path, .. } => Some(path),
            Self::Authority(_) | Self::Asterisk => None,
        }
    }

    /// The query, if the target has one: what follows the `?`.
    pub fn query(&self) -> Option<&'a str> {
        match *self {
            Self::Origin { query, .. } | Self::Absolute { query, .. } => query,
            Self::Authority(_) | Self::Asterisk => None,
        }
    }
}

/// The file below a folder that a path means: relative, with `/` between its segments, empty for
/// the folder itself. Whatever the path says, the file is not outside of the folder, if there are
/// no symbolic links in it.
///
/// The path is decoded once. `None` for all that could mean something else to a file system than to who
/// has looked at the path before, a route or a proxy: empty segments, `.`, `..` and other segments that
/// end with a dot or a blank, `\`, `:` (drives and streams on Windows), encoded `/`,
/// control characters, malformed encoding; also for paths of over 4096 bytes and segments of over
/// 255. On Windows also for the names of devices such as `NUL.txt`.
///
/// ```
/// use sockeye::http::target;
///
/// assert_eq!(target::safe_path("/docs/a%20file.html").as_deref(), Some("docs/a file.html"));
/// assert_eq!(target::safe_path("/").as_deref(), Some(""));
/// for path in ["/../etc/passwd", "/%2e%2E/etc/passwd", "/..%2fetc", "/..\\etc", "/C:/", "/a%00"] {
///     assert_eq!(target::safe_path(path), None);
/// }
/// ```
pub fn safe_path(path: &str) -> Option<String> {
    if path.len() > LONGEST_PATH {
        return None;
    }
    let mut safe = String::with_capacity(path.len());
    // Behind the first slash, and before the last one.
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Some(safe);
    }
    for segment in path.split('/') {
        let segment = percent_decode(segment)?;
        if matches!(&*segment, "" | ".") {
            return None;
        }
        if !is_safe(&segment) || (cfg!(windows) && is_device(&segment)) {
            return None;
        }
        if !safe.is_empty() {
            safe.push('/');
        }
        safe.push_str(&segment);
    }
    Some(safe)
}

fn absolute<'a>(scheme: &'a str, rest: &'a str) -> Option<Target<'a>> {
    if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return None;
    }
    let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (path, query) = split_query(rest);
    // RFC 9112 3.2.1: an empty path is the root.
    let path = if path.is_empty() { "/" } else { path };
    authority::is_authority(authority.as_bytes()).then_some(Target::Absolute {
        scheme,
        authority,
        path,
        query,
    })
}

fn split_query(text: &str) -> (&str, Option<&str>) {
    text.split_once('?').map_or((text, None), |(path, query)| (path, Some(query)))
}

/// Whether a decoded segment means the same to every file system: the name of something right
/// there.
fn is_safe(segment: &str) -> bool {
    let wrong = |c: char| matches!(c, '/' | '\\' | ':') || c.is_control();
    // Windows drops dots and blanks at the end.
    segment.len() <= LONGEST_SEGMENT && !segment.contains(wrong) && !segment.ends_with(['.', ' '])
}

/// Whether Windows takes a name for a device's, whatever extension it has.
pub(super) fn is_device(segment: &str) -> bool {
    let stem = segment.split('.').next().unwrap_or_default().trim_end_matches(' ');
    let upper = stem.to_ascii_uppercase();
    let numbered = || {
        let port = upper.strip_prefix("COM").or_else(|| upper.strip_prefix("LPT"));
        let mut digits = port.unwrap_or_default().chars();
        let is_digit = |c: char| c.is_ascii_digit() || matches!(c, '¹' | '²' | '³');
        digits.next().is_some_and(is_digit) && digits.next().is_none()
    };
    matches!(&*upper, "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$") || numbered()
}

const LONGEST_PATH: usize = 4096;

/// What Linux and Windows have.
const LONGEST_SEGMENT: usize = 255;
