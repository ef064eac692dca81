//! Clients.

mod ask;
mod builder;
mod caller;
mod greeting;
mod refusal;

use std::fmt;
use std::ops::Deref;

pub use builder::{Builder, client};
pub use refusal::Refusal;

use super::Handle;
use super::session::farewell;

/// A client that speaks WebSocket: the [client](crate::Client) that all protocols have, with its
/// state, calls that wait, and metrics. Made by [`client()`](fn@client).
///
/// A clone is a handle to the same client. When the last is dropped, its connection is closed with
/// code 1001.
#[derive(Clone)]
pub struct Client(crate::Client);

impl Client {
    /// The session, for sending and all else; it stays the same over reconnects.
    pub fn handle(&self) -> Handle {
        Handle::of(self.0.handle())
    }

    /// Closes the connection with a code and words (see [`Session::close`](super::Session::close)), or
    /// gives up the attempt to make one, and does not connect again by itself. Returns without waiting.
    pub fn close(&self, code: u16, reason: impl Into<Box<str>>) {
        self.0.end(farewell(code, reason));
    }
}

impl Deref for Client {
    type Target = crate::Client;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
