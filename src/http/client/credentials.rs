//! A user's name and password (RFC 7617).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::codec::http::{Url, query};

/// What `Authorization` says of those in a URL, if there are any.
pub(crate) fn of(url: &Url) -> Option<String> {
    let decoded =
        |text: &str| query::percent_decode(text).map_or_else(|| text.to_owned(), Into::into);
    let (user, password) = url.userinfo()?;
    Some(basic(&decoded(user), &decoded(password)))
}

pub(super) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}
