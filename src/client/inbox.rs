//! Receiving by calls that wait, for programs without callbacks.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::intake::{Intake, State, Store};
use super::search::Search;
use crate::error::{Error, ErrorKind, Result};
use crate::service::Service;
use crate::session::{ClientProtocol, CloseReason, End, Protocol, Session, Speech};

/// What a client has received, to be taken by calls that wait.
///
/// It holds up to a bound; beyond it the client does not read, and the peer's own queue fills. A
/// client that connects again is read from when everything of the last connection has been taken
/// and its end been told.
///
/// ```
/// use std::time::Duration;
/// use sockeye::{Client, Inbox, Server, Service, raw};
///
/// # let service = Service::builder().threads(1).start()?;
/// # let echo = |s: &mut raw::Session<'_>, d: &[u8]| { s.send(d); };
/// # let server = Server::builder(&service, raw::server(move |_| echo)).listen("127.0.0.1:0")?;
/// # let address = server.local_addr().to_string();
/// let (protocol, inbox) = Inbox::new(&service, 64 * 1024);
/// let client = Client::builder(&service, protocol).connect(&*address)?;
/// client.wait_connected(Duration::from_secs(5))?;
/// client.handle().send("hello");
/// let mut answer = [0; 5];
/// inbox.receive_exact(&mut answer, Duration::from_secs(5))?;
/// assert_eq!(&answer, b"hello");
/// # Ok::<(), sockeye::Error>(())
/// ```
pub struct Inbox(Arc<Intake<Received>>);

/// Bytes, and how many there should be at most.
struct Received {
    bytes: VecDeque<u8>,
    limit: usize,
    search: Search,
}

impl Inbox {
    /// An inbox for about `limit` bytes (and one read more), and the protocol of the client that
    /// fills it.
    pub fn new(service: &Service, limit: usize) -> (ClientProtocol, Self) {
        let store = Received { bytes: VecDeque::new(), limit, search: Search::default() };
        let intake = Intake::new(service, store);
        (ClientProtocol::new(Filler(Arc::clone(&intake)), Speech::Raw), Self(intake))
    }

    /// Waits until there is something, and takes as much of it as `buffer` holds; returns how
    /// many bytes that are. 0: the peer has finished, or the connection has ended, and everything
    /// received before has been taken.
    ///
    /// # Errors
    ///
    /// [`TimedOut`](ErrorKind::TimedOut) when nothing came `within` the time, and
    /// [`WouldDeadlock`](ErrorKind::WouldDeadlock) on a service thread.
    pub fn receive(&self, buffer: &mut [u8], within: Duration) -> Result<usize> {
        self.0.take("receive", within, |state| {
            if state.store.is_empty() && state.ended().is_none() {
                return None;
            }
            let count = fill(state, buffer);
            if count == 0 && !buffer.is_empty() {
                state.tell_end();
            }
            Some(Ok(count))
        })
    }

    /// Waits until `buffer` can be filled, and fills it.
    ///
    /// # Errors
    ///
    /// [`TimedOut`](ErrorKind::TimedOut); what has come stays in the inbox.
    /// [`Closed`](ErrorKind::Closed) when the end came first, and
    /// [`LimitReached`](ErrorKind::LimitReached) when the inbox is smaller than the buffer.
    /// [`WouldDeadlock`](ErrorKind::WouldDeadlock) on a service thread.
    pub fn receive_exact(&self, buffer: &mut [u8], within: Duration) -> Result<()> {
        let attempt = "receive exactly";
        if buffer.len() > self.limit() {
            return Err(Error::new(ErrorKind::LimitReached, attempt));
        }
        self.0.take(attempt, within, |state| {
            if state.store.bytes.len() >= buffer.len() {
                fill(state, buffer);
                return Some(Ok(()));
            }
            state.read_on(true);
            state.ended_early(attempt).map(Err)
        })
    }

    /// Waits until the delimiter has come, and takes everything up to and including it, which are
    /// at most `limit` bytes. Those behind it stay.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sockeye::{Client, Inbox, Server, Service, raw};
    ///
    /// # let service = Service::builder().threads(1).start()?;
    /// # let echo = |s: &mut raw::Session<'_>, d: &[u8]| { s.send(d); };
    /// # let server = Server::builder(&service, raw::server(move |_| echo)).listen("127.0.0.1:0")?;
    /// # let address = server.local_addr().to_string();
    /// let (protocol, inbox) = Inbox::new(&service, 64 * 1024);
    /// let client = Client::builder(&service, protocol).connect(&*address)?;
    /// client.wait_connected(Duration::from_secs(5))?;
    /// client.handle().send("name: value\r\nnext");
    /// let line = inbox.receive_until(b"\r\n", 1000, Duration::from_secs(5))?;
    /// assert_eq!(line, b"name: value\r\n");
    /// # Ok::<(), sockeye::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// In all of them what has come stays in the inbox, and no byte of it is looked at again by a
    /// further call with the same delimiter. [`LimitReached`](ErrorKind::LimitReached) when so many
    /// bytes, or as many as the inbox holds, have come without one. [`TimedOut`](ErrorKind::TimedOut),
    /// and [`Closed`](ErrorKind::Closed) when the end came first. [`Invalid`](ErrorKind::Invalid)
    /// for a delimiter without bytes. [`WouldDeadlock`](ErrorKind::WouldDeadlock) on a service thread.
    pub fn receive_until(
        &self,
        delimiter: &[u8],
        limit: usize,
        within: Duration,
    ) -> Result<Vec<u8>> {
        let attempt = "receive until a delimiter";
        let limit = limit.min(self.limit());
        if delimiter.is_empty() {
            return Err(Error::new(ErrorKind::Invalid, attempt).because("it has no bytes"));
        }
        let too_long = || Error::new(ErrorKind::LimitReached, attempt);
        if delimiter.len() > limit {
            return Err(too_long());
        }
        self.0.take(attempt, within, |state| {
            let Received { bytes, search, .. } = &mut state.store;
            if let Some(end) = search.find(delimiter, bytes, limit) {
                let mut taken = vec![0; end];
                fill(state, &mut taken);
                return Some(Ok(taken));
            }
            if bytes.len() >= limit {
                return Some(Err(too_long()));
            }
            state.read_on(true);
            state.ended_early(attempt).map(Err)
        })
    }

    /// Waits until there is something and takes up to `limit` bytes of it as text; bytes that are
    /// no UTF-8 become U+FFFD. Empty at the end.
    ///
    /// # Errors
    ///
    /// As [`Inbox::receive`].
    pub fn receive_text(&self, limit: usize, within: Duration) -> Result<String> {
        let mut buffer = vec![0; limit.min(self.limit())];
        let count = self.receive(&mut buffer, within)?;
        Ok(String::from_utf8_lossy(&buffer[..count]).into_owned())
    }

    /// Bytes that can be taken without waiting.
    pub fn len(&self) -> usize {
        self.0.look(|received| received.bytes.len())
    }

    /// True when a call would have to wait.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn limit(&self) -> usize {
        self.0.look(|received| received.limit)
    }
}

/// Takes as much as there is, and the buffer holds.
fn fill(state: &mut State<Received>, buffer: &mut [u8]) -> usize {
    let Received { bytes, limit, search } = &mut state.store;
    let (count, limit) = (buffer.len().min(bytes.len()), *limit);
    for (to, from) in buffer.iter_mut().zip(bytes.drain(..count)) {
        *to = from;
    }
    search.taken(count);
    if bytes.is_empty() && bytes.capacity() > limit {
        *bytes = VecDeque::new();
    }
    let roomy = bytes.len() <= limit / 2;
    state.read_on(roomy);
    count
}

impl Store for Received {
    fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    fn is_full(&self) -> bool {
        self.bytes.len() >= self.limit
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").field("bytes", &self.len()).finish_non_exhaustive()
    }
}

/// The client's side of the inbox.
struct Filler(Arc<Intake<Received>>);

impl Protocol for Filler {
    fn on_open(&mut self, session: &mut Session<'_>) {
        self.0.open(session);
    }

    fn on_data(&mut self, session: &mut Session<'_>, data: &mut [u8]) {
        session.receive(data, |session, data| {
            self.0.put(session, |received| received.bytes.extend(data));
        });
    }

    fn on_sent(&mut self, _session: &mut Session<'_>, _sent: usize, _pending: usize) {}

    fn on_drain(&mut self, _session: &mut Session<'_>) {}

    fn on_end(&mut self, _session: &mut Session<'_>) -> End {
        End::Close
    }

    fn on_close(&mut self, _session: &mut Session<'_>, reason: &CloseReason) {
        self.0.close(reason);
    }
}
