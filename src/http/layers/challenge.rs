//! What asks for credentials, and what is answered (RFC 9110 11).

use crate::codec::http::Status;
use crate::http::{Request, Response};

/// 401 with what is wanted.
pub(super) fn challenge(wanted: &str) -> Response {
    let status = Status::UNAUTHORIZED;
    Response::error(status, status.phrase()).header("WWW-Authenticate", wanted)
}

/// What follows the scheme's name in `Authorization`. Of two such fields nobody knows which counts.
pub(super) fn credentials<'a>(request: &Request<'a>, scheme: &str) -> Option<&'a str> {
    let mut fields = request.headers().all("authorization");
    let (Some(field), None) = (fields.next(), fields.next()) else { return None };
    let (said, credentials) = std::str::from_utf8(field).ok()?.split_once(' ')?;
    let credentials = credentials.trim_start_matches(' ');
    (said.eq_ignore_ascii_case(scheme) && !credentials.is_empty()).then_some(credentials)
}

/// A string in quotation marks (RFC 9110 5.6.4).
#[track_caller]
pub(super) fn quoted(text: &str) -> String {
    assert!(!text.contains(char::is_control), "a control character in the realm {text:?}");
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
