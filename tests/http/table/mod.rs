//! What peers may send, and what comes of it: one table for the codec and for servers and clients.

mod bodies;
mod fields;
mod framing;
mod lines;
pub(crate) mod responses;
mod routing;

/// A request, and how it is answered by a server whose handler answers 200 to whatever reaches it,
/// with limits as they are by default, but [`BODY_LIMIT`]. Before an answer there may be the one that a
/// request waits for (`100 Continue`).
pub(crate) struct Case {
    /// What is peculiar about it; no two have the same.
    pub(crate) name: String,
    /// All that is sent.
    pub(crate) bytes: Vec<u8>,
    /// Of the answer.
    pub(crate) status: u16,
    /// Whether the connection is there for another request behind it.
    pub(crate) stays_open: bool,
}

/// Bytes that the body of a request may have.
pub(crate) const BODY_LIMIT: u64 = 64 * 1024;

/// All requests.
pub(crate) fn requests() -> Vec<Case> {
    [lines::cases(), fields::cases(), routing::cases(), framing::cases(), bodies::cases()].concat()
}

impl Clone for Case {
    fn clone(&self) -> Self {
        Self { name: self.name.clone(), bytes: self.bytes.clone(), ..*self }
    }
}

/// A request that is answered, with the connection kept.
fn good(name: &str, bytes: impl AsRef<[u8]>) -> Case {
    Case { name: name.into(), bytes: bytes.as_ref().into(), status: 200, stays_open: true }
}

/// A request that is answered, and is the connection's last.
fn last(name: &str, bytes: impl AsRef<[u8]>) -> Case {
    Case { stays_open: false, ..good(name, bytes) }
}

/// A request that is no HTTP.
fn bad(name: &str, bytes: impl AsRef<[u8]>) -> Case {
    refused(400, name, bytes)
}

/// A request that is refused, with the end of its connection.
fn refused(status: u16, name: &str, bytes: impl AsRef<[u8]>) -> Case {
    Case { status, ..last(name, bytes) }
}

/// A GET with these lines between Host and the empty line, each with its end.
fn get(fields: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n")
}

/// A POST with these lines and what is behind the empty line.
fn post(fields: &str, body: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n{body}")
}

/// `before`, the byte, `after`.
fn around(before: &str, byte: u8, after: &str) -> Vec<u8> {
    [before.as_bytes(), &[byte], after.as_bytes()].concat()
}
