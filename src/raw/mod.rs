//! Raw sessions: bytes as they come, without messages.
//!
//! A TCP stream has no messages: what one side sends in one piece may arrive in several, and
//! several in one. A raw handler gets whatever has arrived.

use crate::Endpoint;
use crate::session::{Protocol, Speech};

pub use crate::session::{
    ClientProtocol, CloseReason, End, Group, Handle, ServerProtocol, Session,
};

/// What happens on one connection. One value per session: its fields are the session's state.
///
/// Callbacks of one session come one at a time, on the service's threads: `on_open` first (with TLS
/// `on_handshake` before it), then any of the others, then `on_close` exactly once, also after a
/// panic and at a shutdown. They should not block: with a loop per thread that holds up other
/// sessions.
///
/// Closures are handlers of which only `on_data` matters:
///
/// ```
/// use sockeye::raw;
///
/// let echo = raw::server(|_| |session: &mut raw::Session<'_>, data: &[u8]| {
///     session.send(data);
/// });
/// ```
pub trait Handler: Send + 'static {
    /// The TLS handshake is done: `Session::tls` tells who the peer is. Comes before `on_open`,
    /// which does not follow if this closes the session; never called without TLS.
    fn on_handshake(&mut self, session: &mut Session<'_>) {
        let _ = session;
    }

    /// The connection is open.
    fn on_open(&mut self, session: &mut Session<'_>) {
        let _ = session;
    }

    /// Bytes have arrived: at least one, at most 64 KiB, borrowed from the thread's read buffer.
    fn on_data(&mut self, session: &mut Session<'_>, data: &[u8]);

    /// So many bytes have been handed to the socket in this turn, and so many still wait. With
    /// `pending` 0 everything has been sent.
    fn on_sent(&mut self, session: &mut Session<'_>, sent: usize, pending: usize) {
        let _ = (session, sent, pending);
    }

    /// The queue was above its high mark ([`Sent::Congested`](crate::Sent::Congested)) and has
    /// fallen to the low one: a sender that paused can go on.
    fn on_drain(&mut self, session: &mut Session<'_>) {
        let _ = session;
    }

    /// The peer has finished sending (TCP: FIN). By default the session then sends what is queued
    /// and closes with [`CloseReason::Remote`].
    fn on_end(&mut self, session: &mut Session<'_>) -> End {
        let _ = session;
        End::Close
    }

    /// The connection is gone: once for each `on_open`. Nothing can be sent any more.
    fn on_close(&mut self, session: &mut Session<'_>, reason: &CloseReason) {
        let _ = (session, reason);
    }
}

impl<F: FnMut(&mut Session<'_>, &[u8]) + Send + 'static> Handler for F {
    fn on_data(&mut self, session: &mut Session<'_>, data: &[u8]) {
        self(session, data);
    }
}

/// Takes everything and does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Discard;

impl Handler for Discard {
    fn on_data(&mut self, _session: &mut Session<'_>, _data: &[u8]) {}
}

/// What a server speaks: raw bytes, with a handler made for each connection from its peer's
/// address.
///
/// `make` runs on a service thread; if it panics, the connection is reset.
pub fn server<H: Handler>(make: impl Fn(&Endpoint) -> H + Send + Sync + 'static) -> ServerProtocol {
    ServerProtocol::new(move |peer| Adaptor(make(peer)), Speech::Raw)
}

/// What a client speaks: raw bytes, with one handler for all of its connections.
pub fn client(handler: impl Handler) -> ClientProtocol {
    ClientProtocol::new(Adaptor(handler), Speech::Raw)
}

pub(crate) struct Adaptor<H>(pub(crate) H);

impl<H: Handler> Protocol for Adaptor<H> {
    fn on_handshake(&mut self, session: &mut Session<'_>) {
        self.0.on_handshake(session);
    }

    fn on_open(&mut self, session: &mut Session<'_>) {
        self.0.on_open(session);
    }

    fn on_data(&mut self, session: &mut Session<'_>, data: &mut [u8]) {
        // Behind an upgrade it may have closed while it opened.
        if session.is_open() {
            session.receive(data, |session, data| self.0.on_data(session, data));
        }
    }

    fn on_sent(&mut self, session: &mut Session<'_>, sent: usize, pending: usize) {
        self.0.on_sent(session, sent, pending);
    }

    fn on_drain(&mut self, session: &mut Session<'_>) {
        self.0.on_drain(session);
    }

    fn on_end(&mut self, session: &mut Session<'_>) -> End {
        self.0.on_end(session)
    }

    fn on_close(&mut self, session: &mut Session<'_>, reason: &CloseReason) {
        self.0.on_close(session, reason);
    }
}
