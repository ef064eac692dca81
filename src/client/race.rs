//! One attempt to connect: all addresses of the peer, as RFC 8305 says.

use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::net::{self, Endpoint, Eyeballs, Sockets, Step, Stream};
use crate::service::{Home, Task, Token};

/// The sockets of an attempt, and the machine that says when to try which address.
pub(super) struct Race {
    order: Eyeballs,
    runners: Vec<Runner>,
    /// Whom too many others wait for. Nothing tells when that changes.
    busy: Vec<Busy>,
    failure: Option<Error>,
}

struct Runner {
    target: Endpoint,
    stream: Stream,
    token: Token,
}

struct Busy {
    target: Endpoint,
    again: Instant,
    delay: Duration,
}

pub(super) enum Outcome {
    /// The connection, and with whom.
    Won(Stream, Endpoint),
    /// All addresses failed; why the last one did.
    Lost(Error),
    /// To be stepped again when a socket is ready, or at this time.
    Until(Option<Instant>),
}

/// What a step is taken with.
pub(super) struct Track<'a, T> {
    pub(super) now: Instant,
    pub(super) home: &'a Home,
    pub(super) task: &'a Arc<T>,
    pub(super) sockets: &'a Sockets,
}

impl Race {
    pub(super) fn new(targets: Vec<Endpoint>) -> Self {
        let order = Eyeballs::new(targets);
        Self { order, runners: Vec::new(), busy: Vec::new(), failure: None }
    }

    /// Looks at all sockets, and starts what is due.
    pub(super) fn step<T: Task>(&mut self, track: &Track<'_, T>) -> Outcome {
        if let Some((stream, target)) = self.winner(track.now, track.home) {
            self.end(track.home);
            return Outcome::Won(stream, target);
        }
        while let Some(due) = self.busy.iter().position(|busy| busy.again <= track.now) {
            let Busy { target, delay, .. } = self.busy.swap_remove(due);
            if let Some(won) = self.start(target, delay.saturating_mul(2).min(SLOWEST), track) {
                return won;
            }
        }
        loop {
            match self.order.poll(track.now) {
                Step::Start(target) => {
                    if let Some(won) = self.start(target, QUICKEST, track) {
                        return won;
                    }
                }
                Step::Wait(until) => {
                    let again = self.busy.iter().map(|busy| busy.again);
                    return Outcome::Until(again.chain(until).min());
                }
                Step::Failed => {
                    let unknown = || Error::new(ErrorKind::Unreachable, "connect to any address");
                    return Outcome::Lost(self.failure.take().unwrap_or_else(unknown));
                }
            }
        }
    }

    /// Closes all sockets.
    pub(super) fn end(&mut self, home: &Home) {
        for runner in self.runners.drain(..) {
            drop(runner.leave(home));
        }
    }

    fn winner(&mut self, now: Instant, home: &Home) -> Option<(Stream, Endpoint)> {
        let mut index = 0;
        while let Some(runner) = self.runners.get(index) {
            match net::outcome(&runner.stream) {
                None => index += 1,
                Some(Ok(())) => {
                    let runner = self.runners.swap_remove(index);
                    let target = runner.target.clone();
                    return Some((runner.leave(home), target));
                }
                Some(Err(error)) => {
                    let runner = self.runners.swap_remove(index);
                    let error = Error::io("connect to", error).on(&runner.target);
                    self.failed(&runner.target, now, error);
                    drop(runner.leave(home));
                }
            }
        }
        None
    }

    /// Begins to connect. Without a network in between that is all there is to it: it has won, or
    /// it waits so long before it asks again.
    fn start<T: Task>(
        &mut self,
        target: Endpoint,
        delay: Duration,
        track: &Track<'_, T>,
    ) -> Option<Outcome> {
        let started = net::start(&target, track.sockets);
        match started {
            Ok(stream) if target.socket_addr().is_none() => {
                self.end(track.home);
                return Some(Outcome::Won(stream, target));
            }
            Ok(stream) => match Runner::enter(target.clone(), stream, track) {
                Ok(runner) => self.runners.push(runner),
                Err(error) => self.failed(&target, track.now, error),
            },
            Err(error) if net::is_busy(&target, &error) => {
                self.busy.push(Busy { target, again: track.now + delay, delay });
            }
            Err(error) => self.failed(&target, track.now, error),
        }
        None
    }

    fn failed(&mut self, target: &Endpoint, now: Instant, error: Error) {
        self.order.failed(now, target);
        self.failure = Some(error);
    }
}

impl Runner {
    fn enter<T: Task>(target: Endpoint, mut stream: Stream, track: &Track<'_, T>) -> Result<Self> {
        let source = Arc::clone(track.task) as Arc<dyn Task>;
        let registered = track.home.attach(source, |registry, token| {
            stream.register(registry, token, || Waker::noop().clone())
        });
        match registered {
            Ok(token) => Ok(Self { target, stream, token }),
            Err(error) => Err(Error::io("connect to", error).on(target)),
        }
    }

    fn leave(mut self, home: &Home) -> Stream {
        if let Err(error) = self.stream.deregister(home.registry()) {
            log::debug!(target: "sockeye::client", "deregistering a socket: {error}");
        }
        home.detach(self.token);
        self.stream
    }
}

/// How long to wait before asking again where too many wait to be accepted: at first, doubling
/// each time, and at most.
const QUICKEST: Duration = Duration::from_millis(1);
const SLOWEST: Duration = Duration::from_millis(64);
