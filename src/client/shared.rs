//! What a client's handles, its connector and its session share.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use log::Level;
use uuid::Uuid;

use super::State;
use super::builder::Builder;
use super::connector::{Command, Connector};
use super::events::Events;
use crate::error::{Error, Result};
use crate::net::Address;
use crate::service::{Account, Attached, Ending, Inner, Seat, Watched, contain, note, severity};
use crate::session::{
    Book, Books, CloseReason, Gate, Group, Handle, Ids, Link, Owner, Parts, Place, Protocol,
    Sessions,
};

const TARGET: &str = "sockeye::client";

pub(super) struct Shared {
    pub(super) id: Uuid,
    service: Arc<Inner>,
    events: Box<dyn Events>,
    #[cfg(feature = "http")]
    at_rest: Option<super::builder::AtRest>,
    queue_while_down: usize,
    book: Arc<Account<Book>>,
    progress: Watched<Progress>,
    connector: OnceLock<Arc<Connector>>,
    /// The handles hold it, and it holds this.
    link: OnceLock<Weak<Link>>,
}

/// What threads wait for.
pub(super) struct Progress {
    pub(super) state: State,
    /// Why the last attempt or connection ended.
    pub(super) failure: Option<Error>,
    /// The program wants a connection, though the service may be stopped.
    pub(super) wanted: bool,
    /// Connects that the connector has yet to hear of.
    asked: usize,
    pub(super) dropped: bool,
}

impl Progress {
    /// Nothing is done, and nothing is about to be.
    pub(super) fn is_at_rest(&self) -> bool {
        self.state == State::Disconnected && self.asked == 0
    }
}

impl Shared {
    pub(super) fn new(builder: Builder, addresses: Vec<Address>) -> (Arc<Self>, Arc<Link>) {
        let service = Arc::clone(builder.service.inner());
        let home = service.next_home();
        let progress = Progress {
            state: State::Disconnected,
            failure: None,
            wanted: false,
            asked: 0,
            dropped: false,
        };
        let shared = Arc::new(Self {
            id: Uuid::new_v4(),
            service: Arc::clone(&service),
            events: builder.events,
            #[cfg(feature = "http")]
            at_rest: builder.at_rest,
            queue_while_down: builder.queue_while_down,
            book: Arc::new(Books::of(&service).for_client()),
            progress: Watched::new(progress),
            connector: OnceLock::new(),
            link: OnceLock::new(),
        });
        let mut speaks = builder.protocol;
        let meet = speaks.take_meeting();
        let (protocol, terms) = speaks.into_parts(builder.limits);
        let link = Link::new(Parts {
            seat: Seat::new(home),
            id: service.shared(Ids::new).draw(Place { home: home.index(), slot: 0 }),
            service: Arc::clone(&service),
            owner: Arc::clone(&shared) as Arc<dyn Owner>,
            terms,
            gate: Gate::Down(builder.queue_while_down),
        });
        let connector = Connector::new(
            home,
            &shared,
            super::connector::Settings {
                addresses,
                sockets: builder.sockets,
                #[cfg(feature = "tls")]
                tls: builder.tls,
                #[cfg(all(feature = "http", feature = "tls"))]
                tunnel: builder.tunnel,
                timeout: builder.connect_timeout,
                backoff: builder.backoff,
                resolver: builder.resolver,
                protocol,
            },
        );
        meet(&link);
        let _ = shared.link.set(Arc::downgrade(&link));
        let _ = shared.connector.set(connector);
        (shared, link)
    }

    pub(super) fn service(&self) -> &Arc<Inner> {
        &self.service
    }

    /// The session, unless nobody can use it any more.
    pub(super) fn link(&self) -> Option<Arc<Link>> {
        self.link.get()?.upgrade()
    }

    pub(super) fn progress(&self) -> &Watched<Progress> {
        &self.progress
    }

    pub(super) fn connect(&self) {
        self.progress.update(|progress| {
            progress.wanted = true;
            progress.failure = None;
            progress.asked += 1;
        });
        self.command(Command::Connect);
    }

    /// The connector has obeyed a [`Command::Connect`].
    pub(super) fn heard(&self) {
        self.progress.update(|progress| progress.asked -= 1);
    }

    pub(super) fn state(&self) -> State {
        let progress = self.progress.lock();
        match progress.state {
            State::Disconnected if progress.asked > 0 => State::Connecting,
            state => state,
        }
    }

    pub(super) fn disconnect(&self, reason: CloseReason, how: Ending) {
        self.progress.update(|progress| progress.wanted = false);
        self.end(reason, how);
    }

    fn end(&self, reason: CloseReason, how: Ending) {
        self.command(Command::Disconnect(reason.clone(), how));
        // At once as well, so that messages are refused when this returns.
        if let Some(link) = self.link() {
            link.end_connection(reason, how);
        }
    }

    /// The last handle is gone.
    pub(super) fn drop_handle(&self) {
        self.progress.update(|progress| progress.dropped = true);
        self.disconnect(CloseReason::Shutdown, Ending::Graceful);
    }

    /// Waits for a state that `done` knows; false at the deadline.
    pub(super) fn wait(&self, deadline: Instant, done: impl FnMut(&mut Progress) -> bool) -> bool {
        self.service.wait(&self.progress, Some(deadline), done)
    }

    pub(super) fn metrics(&self) -> Sessions {
        self.book.read()
    }

    pub(super) fn book(&self) -> &Arc<Account<Book>> {
        &self.book
    }

    pub(super) fn set_state(&self, state: State, failure: Option<Error>) {
        self.progress.update(|progress| {
            progress.state = state;
            if failure.is_some() {
                progress.failure = failure;
            }
        });
    }

    /// Nothing is tried or held any more.
    pub(super) fn rest(&self, failure: Option<Error>) {
        #[cfg(feature = "http")]
        let why = failure.clone();
        self.set_state(State::Disconnected, failure);
        #[cfg(feature = "http")]
        if let Some(tell) = &self.at_rest
            && let Err(panic) = contain("give up a connection", || tell(why))
        {
            self.service.report(&panic);
        }
    }

    pub(super) fn tell(&self, what: impl FnOnce(&dyn Events)) {
        if let Err(panic) = contain("run a client's event", || what(&*self.events)) {
            self.service.report(&panic);
        }
    }

    pub(super) fn report(&self, error: &Error) {
        let level = severity(error, Level::Debug);
        note(level, || log::log!(target: TARGET, level, client:% = self.id; "{error}"));
        self.failed(error);
    }

    fn command(&self, command: Command) {
        if let Some(connector) = self.connector.get() {
            connector.command(command);
        }
    }
}

impl Attached for Shared {
    fn suspend(&self, how: Ending) {
        self.end(CloseReason::Shutdown, how);
    }

    fn resume(&self) -> Result<()> {
        if self.progress.lock().wanted {
            self.connect();
        }
        Ok(())
    }
}

impl Owner for Shared {
    fn opened(&self, session: &Handle) {
        self.set_state(State::Connected, None);
        self.tell(|events| events.on_connected(session));
    }

    fn closing(&self, _session: &Handle, _reason: &CloseReason) {}

    fn leave(&self, _session: &Link) {}

    fn closed(
        &self,
        session: &Handle,
        reason: &CloseReason,
        protocol: Option<Box<dyn Protocol>>,
        opened: bool,
    ) {
        if opened {
            self.tell(|events| events.on_disconnected(reason));
        }
        let peer = session.peer_addr().filter(|_| !opened);
        let failure = match peer {
            Some(peer) => reason.to_error("connect to").on(peer),
            None => reason.to_error("stay connected"),
        };
        self.command(Command::Lost { reason: reason.clone(), failure, protocol, opened });
    }

    fn failed(&self, error: &Error) {
        self.book.fault(error);
        self.tell(|events| events.on_error(error));
    }

    fn book(&self) -> &Book {
        &self.book
    }

    fn gate(&self) -> Gate {
        match self.progress.lock().dropped {
            true => Gate::Closed,
            false => Gate::Down(self.queue_while_down),
        }
    }

    fn give_up(&self) {
        self.disconnect(CloseReason::Local, Ending::Graceful);
    }

    fn everyone(&self) -> Group {
        Group::of(&self.service)
    }
}
