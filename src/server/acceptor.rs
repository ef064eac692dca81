//! An acceptor: one listening socket on one home, and the way of its connections to theirs.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::task::Wake;
use std::time::Duration;

use super::Overload;
use super::shared::Shared;
use crate::error::{Error, Result, out_of_resources};
use crate::net::Listener;
use crate::service::{Home, Next, Ready, Seat, Task, Token, Worker, contain, deadline, lock};

/// Connections accepted in one turn, before others have theirs.
const ACCEPTS: usize = 64;

/// How long accepting pauses when there are no file descriptors left.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Acceptor {
    seat: Seat,
    this: Weak<Self>,
    server: Arc<Shared>,
    /// New sessions stay on the acceptor's home.
    stay: bool,
    stop: AtomicBool,
    body: Mutex<Body>,
}

struct Body {
    listener: Option<Listener>,
    token: Token,
    /// Somebody may be waiting to be accepted.
    ready: bool,
    /// There were no file descriptors left, which has been said.
    exhausted: bool,
}

impl Acceptor {
    /// Starts to accept.
    pub(super) fn start(
        server: &Arc<Shared>,
        home: &Arc<Home>,
        listener: Listener,
        stay: bool,
    ) -> Result<Arc<Self>> {
        let listener = Some(listener);
        let body = Body { listener, token: Token::default(), ready: false, exhausted: false };
        let acceptor = Arc::new_cyclic(|this| Self {
            seat: Seat::new(home),
            this: Weak::clone(this),
            server: Arc::clone(server),
            stay,
            stop: AtomicBool::new(false),
            body: Mutex::new(body),
        });
        acceptor.register(home)?;
        server.service().begun();
        Ok(acceptor)
    }

    /// Stops accepting, in a turn of its own.
    pub(super) fn stop(self: &Arc<Self>) {
        self.stop.store(true, Ordering::Release);
        Seat::notify(self, Ready::MAIL);
    }

    /// There may be somebody to accept: a connection has come, or ended and made room for one.
    pub(super) fn resume(self: &Arc<Self>) {
        Seat::notify(self, Ready::READABLE);
    }

    fn register(self: &Arc<Self>, home: &Arc<Home>) -> Result<()> {
        let mut body = lock(&self.body);
        let Body { listener: Some(listener), token, .. } = &mut *body else { return Ok(()) };
        let task = Arc::clone(self) as Arc<dyn Task>;
        let waker = || Arc::new(Knock(Weak::clone(&self.this))).into();
        let registered =
            home.attach(task, |registry, token| listener.register(registry, token, waker));
        let failed = |error| Error::io("poll the listener on", error).on(listener.local_addr());
        *token = registered.map_err(failed)?;
        Ok(())
    }

    fn close(&self, body: &mut Body) {
        let Some(mut listener) = body.listener.take() else { return };
        let home = self.seat.home();
        if let Err(error) = listener.deregister(home.registry()) {
            log::debug!(target: "sockeye::server", "deregistering a listener: {error}");
        }
        drop(listener);
        home.detach(body.token);
        self.server.acceptor_stopped();
        self.server.service().ended();
    }

    /// Accepts within the budget; true when there may be more.
    fn accept(&self, body: &mut Body) -> bool {
        for _ in 0..ACCEPTS {
            let place = self.server.reserve();
            if place.is_none() && self.server.overload == Overload::Queue {
                return false;
            }
            let Some(listener) = &body.listener else { return false };
            match listener.accept() {
                Ok((stream, peer)) => {
                    body.exhausted = false;
                    // Who had the last place may have left since.
                    let place = place.or_else(|| self.server.reserve());
                    let home = if self.stay { self.seat.home() } else { self.server.next_home() };
                    self.server.accept(stream, peer, home, place);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    body.ready = false;
                    return false;
                }
                // The peer was gone before it was accepted; or a signal.
                Err(error) if is_transient(&error) => {}
                Err(error) => {
                    self.pause(body, error);
                    return false;
                }
            }
        }
        true
    }

    /// Neither spins nor gives up. That there are no file descriptors is said once.
    fn pause(&self, body: &mut Body, error: io::Error) {
        let exhausted = out_of_resources(&error);
        if let (false, Some(listener)) = (exhausted && body.exhausted, &body.listener) {
            self.server.failed_to_accept(error, listener.local_addr());
        }
        body.exhausted = exhausted;
        if let Some(this) = self.this.upgrade() {
            self.seat.home().arm(deadline(PAUSE), this);
        }
    }
}

impl Task for Acceptor {
    fn seat(&self) -> &Seat {
        &self.seat
    }

    fn turn(&self, ready: Ready, _worker: &mut Worker) -> Next {
        let mut body = lock(&self.body);
        if self.stop.load(Ordering::Acquire) {
            self.close(&mut body);
            return Next::Idle;
        }
        body.ready |= ready.has(Ready::READABLE | Ready::HANGUP | Ready::TIMER);
        if !body.ready {
            return Next::Idle;
        }
        match contain("accept connections", || self.accept(&mut body)) {
            Ok(true) => Next::Again,
            Ok(false) => Next::Idle,
            Err(error) => {
                self.server.report(&error);
                Next::Again
            }
        }
    }
}

/// Listeners without a file descriptor wake their acceptor through this.
struct Knock(Weak<Acceptor>);

impl Wake for Knock {
    fn wake(self: Arc<Self>) {
        if let Some(acceptor) = self.0.upgrade() {
            acceptor.resume();
        }
    }
}

fn is_transient(error: &io::Error) -> bool {
    match error.kind() {
        io::ErrorKind::ConnectionAborted
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::Interrupted
        | io::ErrorKind::TimedOut
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable => true,
        // macOS accepts a connection that was reset meanwhile, and tells no address for it, of which
        // mio makes this. The system's own EINVAL says that the socket does not listen.
        io::ErrorKind::InvalidInput => error.raw_os_error().is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_is_gone_already_holds_up_nobody() {
        for kind in [
            io::ErrorKind::ConnectionAborted,
            io::ErrorKind::ConnectionReset,
            io::ErrorKind::InvalidInput,
        ] {
            assert!(is_transient(&kind.into()), "{kind}");
        }
    }

    /// To accept again at once would spin.
    #[test]
    fn a_socket_that_does_not_listen_is_no_matter_of_one_peer() {
        // WSAEINVAL; EINVAL.
        let error = io::Error::from_raw_os_error(if cfg!(windows) { 10022 } else { 22 });
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(!is_transient(&error));
        assert!(!is_transient(&io::Error::other("something else")));
    }
}
