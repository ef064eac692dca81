//! Where a response redirects to, and what is asked there (RFC 9110 15.4).

use super::options::Redirects;
use crate::codec::http::{Fields, Method, Status, Url};

/// What a response asks for.
#[derive(Debug, PartialEq)]
pub(super) enum Turn {
    /// Nothing: it is the answer.
    Stay,
    /// Another request.
    To(Box<Next>),
    /// Another request, which must not be made.
    Refused(&'static str),
}

/// The request that follows.
#[derive(Debug, PartialEq)]
pub(super) struct Next {
    pub(super) url: Url,
    pub(super) method: Method,
    pub(super) keeps_body: bool,
    /// Who is asked may have the credentials of who was asked.
    pub(super) same_origin: bool,
}

/// What a response with this status and `Location` asks for.
pub(super) fn turn(
    url: &Url,
    method: Method,
    status: Status,
    location: Option<&str>,
    redirects: &Redirects,
) -> Turn {
    let (Some(location), Some((method, keeps_body))) = (location, again(method, status)) else {
        return Turn::Stay;
    };
    let Ok(next) = url.join(location) else { return Turn::Refused("a Location that is no URL") };
    if url.is_tls() && !next.is_tls() && !redirects.to_plain {
        return Turn::Refused("a redirection away from TLS");
    }
    let same_origin = url.is_same_origin(&next);
    Turn::To(Box::new(Next { url: next, method, keeps_body, same_origin }))
}

/// The method of the next request, and whether it has the same body. RFC 9110 15.4.2 allows what
/// everybody does: 301 and 302 make a GET of a POST.
fn again(method: Method, status: Status) -> Option<(Method, bool)> {
    match (status.code(), method) {
        (301 | 302, Method::Post) => Some((Method::Get, false)),
        (303, Method::Head) => Some((Method::Head, false)),
        (303, _) => Some((Method::Get, false)),
        (301 | 302 | 307 | 308, _) => Some((method, true)),
        _ => None,
    }
}

/// Removes what is not for the next request.
pub(super) fn strip(fields: &mut Fields, next: &Next) {
    if !next.same_origin {
        remove(fields, &CREDENTIALS);
    }
    if !next.keeps_body {
        remove(fields, &CONTENT);
    }
}

fn remove(fields: &mut Fields, names: &[&str]) {
    for name in names {
        fields.remove(name);
    }
}

/// What is said to nobody else. A `Host` that was set by hand is the former one's.
const CREDENTIALS: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "host"];

const CONTENT: [&str; 6] = [
    "content-type",
    "content-encoding",
    "content-language",
    "content-location",
    "last-modified",
    "digest",
];
