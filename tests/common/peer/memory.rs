//! A peer in memory: a session of the service itself, with calls that wait.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::mem;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use sockeye::testing::{Conditions, set_conditions};
use sockeye::{Client, CloseReason, Endpoint, Limits, Server, Service, raw};

use super::{LIMIT, Line, Peer};

/// Several of these are one connection.
#[derive(Clone)]
pub struct Memory {
    held: Arc<Held>,
    /// What waits to be sent at most.
    queue: usize,
    nonblocking: bool,
}

/// Closes the connection when nobody holds it any more.
struct Held {
    handle: raw::Handle,
    shared: Arc<Shared>,
    /// What the session is of.
    _owner: Owner,
}

/// They live as long as they are held.
enum Owner {
    Client(#[expect(dead_code, reason = "held")] Client),
    Server(#[expect(dead_code, reason = "held")] Server),
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    opened: Option<(Endpoint, Endpoint)>,
    data: VecDeque<u8>,
    ended: bool,
    closed: Option<ErrorKind>,
    paused: bool,
}

impl Memory {
    pub fn connected(service: &Service, to: &Endpoint) -> Self {
        let shared = Arc::<Shared>::default();
        let filling = Filling { shared: Arc::clone(&shared), opened: None };
        let builder = Client::builder(service, raw::client(filling)).limits(limits());
        let client = builder.connect(to).unwrap();
        // Who is cut off at once is told so by the first read.
        if let Err(error) = client.wait_connected(LIMIT) {
            assert_eq!(error.kind(), sockeye::ErrorKind::Closed);
        }
        let handle = client.handle();
        Self::of(Held { handle, shared, _owner: Owner::Client(client) })
    }

    /// The same, of little capacity.
    pub fn narrow(service: &Service, to: &Endpoint) -> Self {
        let narrow = Conditions::default().capacity(super::NARROW);
        set_conditions(service, to.to_string(), narrow).unwrap();
        Self { queue: super::NARROW, ..Self::connected(service, to) }
    }

    fn of(held: Held) -> Self {
        Self { held: Arc::new(held), queue: QUEUE, nonblocking: false }
    }

    fn ends(&self) -> (Endpoint, Endpoint) {
        self.held.shared.state.lock().unwrap().opened.clone().expect("it has been open")
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // As a socket: unread data is lost, and both sides are told.
        match self.shared.state.lock().unwrap().data.is_empty() {
            true => self.handle.close(),
            false => self.handle.abort(),
        }
    }
}

/// A server of such sessions.
pub struct MemoryListener {
    server: Server,
    opened: Receiver<(raw::Handle, Arc<Shared>)>,
}

impl MemoryListener {
    pub fn new(service: &Service, at: &Endpoint) -> Self {
        let (told, opened) = channel();
        let protocol =
            raw::server(move |_| Filling { shared: Arc::default(), opened: Some(told.clone()) });
        let server = Server::builder(service, protocol).limits(limits()).listen(at).unwrap();
        Self { server, opened }
    }

    pub fn accept(&self) -> Option<Peer> {
        let (handle, shared) = self.opened.try_recv().ok()?;
        let _owner = Owner::Server(self.server.clone());
        Some(Peer(Box::new(Memory::of(Held { handle, shared, _owner }))))
    }
}

impl Drop for MemoryListener {
    fn drop(&mut self) {
        self.server.stop().unwrap();
    }
}

/// The session's end of it.
struct Filling {
    shared: Arc<Shared>,
    /// Who accepts it, if anybody shall.
    opened: Option<Sender<(raw::Handle, Arc<Shared>)>>,
}

impl raw::Handler for Filling {
    fn on_open(&mut self, session: &mut raw::Session<'_>) {
        let ends = session.local_addr().zip(session.peer_addr());
        self.shared.state.lock().unwrap().opened = ends;
        if let Some(opened) = &self.opened {
            let _ = opened.send((session.handle(), Arc::clone(&self.shared)));
        }
    }

    fn on_data(&mut self, session: &mut raw::Session<'_>, data: &[u8]) {
        let mut state = self.shared.state.lock().unwrap();
        state.data.extend(data);
        if state.data.len() >= INBOX {
            state.paused = true;
            session.pause();
        }
        self.shared.changed.notify_all();
    }

    fn on_sent(&mut self, _: &mut raw::Session<'_>, _: usize, _: usize) {
        // Under the lock, so that nobody misses it.
        let _state = self.shared.state.lock().unwrap();
        self.shared.changed.notify_all();
    }

    fn on_end(&mut self, _: &mut raw::Session<'_>) -> raw::End {
        self.shared.state.lock().unwrap().ended = true;
        self.shared.changed.notify_all();
        raw::End::KeepOpen
    }

    fn on_close(&mut self, _: &mut raw::Session<'_>, reason: &CloseReason) {
        let kind = match reason {
            CloseReason::Reset => ErrorKind::ConnectionReset,
            _ => ErrorKind::ConnectionAborted,
        };
        self.shared.state.lock().unwrap().closed = Some(kind);
        self.shared.changed.notify_all();
    }
}

impl Memory {
    /// Waits until there is something to be told.
    fn wait<T>(&self, mut ready: impl FnMut(&mut State) -> Option<io::Result<T>>) -> io::Result<T> {
        let deadline = Instant::now() + LIMIT;
        let mut state = self.held.shared.state.lock().unwrap();
        loop {
            if let Some(result) = ready(&mut state) {
                return result;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return Err(ErrorKind::WouldBlock.into());
            }
            state = self.held.shared.changed.wait_timeout(state, left).unwrap().0;
        }
    }
}

impl Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wait(|state| {
            if state.data.is_empty() {
                let closed = state.closed.map(|kind| Err(kind.into()));
                return if state.ended { Some(Ok(0)) } else { closed };
            }
            let count = state.data.read(buffer);
            if state.data.is_empty() && mem::take(&mut state.paused) {
                self.held.handle.resume();
            }
            Some(count)
        })
    }
}

impl Write for Memory {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let data = &data[..data.len().min(self.queue)];
        let handle = &self.held.handle;
        self.wait(|state| {
            if let Some(kind) = state.closed {
                return Some(Err(kind.into()));
            }
            if handle.pending() + data.len() > self.queue {
                return self.nonblocking.then(|| Err(ErrorKind::WouldBlock.into()));
            }
            match handle.send(data).is_queued() {
                true => Some(Ok(data.len())),
                false => Some(Err(ErrorKind::BrokenPipe.into())),
            }
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Line for Memory {
    fn another(&self) -> Box<dyn Line> {
        Box::new(self.clone())
    }

    fn set_nonblocking(&mut self, on: bool) -> io::Result<()> {
        self.nonblocking = on;
        Ok(())
    }

    fn finish(&self) -> io::Result<()> {
        self.held.handle.post(|session| session.finish()).map_err(io::Error::other)
    }

    fn reset(self: Box<Self>) {
        self.held.handle.abort();
    }

    fn endpoint(&self) -> Endpoint {
        self.ends().0
    }

    fn remote(&self) -> Endpoint {
        self.ends().1
    }
}

fn limits() -> Limits {
    Limits::default().queue(BOUND).marks(0, BOUND).close(2 * LIMIT)
}

/// What waits in a peer to be sent and to be received: about as much as in a socket.
const QUEUE: usize = 256 << 10;
const INBOX: usize = 4 << 10;

/// More than ever waits: a session whose queue is full would not read.
const BOUND: usize = 64 << 20;
