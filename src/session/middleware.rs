//! What may be put around a handler.

use std::borrow::Cow;

use super::{CloseReason, Session};
use crate::error::Error;
use crate::net::Endpoint;

/// What happens to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It goes on, as it is now.
    Pass,
    /// It goes nowhere.
    Drop,
}

/// Something around the handlers of a protocol: it sees what its session receives, sends and
/// suffers, and may change it. One value per session.
///
/// Messages are what the protocol says: of [`framed`](crate::framed) sessions the messages
/// themselves, of [`raw`](crate::raw) sessions whatever was read, or given to one `send`.
///
/// Callbacks come on the session's strand, one at a time. What they send passes no other
/// middleware. A panic in one ends the session, as everywhere.
///
/// ```
/// use std::borrow::Cow;
/// use sockeye::middleware::{Middleware, Verdict};
/// use sockeye::{CloseReason, Endpoint, raw};
/// use sockeye::testing::Harness;
///
/// /// Hears no evil and says nothing in small letters.
/// struct Manners;
/// impl Middleware for Manners {
///     fn on_received(
///         &mut self,
///         session: &mut raw::Session<'_>,
///         message: &mut Cow<'_, [u8]>,
///     ) -> Verdict {
///         if message.starts_with(b"damn") { Verdict::Drop } else { Verdict::Pass }
///     }
///     fn on_sending(
///         &mut self,
///         session: &mut raw::Session<'_>,
///         message: &mut Cow<'_, [u8]>,
///     ) -> Verdict {
///         message.to_mut().make_ascii_uppercase();
///         Verdict::Pass
///     }
/// }
///
/// let echo = |session: &mut raw::Session<'_>, data: &[u8]| { session.send(data); };
/// let mut peer = Harness::new(raw::server(move |_| echo).with(|_: &Endpoint| Manners));
/// assert_eq!(peer.feed("damn you"), b"");
/// assert_eq!(peer.feed("thank you"), b"THANK YOU");
/// ```
pub trait Middleware: Send + 'static {
    /// Whether [`on_sending`](Self::on_sending) does anything. False spares sessions the call, and
    /// lets a broadcast to them be framed once for all. Default: true.
    const SEES_SENDING: bool = true;

    /// The session is open; before the handler's `on_open`, which does not follow if this closes
    /// the session. Nor are the layers within then told of it, or of its end.
    fn on_open(&mut self, session: &mut Session<'_>) {
        let _ = session;
    }

    /// A message has come, and those outside of this have let it pass.
    fn on_received(&mut self, session: &mut Session<'_>, message: &mut Cow<'_, [u8]>) -> Verdict {
        let _ = (session, message);
        Verdict::Pass
    }

    /// A message is about to be framed and queued, and those within this have let it pass: sent by
    /// the handler, through a handle or to a group. The sender of one that is dropped, if it is the
    /// handler, is told [`Sent::Dropped`](crate::Sent::Dropped).
    fn on_sending(&mut self, session: &mut Session<'_>, message: &mut Cow<'_, [u8]>) -> Verdict {
        let _ = (session, message);
        Verdict::Pass
    }

    /// The session ends because of this: what the peer has sent is against its protocol, or a
    /// callback has panicked. [`on_close`](Self::on_close) follows.
    fn on_error(&mut self, session: &mut Session<'_>, error: &Error) {
        let _ = (session, error);
    }

    /// The connection is gone; after the handler's `on_close`, the innermost first.
    fn on_close(&mut self, session: &mut Session<'_>, reason: &CloseReason) {
        let _ = (session, reason);
    }
}

/// Makes the middleware of each session that a server accepts; a closure from the peer's address
/// to a [`Middleware`] is one.
pub trait Layer: Send + Sync + 'static {
    /// What it makes.
    type Middleware: Middleware;

    /// Makes it for one session; on a service thread. If this panics, the connection is reset.
    fn middleware(&self, peer: &Endpoint) -> Self::Middleware;
}

impl<M: Middleware, F: Fn(&Endpoint) -> M + Send + Sync + 'static> Layer for F {
    type Middleware = M;

    fn middleware(&self, peer: &Endpoint) -> M {
        self(peer)
    }
}
