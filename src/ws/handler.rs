//! What happens on a connection.

use std::time::Duration;

use super::{CloseReason, Kind, Opening, Refusal, Session};

/// What happens on one connection that speaks WebSocket. One value per session: its fields are the
/// session's state.
///
/// Callbacks come one at a time, on the service's threads: `on_open` first and `on_close` last,
/// exactly once. What they send is queued, and leaves in one write behind the last of a turn.
///
/// Closures that take a session and a [`Message`] are handlers, too:
///
/// ```
/// use sockeye::ws::{self, Message};
///
/// let echo = |session: &mut ws::Session<'_>, message: Message<'_>| {
///     session.send_message(message);
/// };
/// let protocol = ws::server(move |_| echo);
/// ```
pub trait Handler: Send + 'static {
    /// The connection is open; the opening says what was asked and agreed on.
    fn on_open(&mut self, session: &mut Session<'_>, opening: &Opening) {
        let _ = (session, opening);
    }

    /// A text has come as a whole; borrowed from the thread's read buffer if it lay there in one
    /// piece and was not compressed.
    ///
    /// After [`pause`](crate::raw::Session::pause), and while the session's queue is above its high
    /// mark under [`Overflow::Wait`](crate::Overflow::Wait), none is handed out.
    fn on_text(&mut self, session: &mut Session<'_>, text: &str) {
        let _ = (session, text);
    }

    /// Bytes have come as a whole message, likewise.
    fn on_binary(&mut self, session: &mut Session<'_>, data: &[u8]) {
        let _ = (session, data);
    }

    /// Whether messages are to come in pieces, to [`on_fragment`](Handler::on_fragment), instead of
    /// whole. Always the same answer. Default: false.
    ///
    /// Then the limit of a message's length does not hold, and [middleware](crate::middleware) does
    /// not see what is received.
    fn fragments(&self) -> bool {
        false
    }

    /// The next piece of a message has come, if [`fragments`](Handler::fragments) wants pieces. They
    /// come as they arrive, however the peer has cut the message.
    fn on_fragment(&mut self, session: &mut Session<'_>, fragment: Fragment<'_>) {
        let _ = (session, fragment);
    }

    /// All messages of one read have been handed out. More may follow in the same turn.
    fn on_read_complete(&mut self, session: &mut Session<'_>) {
        let _ = session;
    }

    /// The peer has sent a ping, which has been answered.
    fn on_ping(&mut self, session: &mut Session<'_>, data: &[u8]) {
        let _ = (session, data);
    }

    /// The peer has sent a pong; those that answer a [`Heartbeat`](super::Heartbeat) are empty.
    fn on_pong(&mut self, session: &mut Session<'_>, data: &[u8]) {
        let _ = (session, data);
    }

    /// So many bytes, frames included, have been handed to the socket in this turn, and so many
    /// still wait.
    fn on_sent(&mut self, session: &mut Session<'_>, sent: usize, pending: usize) {
        let _ = (session, sent, pending);
    }

    /// The queue was above its high mark and has fallen to the low one.
    fn on_drain(&mut self, session: &mut Session<'_>) {
        let _ = session;
    }

    /// The connection is gone: once for each `on_open`. [`Code::of`](super::Code::of) tells the
    /// reason as a close code.
    fn on_close(&mut self, session: &mut Session<'_>, reason: &CloseReason) {
        let _ = (session, reason);
    }

    /// Of a client: it was disconnected, or could not connect, and waits so long for its next
    /// attempt, the first after a connection being 1.
    fn on_reconnecting(&mut self, attempt: u32, delay: Duration) {
        let _ = (attempt, delay);
    }

    /// Of a client: the server has answered with something else than WebSocket. Comes before
    /// [`on_reconnecting`](Handler::on_reconnecting), if there is to be another attempt.
    fn on_refused(&mut self, refusal: &Refusal) {
        let _ = refusal;
    }
}

impl<F: FnMut(&mut Session<'_>, Message<'_>) + Send + 'static> Handler for F {
    fn on_text(&mut self, session: &mut Session<'_>, text: &str) {
        self(session, Message::Text(text));
    }

    fn on_binary(&mut self, session: &mut Session<'_>, data: &[u8]) {
        self(session, Message::Binary(data));
    }
}

/// A message of either kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Text.
    Text(&'a str),
    /// Bytes.
    Binary(&'a [u8]),
}

impl<'a> Message<'a> {
    /// The message's bytes.
    pub fn as_bytes(&self) -> &'a [u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(data) => data,
        }
    }

    /// Which kind it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Text(_) => Kind::Text,
            Self::Binary(_) => Kind::Binary,
        }
    }
}

/// A piece of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment<'a> {
    /// What the message is. Text is checked to be UTF-8, but may be cut within a character.
    pub kind: Kind,
    /// The message begins with it.
    pub first: bool,
    /// Its bytes; none only if it is the last.
    pub data: &'a [u8],
    /// The message ends with it.
    pub last: bool,
}
