//! Receiving by calls that wait, for programs without callbacks.

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::{Handler, Session};
use crate::CloseReason;
use crate::error::{Error, ErrorKind, Result};
use crate::service::{Inner, Service, Watched, deadline};

/// What a datagram counts as in an inbox besides its bytes.
const EACH: usize = 64;

/// What a socket has received, to be taken by calls that wait.
///
/// It is bounded: what comes while it is full is dropped and counted.
///
/// ```
/// use std::time::Duration;
/// use sockeye::{Service, udp};
///
/// # let service = Service::builder().threads(1).start()?;
/// let (handler, inbox) = udp::Inbox::new(&service, 64 * 1024);
/// let socket = udp::Socket::builder(&service, handler).bind("127.0.0.1:0")?;
/// socket.send_to(socket.local_addr(), "to myself");
/// let datagram = inbox.receive(Duration::from_secs(5))?;
/// assert_eq!(datagram.data, b"to myself");
/// # Ok::<(), sockeye::Error>(())
/// ```
pub struct Inbox {
    service: Arc<Inner>,
    shared: Arc<Shared>,
}

/// A datagram, and who sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Who sent it.
    pub from: SocketAddr,
    /// Its bytes.
    pub data: Vec<u8>,
}

struct Shared {
    limit: usize,
    state: Watched<State>,
}

#[derive(Default)]
struct State {
    datagrams: VecDeque<Datagram>,
    bytes: usize,
    dropped: u64,
    failure: Option<Error>,
    ended: Option<CloseReason>,
}

impl Inbox {
    /// An inbox for `limit` bytes, where each datagram counts as 64 more than it has, and the
    /// handler of the socket that fills it.
    pub fn new(service: &Service, limit: usize) -> (impl Handler + use<>, Self) {
        let shared = Arc::new(Shared { limit, state: Watched::new(State::default()) });
        let inbox = Self { service: Arc::clone(service.inner()), shared: Arc::clone(&shared) };
        (Filler(shared), inbox)
    }

    /// Waits for a datagram, and takes it.
    ///
    /// # Errors
    ///
    /// What [`on_error`](Handler::on_error) is told, the last of it: such as
    /// [`Refused`](ErrorKind::Refused) when nobody listens where a connected socket sends to.
    /// [`TimedOut`](ErrorKind::TimedOut) when nothing came `within` the time,
    /// [`Closed`](ErrorKind::Closed) when the socket is closed and everything has been taken, and
    /// [`WouldDeadlock`](ErrorKind::WouldDeadlock) on a service thread.
    pub fn receive(&self, within: Duration) -> Result<Datagram> {
        let attempt = "receive a datagram";
        self.service.may_wait(attempt)?;
        let deadline = deadline(within);
        let mut taken = Err(ErrorKind::TimedOut);
        self.service.wait(&self.shared.state, Some(deadline), |state| {
            taken = state.take();
            !matches!(taken, Err(ErrorKind::TimedOut))
        });
        match taken {
            Ok(taken) => taken,
            Err(kind) => Err(Error::new(kind, attempt)),
        }
    }

    /// Waits for a datagram, and copies it into `buffer`; returns its length and who sent it.
    ///
    /// # Errors
    ///
    /// As [`Inbox::receive`], and [`LimitReached`](ErrorKind::LimitReached) when it is longer than
    /// the buffer; it is lost then.
    pub fn receive_into(&self, buffer: &mut [u8], within: Duration) -> Result<(usize, SocketAddr)> {
        let Datagram { from, data } = self.receive(within)?;
        let Some(start) = buffer.get_mut(..data.len()) else {
            let error = Error::new(ErrorKind::LimitReached, "receive a datagram from").on(from);
            let why = format_args!("{} bytes into {}", data.len(), buffer.len());
            return Err(error.because(why));
        };
        start.copy_from_slice(&data);
        Ok((data.len(), from))
    }

    /// Datagrams that can be taken without waiting.
    pub fn len(&self) -> usize {
        self.shared.state.lock().datagrams.len()
    }

    /// True when a call would have to wait.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Datagrams that came while it was full.
    pub fn dropped(&self) -> u64 {
        self.shared.state.lock().dropped
    }
}

impl State {
    /// `TimedOut` as long as there is nothing.
    fn take(&mut self) -> std::result::Result<Result<Datagram>, ErrorKind> {
        if let Some(datagram) = self.datagrams.pop_front() {
            self.bytes -= datagram.data.len() + EACH;
            return Ok(Ok(datagram));
        }
        if let Some(error) = self.failure.take() {
            return Ok(Err(error));
        }
        Err(if self.ended.is_some() { ErrorKind::Closed } else { ErrorKind::TimedOut })
    }

    fn put(&mut self, from: SocketAddr, data: &[u8], limit: usize) {
        let size = data.len() + EACH;
        if self.bytes + size > limit {
            self.dropped += 1;
            return;
        }
        self.bytes += size;
        self.datagrams.push_back(Datagram { from, data: data.to_vec() });
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").field("datagrams", &self.len()).finish_non_exhaustive()
    }
}

/// The socket's side of the inbox.
struct Filler(Arc<Shared>);

impl Handler for Filler {
    fn on_open(&mut self, _socket: &mut Session<'_>) {
        self.0.state.update(|state| state.ended = None);
    }

    fn on_datagram(&mut self, _socket: &mut Session<'_>, from: SocketAddr, data: &[u8]) {
        self.0.state.update(|state| state.put(from, data, self.0.limit));
    }

    fn on_error(&mut self, _socket: &mut Session<'_>, error: &Error) {
        self.0.state.update(|state| state.failure = Some(error.clone()));
    }

    fn on_close(&mut self, _socket: &mut Session<'_>, reason: &CloseReason) {
        self.0.state.update(|state| state.ended = Some(reason.clone()));
    }
}
