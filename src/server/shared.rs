//! What a server's handles, acceptors and sessions share.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use log::Level;
use uuid::Uuid;

use super::Overload;
use super::acceptor::Acceptor;
use super::builder::Builder;
use super::events::Events;
use super::filter::Filter;
use super::listening::Binding;
use crate::error::{Error, ErrorKind, Result};
use crate::net::proxy::ProxyProtocol;
use crate::net::{Endpoint, Sockets, Stream};
use crate::service::{
    Account, Attached, Ending, Home, Inner, Watched, contain, lock, note, severity,
};
use crate::session::{
    Admitted, Book, Books, CloseReason, Gate, Group, Handle, Ids, Link, Owner, Place, Protocol,
    RoomLimits, Rooms, ServerProtocol, Sessions, Terms, place,
};

pub(super) const TARGET: &str = "sockeye::server";

pub(super) struct Shared {
    this: Weak<Self>,
    pub(super) id: Uuid,
    service: Arc<Inner>,
    pub(super) ids: Arc<Ids>,
    pub(super) protocol: ServerProtocol,
    pub(super) events: Box<dyn Events>,
    pub(super) terms: Arc<Terms>,
    sockets: Sockets,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<crate::tls::ServerConfig>,
    pub(super) filters: Vec<Box<dyn Filter>>,
    pub(super) proxies: Option<ProxyProtocol>,
    pub(super) max_connections: usize,
    pub(super) overload: Overload,
    pub(super) everyone: Group,
    pub(super) rooms: Rooms,
    pub(super) book: Account<Book>,
    connections: AtomicUsize,
    /// An acceptor has found no place.
    turned_away: AtomicBool,
    next_home: AtomicUsize,
    /// Sessions that come in the middle of a shutdown end at once.
    pub(super) ending: AtomicBool,
    binding: Mutex<Binding>,
    state: Watched<State>,
}

#[derive(Default)]
struct State {
    /// The program wants the server to listen, though the service may be stopped.
    wanted: bool,
    acceptors: Vec<Arc<Acceptor>>,
    running: usize,
}

impl Shared {
    pub(super) fn new(service: &Arc<Inner>, builder: Builder, binding: Binding) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            id: Uuid::new_v4(),
            service: Arc::clone(service),
            ids: service.shared(Ids::new),
            terms: builder.protocol.terms(builder.limits),
            protocol: builder.protocol,
            events: builder.events,
            sockets: builder.sockets,
            #[cfg(feature = "tls")]
            tls: builder.tls,
            filters: builder.filters,
            proxies: builder.proxies,
            max_connections: builder.max_connections,
            overload: builder.overload,
            everyone: group(service),
            rooms: rooms(service, builder.rooms),
            book: Books::of(service).for_server(service.homes().len()),
            connections: AtomicUsize::new(0),
            turned_away: AtomicBool::new(false),
            next_home: AtomicUsize::new(0),
            ending: AtomicBool::new(false),
            binding: Mutex::new(binding),
            state: Watched::new(State::default()),
        })
    }

    /// Listens; on the addresses it had, if it did before.
    pub(super) fn start(&self) -> Result<()> {
        let Some(this) = self.this.upgrade() else { return Ok(()) };
        let mut binding = lock(&self.binding);
        if self.state.lock().running > 0 {
            return Err(Error::new(ErrorKind::AlreadyRunning, "listen again"));
        }
        let homes = self.service.homes();
        let shares = binding.bind(&self.sockets, homes.len())?;
        let endpoints = binding.endpoints();
        drop(binding);
        self.tell(|events| events.on_starting(&endpoints));
        self.ending.store(false, Ordering::Release);
        let stay = shares.len() > 1;
        for (index, listeners) in shares.into_iter().enumerate() {
            let home = if stay { &homes[index] } else { self.service.next_home() };
            for listener in listeners {
                let acceptor = Acceptor::start(&this, home, listener, stay)
                    .inspect_err(|_| self.stop_accepting())?;
                self.state.update(|state| {
                    state.running += 1;
                    state.acceptors.push(acceptor);
                });
            }
        }
        self.state.update(|state| state.wanted = true);
        for address in &endpoints {
            note(Level::Debug, || {
                log::debug!(target: TARGET, server:% = self.id, address:% = address; "listens");
            });
        }
        self.tell(|events| events.on_started(&endpoints));
        Ok(())
    }

    /// Stops listening because the program wants it so.
    pub(super) fn stop(&self) {
        self.state.update(|state| state.wanted = false);
        self.stop_accepting();
    }

    fn stop_accepting(&self) {
        let acceptors = self.state.update(|state| std::mem::take(&mut state.acceptors));
        if acceptors.is_empty() {
            return;
        }
        self.tell(|events| events.on_stopping());
        acceptors.iter().for_each(Acceptor::stop);
    }

    /// Waits until nothing listens; false at the deadline.
    pub(super) fn wait_stopped(&self, deadline: Instant) -> bool {
        self.service.wait(&self.state, Some(deadline), |state| state.running == 0)
    }

    /// Waits until there is no connection; false at the deadline.
    pub(super) fn wait_empty(&self, deadline: Instant) -> bool {
        self.service.wait(&self.state, Some(deadline), |_| self.connections() == 0)
    }

    /// Ends all sessions: gracefully behind what has been multicast to them, or at once.
    pub(super) fn end_sessions(&self, reason: CloseReason, how: Ending) {
        match how {
            Ending::Graceful => self.everyone.end(&reason),
            Ending::Abrupt => {
                for session in self.everyone.members() {
                    session.link().end(reason.clone(), how);
                }
            }
        }
    }

    pub(super) fn service(&self) -> &Arc<Inner> {
        &self.service
    }

    pub(super) fn endpoints(&self) -> Vec<Endpoint> {
        lock(&self.binding).endpoints()
    }

    pub(super) fn is_listening(&self) -> bool {
        self.state.lock().running > 0
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::Acquire)
    }

    pub(super) fn find(&self, id: Uuid) -> Option<Handle> {
        let Place { home, slot } = place(id);
        self.everyone.get(home, slot).filter(|link| link.id() == id).map(Handle::new)
    }

    pub(super) fn metrics(&self) -> Sessions {
        self.book.read()
    }

    pub(super) fn next_home(&self) -> &Arc<Home> {
        let homes = self.service.homes();
        &homes[self.next_home.fetch_add(1, Ordering::Relaxed) % homes.len()]
    }

    /// Takes a connection's place before there is one, so that acceptors side by side keep the
    /// limit.
    pub(super) fn reserve(&self) -> Option<Reserved<'_>> {
        if !self.take_place() {
            // Said before looking again, so that a place given back in between is not missed.
            self.turned_away.store(true, Ordering::SeqCst);
            if !self.take_place() {
                return None;
            }
        }
        Some(Reserved(self))
    }

    fn take_place(&self) -> bool {
        let free = |count| (count < self.max_connections).then_some(count + 1);
        self.connections.fetch_update(Ordering::SeqCst, Ordering::SeqCst, free).is_ok()
    }

    fn vacate(&self) {
        self.connections.fetch_sub(1, Ordering::SeqCst);
        let wanted =
            self.overload == Overload::Queue && self.turned_away.swap(false, Ordering::SeqCst);
        let waiting =
            self.state.update(|state| if wanted { state.acceptors.clone() } else { Vec::new() });
        waiting.iter().for_each(Acceptor::resume);
    }

    pub(super) fn failed_to_accept(&self, error: io::Error, address: Endpoint) {
        self.report(&Error::io("accept on", error).on(address));
    }

    pub(super) fn acceptor_stopped(&self) {
        let stopped = self.state.update(|state| {
            state.running -= 1;
            state.running == 0
        });
        if stopped {
            note(Level::Debug, || {
                log::debug!(target: TARGET, server:% = self.id; "does not listen any more");
            });
            self.tell(|events| events.on_stopped());
        }
    }

    /// Tells of an error that no session can be told of.
    pub(super) fn report(&self, error: &Error) {
        let level = severity(error, Level::Warn);
        note(level, || log::log!(target: TARGET, level, server:% = self.id; "{error}"));
        self.failed(error);
    }

    pub(super) fn tell(&self, what: impl FnOnce(&dyn Events)) {
        if let Err(panic) = contain("run a server's event", || what(&*self.events)) {
            self.service.report(&panic);
        }
    }
}

/// A connection's place, given back unless the connection takes it.
pub(super) struct Reserved<'a>(&'a Shared);

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        self.0.vacate();
    }
}

impl Attached for Shared {
    fn suspend(&self, how: Ending) {
        self.ending.store(true, Ordering::Release);
        self.stop_accepting();
        self.end_sessions(CloseReason::Shutdown, how);
    }

    fn resume(&self) -> Result<()> {
        if !self.state.lock().wanted {
            return Ok(());
        }
        self.start().inspect_err(|error| self.report(error))
    }
}

impl Owner for Shared {
    fn admit(&self, stream: Stream, peer: &Endpoint) -> Option<Admitted> {
        self.let_in(stream, peer)
    }

    fn opened(&self, session: &Handle) {
        self.tell(|events| events.on_open(session));
    }

    fn closing(&self, session: &Handle, reason: &CloseReason) {
        self.tell(|events| events.on_closing(session, reason));
    }

    fn leave(&self, session: &Link) {
        let Place { home, slot } = place(session.id());
        self.everyone.remove(home, slot);
    }

    fn closed(
        &self,
        session: &Handle,
        reason: &CloseReason,
        protocol: Option<Box<dyn Protocol>>,
        opened: bool,
    ) {
        if let Err(error) = contain("drop a handler", || drop(protocol)) {
            self.report(&error);
        }
        if opened {
            self.tell(|events| events.on_close(session, reason));
        }
        self.vacate();
    }

    fn failed(&self, error: &Error) {
        self.book.fault(error);
        self.tell(|events| events.on_error(error));
    }

    fn book(&self) -> &Book {
        &self.book
    }

    fn gate(&self) -> Gate {
        Gate::Closed
    }

    fn give_up(&self) {}

    fn everyone(&self) -> Group {
        self.everyone.clone()
    }

    fn rooms(&self) -> Option<&Rooms> {
        Some(&self.rooms)
    }
}

fn rooms(service: &Arc<Inner>, limits: RoomLimits) -> Rooms {
    let service = Arc::clone(service);
    Rooms::new(limits, move || group(&service))
}

/// A group of the server's sessions.
fn group(service: &Arc<Inner>) -> Group {
    Group::of(service)
}

/// How long a server waits for its listeners to close.
pub(super) const STOP_LIMIT: Duration = Duration::from_secs(5);
