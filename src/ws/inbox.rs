//! Receiving messages by calls that wait, for programs without callbacks.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{CloseReason, Handler, Message, Opening, Session};
use crate::Service;
use crate::client::{Intake, Messages};
use crate::error::Result;

/// What a client has received: whole messages, to be taken by calls that wait.
///
/// It holds up to a bound; beyond it the client does not read, and the peer's own queue fills:
/// nothing is lost. A client that connects again is read from when everything of the last
/// connection has been taken and its end been told, as with [`sockeye::Inbox`](crate::Inbox).
///
/// ```
/// use std::time::Duration;
/// use sockeye::ws::{self, Message, OwnedMessage};
/// use sockeye::{Server, Service};
///
/// # let service = Service::builder().threads(1).start()?;
/// # let echo = |s: &mut ws::Session<'_>, m: Message<'_>| { s.send_message(m); };
/// # let server = Server::builder(&service, ws::server(move |_| echo));
/// # let server = server.listen("127.0.0.1:0")?;
/// # let url = format!("ws://{}/", server.local_addr());
/// let (handler, inbox) = ws::Inbox::new(&service, 64 * 1024, 1000);
/// let client = ws::client(url, handler).connect(&service)?;
/// client.wait_connected(Duration::from_secs(5))?;
/// client.handle().send_message_within(Message::Text("hello"), Duration::from_secs(5))?;
/// let answer = inbox.receive(Duration::from_secs(5))?;
/// assert_eq!(answer, Some(OwnedMessage::Text("hello".into())));
/// # Ok::<(), sockeye::Error>(())
/// ```
pub struct Inbox(Arc<Intake<Messages<OwnedMessage>>>);

impl Inbox {
    /// An inbox for so many bytes and so many messages, and one message more, and the handler of the
    /// client that fills it.
    pub fn new(service: &Service, bytes: usize, messages: usize) -> (impl Handler + use<>, Self) {
        let intake = Intake::new(service, Messages::new(bytes, messages));
        (Filler(Arc::clone(&intake)), Self(intake))
    }

    /// Waits for a message, and takes it. `None`: the connection has ended, and everything received
    /// before has been taken; [`Client::last_error`](crate::Client::last_error) says why.
    ///
    /// # Errors
    ///
    /// [`TimedOut`](crate::ErrorKind::TimedOut) when none came `within` the time, and
    /// [`WouldDeadlock`](crate::ErrorKind::WouldDeadlock) on a service thread.
    pub fn receive(&self, within: Duration) -> Result<Option<OwnedMessage>> {
        self.0.receive(within)
    }

    /// Messages that can be taken without waiting.
    pub fn len(&self) -> usize {
        self.0.look(Messages::len)
    }

    /// True when a call would have to wait.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of these messages.
    pub fn bytes(&self) -> usize {
        self.0.look(Messages::bytes)
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").field("messages", &self.len()).finish_non_exhaustive()
    }
}

/// A [`Message`] of one's own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OwnedMessage {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

impl OwnedMessage {
    /// The message, borrowed: what `send_message` takes.
    pub fn as_message(&self) -> Message<'_> {
        match self {
            Self::Text(text) => Message::Text(text),
            Self::Binary(data) => Message::Binary(data),
        }
    }
}

impl From<Message<'_>> for OwnedMessage {
    fn from(message: Message<'_>) -> Self {
        match message {
            Message::Text(text) => Self::Text(text.into()),
            Message::Binary(data) => Self::Binary(data.into()),
        }
    }
}

/// The client's side of the inbox.
struct Filler(Arc<Intake<Messages<OwnedMessage>>>);

impl Filler {
    fn put(&self, session: &mut Session<'_>, message: Message<'_>) {
        self.0.put_message(session, message.into(), message.as_bytes().len());
    }
}

impl Handler for Filler {
    fn on_open(&mut self, session: &mut Session<'_>, _opening: &Opening) {
        self.0.open(session);
    }

    fn on_text(&mut self, session: &mut Session<'_>, text: &str) {
        self.put(session, Message::Text(text));
    }

    fn on_binary(&mut self, session: &mut Session<'_>, data: &[u8]) {
        self.put(session, Message::Binary(data));
    }

    fn on_close(&mut self, _session: &mut Session<'_>, reason: &CloseReason) {
        self.0.close(reason);
    }
}
