//! Server-sent events.

use std::time::Duration;

use super::body::BodySender;
use crate::codec::http::Event;
use crate::error::Result;
use crate::session::Sent;

/// Sends events to a client for as long as he stays: see
/// [`Response::events`](super::Response::events).
///
/// A client that sends no more is taken for gone, as it is when a browser leaves the page.
///
/// A browser reads them with `EventSource`. Proxies may cut off connections on which nothing comes
/// for a minute or so: send them a [comment](Event::comment) meanwhile.
#[derive(Debug)]
pub struct EventSender(BodySender);

impl EventSender {
    /// Otherwise who is gone would be noticed by the next event only, which may never come.
    pub(crate) fn new(body: BodySender) -> Self {
        body.lasts();
        Self(body)
    }

    /// Sends an event, unless there is no room for it. Never waits.
    pub fn send(&self, event: &Event<'_>) -> Sent {
        self.0.send(event.to_string())
    }

    /// Sends an event, and waits so long for room.
    ///
    /// # Errors
    ///
    /// Those of [`BodySender::send_within`].
    pub fn send_within(&self, event: &Event<'_>, within: Duration) -> Result<()> {
        self.0.send_within(event.to_string(), within)
    }

    /// True when the client is gone.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Ends the stream; browsers then connect again.
    pub fn finish(self) {
        self.0.finish();
    }
}
