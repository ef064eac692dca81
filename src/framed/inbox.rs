//! Receiving messages by calls that wait, for programs without callbacks.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{ClientProtocol, CloseReason, Codec, Handler, Session, client};
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
/// use sockeye::{Client, Server, Service, framed};
///
/// # let service = Service::builder().threads(1).start()?;
/// # let lines = framed::Lines::new();
/// # let echo = |s: &mut framed::Session<'_>, d: &str| { s.send(d); };
/// # let server = Server::builder(&service, framed::server(lines, move |_| echo));
/// # let server = server.listen("127.0.0.1:0")?;
/// # let address = server.local_addr().to_string();
/// let (protocol, inbox) = framed::Inbox::new(&service, framed::Lines::new(), 64 * 1024, 1000);
/// let client = Client::builder(&service, protocol).connect(&*address)?;
/// client.wait_connected(Duration::from_secs(5))?;
/// client.handle().send("hello");
/// assert_eq!(inbox.receive(Duration::from_secs(5))?.as_deref(), Some("hello"));
/// # Ok::<(), sockeye::Error>(())
/// ```
pub struct Inbox<M: ToOwned<Owned: Send> + ?Sized = [u8]>(Arc<Intake<Messages<M::Owned>>>);

impl<M: ToOwned<Owned: Send> + AsRef<[u8]> + ?Sized + 'static> Inbox<M> {
    /// An inbox for so many bytes and so many messages, and one message more, and the protocol of
    /// the client that fills it.
    pub fn new<C: Codec<Message = M>>(
        service: &Service,
        codec: C,
        bytes: usize,
        messages: usize,
    ) -> (ClientProtocol, Self) {
        let intake = Intake::new(service, Messages::new(bytes, messages));
        (client(codec, Filler::<M>(Arc::clone(&intake))), Self(intake))
    }

    /// Waits for a message, and takes it. `None`: the connection has ended, and everything received
    /// before has been taken; [`Client::last_error`](crate::Client::last_error) says why.
    ///
    /// # Errors
    ///
    /// [`TimedOut`](crate::ErrorKind::TimedOut) when none came `within` the time, and
    /// [`WouldDeadlock`](crate::ErrorKind::WouldDeadlock) on a service thread.
    pub fn receive(&self, within: Duration) -> Result<Option<M::Owned>> {
        self.0.receive(within)
    }
}

impl<M: ToOwned<Owned: Send + 'static> + ?Sized> Inbox<M> {
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

impl<M: ToOwned<Owned: Send + 'static> + ?Sized> fmt::Debug for Inbox<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").field("messages", &self.len()).finish_non_exhaustive()
    }
}

/// The client's side of the inbox.
struct Filler<M: ToOwned<Owned: Send> + ?Sized>(Arc<Intake<Messages<M::Owned>>>);

impl<M: ToOwned<Owned: Send> + AsRef<[u8]> + ?Sized + 'static> Handler<M> for Filler<M> {
    fn on_open(&mut self, session: &mut Session<'_>) {
        self.0.open(session);
    }

    fn on_message(&mut self, session: &mut Session<'_>, message: &M) {
        self.0.put_message(session, message.to_owned(), message.as_ref().len());
    }

    fn on_close(&mut self, _session: &mut Session<'_>, reason: &CloseReason) {
        self.0.close(reason);
    }
}
