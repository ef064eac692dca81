//! What a cache shows of its entries.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::entry::Entry;
use crate::http::files::answer::Wishes;
use crate::http::{Request, Response};

/// What a [`Cache`](super::Cache) has under a key. It stays as it is, whatever becomes of the cache.
#[derive(Clone)]
pub struct Cached(pub(super) Arc<Entry>);

impl Cached {
    /// The key.
    pub fn key(&self) -> &str {
        &self.0.key
    }

    /// The content, as it is without a coding.
    pub fn body(&self) -> Bytes {
        self.0.plain().map(|plain| plain.body.clone()).unwrap_or_default()
    }

    /// The first field of this name that an answer with the content has, if it is text.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.plain()?.version.fields.str(name)
    }

    /// The answer to a request for it: the whole, a part, or that the client has it, as the request's
    /// fields want it.
    pub fn response(&self, request: &Request<'_>) -> Response {
        self.0.answer(&Wishes::of(request.method(), request.headers()))
    }
}

impl fmt::Debug for Cached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.0.plain().map_or(0, |plain| plain.body.len());
        f.debug_struct("Cached").field("key", &self.key()).field("len", &len).finish()
    }
}
