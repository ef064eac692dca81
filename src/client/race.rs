//! One attempt to connect: all addresses of the peer, as RFC 8305 says.

use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use crate::error::{Error, ErrorKind};
use crate::net::{self, Endpoint, Eyeballs, Step, Stream, TcpOptions};
use crate::service::{Home, Task, Token};

/// The sockets of an attempt, and the machine that says when to try which address.
pub(super) struct Race {
    order: Eyeballs,
    runners: Vec<Runner>,
    failure: Option<Error>,
}

struct Runner {
    address: SocketAddr,
    stream: Stream,
    token: Token,
}

pub(super) enum Outcome {
    Won(Stream, Endpoint),
    /// All addresses failed; why the last one did.
    Lost(Error),
    /// To be stepped again when a socket is ready, or at this time.
    Until(Option<Instant>),
}

impl Race {
    pub(super) fn new(addresses: Vec<SocketAddr>) -> Self {
        Self { order: Eyeballs::new(addresses), runners: Vec::new(), failure: None }
    }

    /// Looks at all sockets, and starts what is due.
    pub(super) fn step<T: Task>(
        &mut self,
        now: Instant,
        home: &Home,
        task: &Arc<T>,
        options: &TcpOptions,
    ) -> Outcome {
        if let Some((stream, peer)) = self.winner(now, home) {
            self.end(home);
            return Outcome::Won(stream, peer);
        }
        loop {
            match self.order.poll(now) {
                Step::Start(address) => self.start(address, now, home, task, options),
                Step::Wait(until) => return Outcome::Until(until),
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
                    let peer = runner.stream.peer_addr();
                    let peer = peer.unwrap_or_else(|| Endpoint::from(runner.address));
                    return Some((runner.leave(home), peer));
                }
                Some(Err(error)) => {
                    let runner = self.runners.swap_remove(index);
                    self.failed(runner.address, now, error);
                    drop(runner.leave(home));
                }
            }
        }
        None
    }

    fn start<T: Task>(
        &mut self,
        address: SocketAddr,
        now: Instant,
        home: &Home,
        task: &Arc<T>,
        options: &TcpOptions,
    ) {
        let started = net::start(address, options).and_then(|mut stream| {
            let source = Arc::clone(task) as Arc<dyn Task>;
            let token = home.attach(source, |registry, token| {
                stream.register(registry, token, || Waker::noop().clone())
            })?;
            Ok(Runner { address, stream, token })
        });
        match started {
            Ok(runner) => self.runners.push(runner),
            Err(error) => self.failed(address, now, error),
        }
    }

    fn failed(&mut self, address: SocketAddr, now: Instant, error: std::io::Error) {
        self.order.failed(now, address);
        self.failure = Some(Error::io("connect to", error).on(address));
    }
}

impl Runner {
    fn leave(mut self, home: &Home) -> Stream {
        if let Err(error) = self.stream.deregister(home.registry()) {
            log::debug!(target: "sockeye::client", "deregistering a socket: {error}");
        }
        home.detach(self.token);
        self.stream
    }
}
