//! What a router answers by itself.

use super::table::Place;
use crate::codec::http::{Method, Status};
use crate::http::{Request, Response};

pub(super) fn not_found() -> Response {
    Response::error(Status::NOT_FOUND, Status::NOT_FOUND.phrase())
}

/// A path that there is, but not for this method.
pub(super) fn not_for(method: Method, place: &Place) -> Response {
    let allow = allow([place]);
    if method == Method::Options {
        return Response::options(allow);
    }
    let status = Status::METHOD_NOT_ALLOWED;
    Response::error(status, status.phrase()).header("Allow", allow)
}

/// What there is on any path: the answer to `OPTIONS *` (RFC 9110 9.3.7).
pub(super) fn everything(places: &[Place]) -> Response {
    Response::options(allow(places))
}

/// 308 to the same with or without the slash at the end, which keeps the method and the body.
pub(super) fn to_other_slash(request: &Request<'_>, path: &str) -> Response {
    let status = Status::PERMANENT_REDIRECT;
    match request.raw_query() {
        "" => Response::redirect(status, path),
        query => Response::redirect(status, format!("{path}?{query}")),
    }
}

fn allow<'p>(places: impl IntoIterator<Item = &'p Place>) -> String {
    let routes = places.into_iter().flat_map(|place| &place.0);
    let mut names = vec!["OPTIONS"];
    for route in routes {
        match &route.method {
            None => names.extend(ANY),
            Some(Method::Get) => names.extend(["GET", "HEAD"]),
            Some(method) => names.push(method.as_str()),
        }
    }
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

const ANY: [&str; 7] = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT", "TRACE"];
