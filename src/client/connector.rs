//! The connector: a client's way to a connection, and to the next one.
//!
//! ```text
//!   Idle ─▶ Resolving ─▶ Racing ─▶ Connected ─▶ Idle, or Waiting ─▶ Resolving ..
//!                 └─────────┴─▶ Waiting, when an attempt fails and there shall be another
//! ```
//!
//! It is a strand of its own beside the session's, on the same home.

use std::hash::{BuildHasher, RandomState};
use std::mem;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use super::race::{Outcome, Race, Track};
use super::shared::Shared;
use super::{Backoff, State};
use crate::error::{Error, ErrorKind, Result};
use crate::net::{Address, Endpoint, Resolver, Sockets, Stream, Transport};
use crate::service::{
    Account, Ending, Home, Inner, Next, Ready, Seat, Task, TimerKey, Worker, contain, deadline,
    lock,
};
use crate::session::{Book, By, CloseReason, Protocol};

pub(super) struct Connector {
    seat: Seat,
    this: Weak<Self>,
    client: Weak<Shared>,
    service: Arc<Inner>,
    /// Also for who gives up an attempt when the client is gone.
    book: Arc<Account<Book>>,
    addresses: Vec<Address>,
    sockets: Sockets,
    #[cfg(feature = "tls")]
    tls: Option<crate::tls::ClientConfig>,
    #[cfg(all(feature = "http", feature = "tls"))]
    tunnel: Option<crate::net::Tunnel>,
    timeout: Duration,
    backoff: Option<Backoff>,
    resolver: Resolver,
    commands: Mutex<Vec<Command>>,
    body: Mutex<Body>,
}

pub(super) struct Settings {
    pub(super) addresses: Vec<Address>,
    pub(super) sockets: Sockets,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<crate::tls::ClientConfig>,
    #[cfg(all(feature = "http", feature = "tls"))]
    pub(super) tunnel: Option<crate::net::Tunnel>,
    pub(super) timeout: Duration,
    pub(super) backoff: Option<Backoff>,
    pub(super) resolver: Option<Resolver>,
    pub(super) protocol: Box<dyn Protocol>,
}

pub(super) enum Command {
    Connect,
    Disconnect(CloseReason, Ending),
    /// What one of the addresses has resolved to.
    Resolved {
        attempt: u64,
        address: usize,
        answer: Result<Vec<SocketAddr>>,
    },
    /// The connection ended.
    Lost {
        reason: CloseReason,
        failure: Error,
        protocol: Option<Box<dyn Protocol>>,
        /// Its handler was told of it.
        opened: bool,
    },
}

struct Body {
    phase: Phase,
    /// While there is no connection.
    protocol: Option<Box<dyn Protocol>>,
    /// Told apart from answers to earlier attempts.
    serial: u64,
    /// Failures since the last connection.
    failures: u32,
    /// The program has asked for a new connection while the last one was being closed.
    renew: bool,
    /// The program, or the end of its service, has told the present connection to end; however it
    /// does, it is not made again.
    let_go: bool,
    /// An attempt is under way, or the next one waited for: a stop of the service waits until it
    /// is given up.
    trying: bool,
    timer: Option<TimerKey>,
}

enum Phase {
    Idle,
    Resolving { deadline: Instant, missing: usize, found: Found, failure: Option<Error> },
    Racing { deadline: Instant, race: Race, found: Found },
    Connected,
    Waiting { until: Instant },
}

/// What to connect to, and by which of the client's addresses.
type Found = Vec<(Endpoint, usize)>;

impl Connector {
    pub(super) fn new(home: &Arc<Home>, client: &Arc<Shared>, settings: Settings) -> Arc<Self> {
        let resolver = settings
            .resolver
            .unwrap_or_else(|| Resolver::clone(&client.service().shared(|| Resolver::new(None))));
        let body = Body {
            phase: Phase::Idle,
            protocol: Some(settings.protocol),
            serial: 0,
            failures: 0,
            renew: false,
            let_go: false,
            trying: false,
            timer: None,
        };
        Arc::new_cyclic(|this| Self {
            seat: Seat::new(home),
            this: Weak::clone(this),
            client: Arc::downgrade(client),
            service: Arc::clone(client.service()),
            book: Arc::clone(client.book()),
            addresses: settings.addresses,
            sockets: settings.sockets,
            #[cfg(feature = "tls")]
            tls: settings.tls,
            #[cfg(all(feature = "http", feature = "tls"))]
            tunnel: settings.tunnel,
            timeout: settings.timeout,
            backoff: settings.backoff,
            resolver,
            commands: Mutex::default(),
            body: Mutex::new(body),
        })
    }

    pub(super) fn command(&self, command: Command) {
        lock(&self.commands).push(command);
        if let Some(this) = self.this.upgrade() {
            Seat::notify(&this, Ready::MAIL);
        }
    }

    fn obey(&self, body: &mut Body, client: &Arc<Shared>, command: Command) {
        match command {
            Command::Connect => {
                self.connect(body, client);
                client.heard();
            }
            Command::Disconnect(reason, how) => self.disconnect(body, client, reason, how),
            Command::Resolved { attempt, .. } if attempt != body.serial => {}
            Command::Resolved { address, answer, .. } => {
                self.resolved(body, client, address, answer);
            }
            Command::Lost { reason, failure, protocol, opened } => {
                body.protocol = protocol;
                if opened {
                    body.failures = 0;
                }
                self.lost(body, client, &reason, failure);
            }
        }
    }

    fn connect(&self, body: &mut Body, client: &Arc<Shared>) {
        match body.phase {
            Phase::Idle | Phase::Waiting { .. } => {
                body.failures = 0;
                self.begin(body, client);
            }
            Phase::Connected => body.renew = !client.link().is_some_and(|link| link.is_open()),
            Phase::Resolving { .. } | Phase::Racing { .. } => {}
        }
    }

    fn disconnect(&self, body: &mut Body, client: &Arc<Shared>, reason: CloseReason, how: Ending) {
        match body.phase {
            Phase::Connected => {
                body.renew = false;
                body.let_go = true;
                if let Some(link) = client.link() {
                    link.end_connection(reason, how);
                }
            }
            // Nothing to end, and the state may be that of a connect that comes next.
            Phase::Idle if client.progress().lock().dropped => self.retire(body, client),
            Phase::Idle => {}
            Phase::Resolving { .. } | Phase::Racing { .. } | Phase::Waiting { .. } => {
                let canceled = Error::new(ErrorKind::Canceled, "connect to").on(self.target());
                self.rest(body, client, Some(canceled));
            }
        }
    }

    fn lost(&self, body: &mut Body, client: &Arc<Shared>, reason: &CloseReason, failure: Error) {
        let wanted = client.progress().lock().wanted;
        let by_us = match reason {
            CloseReason::Local | CloseReason::Aborted | CloseReason::Shutdown => true,
            CloseReason::Farewell(farewell) => farewell.by == By::Us,
            _ => false,
        };
        let let_go = mem::take(&mut body.let_go);
        if mem::take(&mut body.renew) {
            body.failures = 0;
            self.begin(body, client);
        } else if wanted && !by_us && !let_go {
            self.again(body, client, failure);
        } else {
            self.rest(body, client, Some(failure));
        }
    }

    /// Begins an attempt.
    fn begin(&self, body: &mut Body, client: &Arc<Shared>) {
        self.set_trying(body, true);
        self.book.begun();
        client.set_state(State::Connecting, None);
        client.tell(|events| events.on_connecting());
        body.serial += 1;
        let mut found = Vec::new();
        let (mut missing, mut failure) = (0, None);
        for (index, address) in self.addresses.iter().enumerate() {
            match address.literal() {
                Some(literal) => found.push((literal, index)),
                None => match self.look_up(index, body.serial) {
                    Ok(()) => missing += 1,
                    Err(error) => failure = Some(error),
                },
            }
        }
        let deadline = deadline(self.timeout);
        body.phase = Phase::Resolving { deadline, missing, found, failure };
        self.arm(body, deadline);
        self.race_when_resolved(body, client);
    }

    fn look_up(&self, address: usize, attempt: u64) -> Result<()> {
        let this = Weak::clone(&self.this);
        self.resolver.lookup(
            &self.addresses[address],
            Box::new(move |answer| {
                if let Some(this) = this.upgrade() {
                    this.command(Command::Resolved { attempt, address, answer });
                }
            }),
        )
    }

    fn resolved(
        &self,
        body: &mut Body,
        client: &Arc<Shared>,
        address: usize,
        answer: Result<Vec<SocketAddr>>,
    ) {
        let Phase::Resolving { missing, found, failure, .. } = &mut body.phase else { return };
        *missing -= 1;
        match answer {
            Ok(targets) => {
                found.extend(targets.into_iter().map(|target| (Endpoint::from(target), address)));
            }
            Err(error) => *failure = Some(error),
        }
        self.race_when_resolved(body, client);
    }

    fn race_when_resolved(&self, body: &mut Body, client: &Arc<Shared>) {
        let Phase::Resolving { deadline, missing: 0, found, failure } = &mut body.phase else {
            return;
        };
        if found.is_empty() {
            let unresolved = || Error::new(ErrorKind::Unresolved, "connect to").on(self.target());
            let failure = failure.take().unwrap_or_else(unresolved);
            return self.again(body, client, failure);
        }
        let (deadline, found) = (*deadline, mem::take(found));
        let race = Race::new(found.iter().map(|(target, _)| target.clone()).collect());
        body.phase = Phase::Racing { deadline, race, found };
        self.run_race(body, client);
    }

    fn run_race(&self, body: &mut Body, client: &Arc<Shared>) {
        let Phase::Racing { deadline, race, .. } = &mut body.phase else { return };
        let (deadline, now) = (*deadline, Instant::now());
        let Some(this) = self.this.upgrade() else { return };
        let track = Track { now, home: self.seat.home(), task: &this, sockets: &self.sockets };
        match race.step(&track) {
            Outcome::Won(stream, target) => self.connected(body, client, stream, &target),
            Outcome::Lost(error) => self.again(body, client, error),
            Outcome::Until(_) if now >= deadline => {
                let late = Error::new(ErrorKind::TimedOut, "connect to").on(self.target());
                self.again(body, client, late);
            }
            Outcome::Until(next) => {
                self.arm(body, next.map_or(deadline, |next| next.min(deadline)));
            }
        }
    }

    fn connected(&self, body: &mut Body, client: &Arc<Shared>, stream: Stream, target: &Endpoint) {
        let Phase::Racing { deadline, found, .. } = &body.phase else { return };
        let address = found.iter().find(|(endpoint, _)| endpoint == target);
        let address = address.map_or_else(|| self.target(), |(_, index)| &self.addresses[*index]);
        let deadline = *deadline;
        let peer = stream.peer_addr().unwrap_or_else(|| target.clone());
        let transport = match self.transport(stream, address) {
            Ok(transport) => transport,
            Err(error) => return self.again(body, client, error),
        };
        self.clear_phase(body);
        let (Some(link), Some(protocol)) = (client.link(), body.protocol.take()) else {
            return self.rest(body, client, None);
        };
        body.phase = Phase::Connected;
        link.connect(transport, peer, protocol, Some(deadline));
        self.set_trying(body, false);
    }

    /// A server is to prove that it is the host by whose address it was found.
    #[cfg(feature = "tls")]
    fn transport(&self, stream: Stream, address: &Address) -> Result<Transport> {
        #[cfg(feature = "http")]
        if let (Some(config), Some(tunnel)) = (&self.tls, &self.tunnel) {
            return Transport::connect_through(stream, config, tunnel);
        }
        match &self.tls {
            Some(config) => Transport::connect(stream, config, &address.host()),
            None => Ok(stream.into()),
        }
    }

    #[cfg(not(feature = "tls"))]
    fn transport(&self, stream: Stream, _address: &Address) -> Result<Transport> {
        Ok(stream.into())
    }

    /// An attempt or a connection failed: waits for the next one, or gives up.
    fn again(&self, body: &mut Body, client: &Arc<Shared>, failure: Error) {
        if !matches!(body.phase, Phase::Connected) {
            client.report(&failure);
        }
        body.failures += 1;
        let in_vain = body.protocol.as_mut().is_some_and(|protocol| protocol.gives_up());
        let delay = |backoff: &Backoff| backoff.delay(body.failures, random());
        let Some(delay) = self.backoff.as_ref().filter(|_| !in_vain).and_then(delay) else {
            return self.rest(body, client, Some(failure));
        };
        self.set_trying(body, true);
        self.leave_phase(body);
        let until = deadline(delay);
        body.phase = Phase::Waiting { until };
        self.arm(body, until);
        client.set_state(State::Waiting, Some(failure));
        client.tell(|events| events.on_reconnecting(body.failures, delay));
        if let Some(protocol) = &mut body.protocol {
            let waiting = || protocol.on_waiting(body.failures, delay);
            if let Err(error) = contain("tell a handler of the next attempt", waiting) {
                client.report(&error);
            }
        }
    }

    /// Nothing more is tried until the program wants it.
    fn rest(&self, body: &mut Body, client: &Arc<Shared>, failure: Option<Error>) {
        self.leave_phase(body);
        body.phase = Phase::Idle;
        client.rest(failure);
        if client.progress().lock().dropped {
            self.retire(body, client);
        }
        self.set_trying(body, false);
    }

    /// The client and all who could use it are gone.
    fn abandon(&self, body: &mut Body) {
        self.leave_phase(body);
        body.phase = Phase::Idle;
        if let Err(error) = contain("drop a handler", || body.protocol = None) {
            self.service.report(&error);
        }
        self.set_trying(body, false);
    }

    fn set_trying(&self, body: &mut Body, trying: bool) {
        match (mem::replace(&mut body.trying, trying), trying) {
            (false, true) => self.service.begun(),
            (true, false) => self.service.ended(),
            (false, false) | (true, true) => {}
        }
    }

    /// Nobody will ever connect again.
    fn retire(&self, body: &mut Body, client: &Arc<Shared>) {
        if let Some(link) = client.link() {
            link.retire();
        }
        if let Err(error) = contain("drop a handler", || body.protocol = None) {
            client.report(&error);
        }
    }

    /// Ends an attempt, if one is under way, that has come to nothing.
    fn leave_phase(&self, body: &mut Body) {
        if matches!(body.phase, Phase::Resolving { .. } | Phase::Racing { .. }) {
            self.book.page(0).failed();
        }
        self.clear_phase(body);
    }

    fn clear_phase(&self, body: &mut Body) {
        if let Some(timer) = body.timer.take() {
            self.seat.home().disarm(timer);
        }
        body.serial += 1;
        if let Phase::Racing { race, .. } = &mut body.phase {
            race.end(self.seat.home());
        }
    }

    fn look_at_time(&self, body: &mut Body, client: &Arc<Shared>) {
        body.timer = None;
        let now = Instant::now();
        match &body.phase {
            Phase::Resolving { deadline, .. } if now >= *deadline => {
                let late = Error::new(ErrorKind::TimedOut, "resolve").on(self.target());
                self.again(body, client, late);
            }
            Phase::Waiting { until } if now >= *until => self.begin(body, client),
            Phase::Racing { .. } => self.run_race(body, client),
            Phase::Resolving { deadline: due, .. } | Phase::Waiting { until: due } => {
                let due = *due;
                self.arm(body, due);
            }
            Phase::Idle | Phase::Connected => {}
        }
    }

    fn arm(&self, body: &mut Body, due: Instant) {
        let home = self.seat.home();
        if let Some(timer) = body.timer.take() {
            home.disarm(timer);
        }
        body.timer = self.this.upgrade().and_then(|this| home.arm(due, this));
    }

    fn target(&self) -> &Address {
        &self.addresses[0]
    }
}

impl Task for Connector {
    fn seat(&self) -> &Seat {
        &self.seat
    }

    fn turn(&self, ready: Ready, _worker: &mut Worker) -> Next {
        let mut body = lock(&self.body);
        let Some(client) = self.client.upgrade() else {
            self.abandon(&mut body);
            return Next::Idle;
        };
        let commands = mem::take(&mut *lock(&self.commands));
        for command in commands {
            self.obey(&mut body, &client, command);
        }
        if ready.has(Ready::TIMER) {
            self.look_at_time(&mut body, &client);
        } else if ready.has(Ready::READABLE | Ready::WRITABLE | Ready::HANGUP) {
            self.run_race(&mut body, &client);
        }
        Next::Idle
    }
}

/// Chance for the jitter: the standard library's hasher is keyed with it.
fn random() -> u64 {
    RandomState::new().hash_one(0)
}
