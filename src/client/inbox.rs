//! Receiving by calls that wait, for programs without callbacks.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::service::{Inner, Service, Watched, deadline};
use crate::session::{ClientProtocol, CloseReason, End, Handle, Protocol, Session};

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
pub struct Inbox {
    service: Arc<Inner>,
    shared: Arc<Shared>,
}

struct Shared {
    limit: usize,
    state: Watched<State>,
}

#[derive(Default)]
struct State {
    data: VecDeque<u8>,
    session: Option<Handle>,
    ended: Option<CloseReason>,
    /// The reader has been told of the end.
    told: bool,
    paused: bool,
}

impl Inbox {
    /// An inbox for about `limit` bytes (and one read more), and the protocol of the client that
    /// fills it.
    pub fn new(service: &Service, limit: usize) -> (ClientProtocol, Self) {
        let shared = Arc::new(Shared { limit, state: Watched::new(State::default()) });
        let inbox = Self { service: Arc::clone(service.inner()), shared: Arc::clone(&shared) };
        (ClientProtocol::new(Filler(shared), None), inbox)
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
        self.wait("receive", within, |state| !state.data.is_empty() || state.ended.is_some())?;
        Ok(self.take(buffer))
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
        if buffer.len() > self.shared.limit {
            return Err(Error::new(ErrorKind::LimitReached, attempt));
        }
        let wanted = buffer.len();
        self.shared.state.lock().make_room(wanted);
        self.wait(attempt, within, |state| state.data.len() >= wanted || state.ended.is_some())?;
        let mut state = self.shared.state.lock();
        if let (true, Some(reason)) = (state.data.len() < wanted, state.ended.clone()) {
            if state.data.is_empty() {
                state.tell_end();
            }
            return Err(Error::new(ErrorKind::Closed, attempt).because(reason));
        }
        drop(state);
        self.take(buffer);
        Ok(())
    }

    /// Waits until there is something and takes up to `limit` bytes of it as text; bytes that are
    /// no UTF-8 become U+FFFD. Empty at the end.
    ///
    /// # Errors
    ///
    /// As [`Inbox::receive`].
    pub fn receive_text(&self, limit: usize, within: Duration) -> Result<String> {
        let mut buffer = vec![0; limit.min(self.shared.limit)];
        let count = self.receive(&mut buffer, within)?;
        Ok(String::from_utf8_lossy(&buffer[..count]).into_owned())
    }

    /// Bytes that can be taken without waiting.
    pub fn len(&self) -> usize {
        self.shared.state.lock().data.len()
    }

    /// True when a call would have to wait.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn wait(
        &self,
        attempt: &'static str,
        within: Duration,
        mut done: impl FnMut(&State) -> bool,
    ) -> Result<()> {
        self.service.may_wait(attempt)?;
        let deadline = deadline(within);
        if self.service.wait(&self.shared.state, Some(deadline), |state| done(state)) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::TimedOut, attempt))
    }

    fn take(&self, buffer: &mut [u8]) -> usize {
        let mut state = self.shared.state.lock();
        let count = buffer.len().min(state.data.len());
        for (to, from) in buffer.iter_mut().zip(state.data.drain(..count)) {
            *to = from;
        }
        if state.data.is_empty() && state.data.capacity() > self.shared.limit {
            state.data = VecDeque::new();
        }
        if count == 0 && !buffer.is_empty() && state.ended.is_some() {
            state.tell_end();
        }
        state.make_room(self.shared.limit / 2 + 1);
        count
    }
}

impl State {
    /// Reads on if there are less bytes than wanted.
    fn make_room(&mut self, wanted: usize) {
        if self.paused && self.ended.is_none() && self.data.len() < wanted {
            self.paused = false;
            if let Some(session) = &self.session {
                session.resume();
            }
        }
    }

    /// The reader knows of the end; the next connection, if it is there, may be read.
    fn tell_end(&mut self) {
        self.told = true;
        if self.session.is_some() {
            self.ended = None;
            self.make_room(usize::MAX);
        }
    }

    /// Begins a connection: behind what is left of the last one, if anything is. True when it must
    /// not be read yet.
    fn begin(&mut self, session: Handle) -> bool {
        self.session = Some(session);
        if self.data.is_empty() && (self.told || self.ended.is_none()) {
            self.ended = None;
        }
        self.told = false;
        self.paused = self.ended.is_some();
        self.paused
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").field("bytes", &self.len()).finish_non_exhaustive()
    }
}

/// The client's side of the inbox.
struct Filler(Arc<Shared>);

impl Protocol for Filler {
    fn on_open(&mut self, session: &mut Session<'_>) {
        let handle = session.handle();
        if self.0.state.update(|state| state.begin(handle)) {
            session.pause();
        }
    }

    fn on_data(&mut self, session: &mut Session<'_>, data: &mut [u8]) {
        session.receive(data, |session, data| self.take(session, data));
    }

    fn on_sent(&mut self, _session: &mut Session<'_>, _sent: usize, _pending: usize) {}

    fn on_drain(&mut self, _session: &mut Session<'_>) {}

    fn on_end(&mut self, _session: &mut Session<'_>) -> End {
        End::Close
    }

    fn on_close(&mut self, _session: &mut Session<'_>, reason: &CloseReason) {
        self.0.state.update(|state| {
            state.ended = Some(reason.clone());
            state.session = None;
        });
    }
}

impl Filler {
    fn take(&self, session: &mut Session<'_>, data: &[u8]) {
        let limit = self.0.limit;
        let full = self.0.state.update(|state| {
            state.data.extend(data);
            state.paused = state.data.len() >= limit;
            state.paused
        });
        if full {
            session.pause();
        }
    }
}
