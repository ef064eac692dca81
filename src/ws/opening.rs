//! What a connection began with.

use std::borrow::Cow;
use std::fmt;

use crate::codec::http::{Fields, query};

/// What a connection began with: of a server's, the client's request; of a client's, the server's
/// answer and what was asked for.
pub struct Opening {
    pub(super) path: Box<str>,
    pub(super) query: Box<str>,
    pub(super) fields: Fields,
    pub(super) subprotocol: Option<Box<str>>,
    pub(super) compresses: bool,
}

impl Opening {
    /// The path of the URL, as it was sent.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query, as it was sent; empty without one.
    pub fn raw_query(&self) -> &str {
        &self.query
    }

    /// The first value of this name in the query, decoded.
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        query::value(&self.query, name)
    }

    /// The first field of this name, of the peer's head.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.fields.str(name)
    }

    /// All fields of the peer's head.
    pub fn headers(&self) -> &Fields {
        &self.fields
    }

    /// What both sides speak on WebSocket, if they have agreed on something.
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Whether messages may be compressed.
    pub fn compresses(&self) -> bool {
        self.compresses
    }
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening")
            .field("path", &self.path())
            .field("subprotocol", &self.subprotocol())
            .field("compresses", &self.compresses)
            .finish_non_exhaustive()
    }
}
