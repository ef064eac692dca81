//! A session driven by hand: its peer is the test.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Side;
use super::peer::{End, Peer};
use super::stand_in::StandIn;
use crate::net::{Faults, memory};
use crate::service::{Service, deadline};
use crate::session::{CloseReason, Handle, Link};

/// One session without a socket, and the test in its peer's place.
///
/// Everything happens in these functions, on the caller's thread, and until there is nothing more
/// to do: no thread, nothing to wait for, the same each time. What the functions return is what
/// the session has sent since the last of them.
///
/// ```
/// use sockeye::testing::Harness;
/// use sockeye::{CloseReason, raw};
///
/// /// Answers each line with the line reversed.
/// #[derive(Default)]
/// struct Reverse(Vec<u8>);
///
/// impl raw::Handler for Reverse {
///     fn on_data(&mut self, session: &mut raw::Session<'_>, data: &[u8]) {
///         for &byte in data {
///             if byte == b'\n' {
///                 self.0.reverse();
///                 self.0.push(b'\n');
///                 session.send(std::mem::take(&mut self.0));
///             } else {
///                 self.0.push(byte);
///             }
///         }
///     }
/// }
///
/// let mut peer = Harness::new(raw::server(|_| Reverse::default()));
/// assert_eq!(peer.feed("stressed\ndrawer\n"), b"desserts\nreward\n");
/// assert_eq!(peer.feed("live"), b"");
/// assert_eq!(peer.feed("d\n"), b"devil\n");
///
/// peer.finish();
/// assert!(matches!(peer.closed(), Some(CloseReason::Remote)));
/// ```
///
/// The session is open from the start. It ends as on a socket: one that closes says so
/// ([`is_finished`](Self::is_finished)) and waits for its peer to [`finish`](Self::finish). When
/// the harness is dropped, it ends with [`CloseReason::Shutdown`].
///
/// A callback that panics closes the session, here as everywhere: the test sees
/// [`CloseReason::Panic`] in [`closed`](Self::closed).
///
/// # Panics
///
/// All functions that run the session do, when it does not come to rest: when a handler sends
/// without end, or keeps posting jobs to itself. Also in callbacks of the same service.
pub struct Harness {
    /// Goes first, so that a stop ends the session before the peer is gone.
    service: Service,
    stand_in: Arc<StandIn>,
    link: Arc<Link>,
    peer: Peer,
    faults: Faults,
    capacity: usize,
}

impl Harness {
    /// Opens a session, of a server or of a client, on a service of its own.
    ///
    /// # Panics
    ///
    /// When the operating system gives no poller.
    #[track_caller]
    pub fn new(side: impl Into<Side>) -> Self {
        let service = Service::builder().threads(0).start().expect("a service without threads");
        Self::on(&service, side)
    }

    /// Opens a session on a service with 0 threads: for handlers that need it for their groups or
    /// timers. Several harnesses can share one. Running one of them then runs the sessions of all,
    /// and each has its own peer.
    ///
    /// ```
    /// use sockeye::testing::Harness;
    /// use sockeye::{Service, raw};
    ///
    /// struct Member(raw::Group);
    /// impl raw::Handler for Member {
    ///     fn on_open(&mut self, session: &mut raw::Session<'_>) {
    ///         session.join(&self.0);
    ///     }
    ///     fn on_data(&mut self, session: &mut raw::Session<'_>, data: &[u8]) {
    ///         self.0.send_except(session.id(), data);
    ///     }
    /// }
    ///
    /// let service = Service::builder().threads(0).start()?;
    /// let room = raw::Group::new(&service);
    /// let [mut alice, mut bob] = std::array::from_fn(|_| {
    ///     let room = room.clone();
    ///     Harness::on(&service, raw::server(move |_| Member(room.clone())))
    /// });
    /// assert_eq!(alice.feed("hello"), b"");
    /// assert_eq!(bob.take(), b"hello");
    /// # Ok::<(), sockeye::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// When the service has threads of its own ([`connect`](super::connect) is for these), or is
    /// stopped.
    #[track_caller]
    pub fn on(service: &Service, side: impl Into<Side>) -> Self {
        let side = side.into();
        assert!(service.threads() == 0, "a harness needs a service without threads");
        assert!(service.is_running(), "a harness needs a service that is not stopped");
        let (faults, capacity) = (side.faults.clone(), side.capacity);
        let (stream, peer) = memory::pair(capacity, faults.clone(), Faults::default());
        let stand_in = StandIn::new(service.inner(), side);
        let link = stand_in.open(stream);
        let service = service.clone();
        let mut harness = Self { service, stand_in, link, peer: Peer::new(peer), faults, capacity };
        harness.run();
        harness
    }

    /// Sends bytes to the session, and returns its answer.
    ///
    /// Bytes for which there is no room, because the session does not read, are kept and sent
    /// when there is; [`unsent`](Self::unsent) counts them. Behind an end, or to a session that is
    /// gone, nothing is sent.
    #[track_caller]
    pub fn feed(&mut self, data: impl AsRef<[u8]>) -> Vec<u8> {
        self.peer.give(data.as_ref());
        self.take()
    }

    /// Says that nothing more will be sent (TCP: FIN), behind all that is fed already, and returns
    /// the session's answer.
    #[track_caller]
    pub fn finish(&mut self) -> Vec<u8> {
        self.peer.finish();
        self.take()
    }

    /// Cuts the connection (TCP: RST). What was fed and not read yet is lost, and so is what the
    /// session sent to a paused peer; the rest is returned.
    #[track_caller]
    pub fn reset(&mut self) -> Vec<u8> {
        self.peer.reset();
        self.take()
    }

    /// Goes away without another word, as a program that is killed: the session may still read
    /// what was sent, but writes in vain. If the peer has not read everything, that is a reset.
    #[track_caller]
    pub fn hang_up(&mut self) -> Vec<u8> {
        self.peer.hang_up();
        self.take()
    }

    /// Reads nothing more until [`resume`](Self::resume), so that the session finds its socket
    /// full after [`Side::capacity`] bytes.
    pub fn pause(&mut self) {
        self.peer.pause();
    }

    /// Reads again, and returns what the session has sent and sends now that it can.
    #[track_caller]
    pub fn resume(&mut self) -> Vec<u8> {
        self.peer.resume();
        self.take()
    }

    /// What the session has sent and was not returned yet: for what it says of its own accord, or
    /// is made to through its [`handle`](Self::handle) or a group.
    #[track_caller]
    pub fn take(&mut self) -> Vec<u8> {
        self.run();
        self.peer.take()
    }

    /// Does what there is to do; what the session sends is returned by the next function that
    /// returns such.
    #[track_caller]
    pub fn run(&mut self) {
        let mut idle_rounds = 0;
        loop {
            let ran = self.poll(Duration::ZERO);
            let moved = self.peer.pump();
            if !ran && !moved {
                return;
            }
            idle_rounds = if moved { 0 } else { idle_rounds + 1 };
            assert!(idle_rounds < ROUNDS, "the session keeps itself busy without end");
            assert!(self.peer.received() < OUTPUT, "the session sends without end");
        }
    }

    /// Runs, waiting meanwhile, until `done`, or until the time has passed: then false. For what
    /// needs the clock or other threads: limits in time, timers, jobs.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sockeye::testing::{Harness, Side};
    /// use sockeye::{Limits, raw};
    ///
    /// let limits = Limits::default().idle(Duration::from_millis(1));
    /// let mut peer = Harness::new(Side::new(raw::server(|_| raw::Discard)).limits(limits));
    /// assert!(peer.run_until(Duration::from_secs(20), |peer| peer.is_finished()));
    /// ```
    #[track_caller]
    pub fn run_until(&mut self, within: Duration, mut done: impl FnMut(&mut Self) -> bool) -> bool {
        let deadline = deadline(within);
        loop {
            self.run();
            if done(self) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            self.poll(left.min(SLICE));
        }
    }

    /// Connects again after the session is closed, as clients do: a client's handler is told of
    /// the new connection and its handle is the same; a server makes another session. The faults
    /// begin anew.
    ///
    /// # Panics
    ///
    /// When the session is open.
    #[track_caller]
    pub fn reconnect(&mut self) {
        self.run();
        assert!(self.closed().is_some(), "only a session that is closed can be connected again");
        let (stream, peer) = memory::pair(self.capacity, self.faults.clone(), Faults::default());
        self.link = self.stand_in.open(stream);
        self.peer = Peer::new(peer);
        self.run();
    }

    /// The session as other threads hold it.
    pub fn handle(&self) -> Handle {
        Handle::new(Arc::clone(&self.link))
    }

    /// Why the session was closed, as `on_close` was told; `None` while it is open or closing.
    pub fn closed(&self) -> Option<CloseReason> {
        self.stand_in.closed()
    }

    /// True when the peer has read the session's end behind everything it sent: it has finished
    /// sending, or is closed.
    pub fn is_finished(&self) -> bool {
        self.peer.end() == Some(End::Finished)
    }

    /// True when the peer found the connection reset, with whatever it had not read lost.
    pub fn is_reset(&self) -> bool {
        self.peer.end() == Some(End::Reset)
    }

    /// Bytes that were fed and did not find room yet. Those that the session has not read either
    /// are at most [`Side::capacity`] more.
    pub fn unsent(&self) -> usize {
        self.peer.unsent()
    }

    /// The service that the session is on.
    pub fn service(&self) -> &Service {
        &self.service
    }

    #[track_caller]
    fn poll(&self, within: Duration) -> bool {
        self.service.poll_once(within).expect("nobody else runs the harness's service")
    }
}

impl fmt::Debug for Harness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Harness")
            .field("session", &self.handle())
            .field("closed", &self.closed())
            .field("unsent", &self.unsent())
            .field("received", &self.peer.received())
            .finish_non_exhaustive()
    }
}

/// Rounds in a row without a byte either way, after which a session is thought never to rest.
const ROUNDS: usize = 1 << 13;

/// Bytes in one answer, likewise.
const OUTPUT: usize = 256 << 20;

/// How long a wait may overlook that its condition has come true.
const SLICE: Duration = Duration::from_millis(5);
