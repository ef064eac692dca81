//! What stands in for a server or a client of one session, which has no socket.

use std::sync::{Arc, Mutex, Weak};

use super::side::{Side, Speaks};
use crate::error::{Error, Result};
use crate::net::{Stream, memory};
use crate::service::{Attached, Ending, Inner, Seat, contain, lock};
use crate::session::{
    Book, CloseReason, Gate, Group, Handle, Ids, Link, Owner, Parts, Place, Protocol, RoomLimits,
    Rooms, ServerProtocol, Terms, place,
};

pub(super) struct StandIn {
    this: Weak<Self>,
    service: Arc<Inner>,
    ids: Arc<Ids>,
    role: Role,
    terms: Arc<Terms>,
    book: Book,
    /// The session, of which its service takes care while it is connected.
    link: Mutex<Weak<Link>>,
    closed: Mutex<Option<CloseReason>>,
}

enum Role {
    Server {
        protocol: ServerProtocol,
        everyone: Group,
        rooms: Rooms,
    },
    /// The protocol is here while there is no connection.
    Client(Mutex<Option<Box<dyn Protocol>>>),
}

impl Role {
    fn serving(protocol: ServerProtocol, service: &Arc<Inner>) -> Self {
        let everyone = Group::of(service);
        let service = Arc::clone(service);
        let rooms = Rooms::new(RoomLimits::default(), move || Group::of(&service));
        Self::Server { protocol, everyone, rooms }
    }
}

impl StandIn {
    /// A stop of the service will end its session.
    pub(super) fn new(service: &Arc<Inner>, side: Side) -> Arc<Self> {
        let (role, terms) = match side.speaks {
            Speaks::Server(protocol) => {
                let terms = protocol.terms(side.limits);
                (Role::serving(protocol, service), terms)
            }
            Speaks::Client(protocol) => {
                let (protocol, terms) = protocol.into_parts(side.limits);
                (Role::Client(Mutex::new(Some(protocol))), terms)
            }
        };
        let stand_in = Arc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            service: Arc::clone(service),
            ids: service.shared(Ids::new),
            role,
            terms,
            book: Book::default(),
            link: Mutex::default(),
            closed: Mutex::default(),
        });
        let attached = Arc::downgrade(&stand_in);
        service.attach(attached);
        stand_in
    }

    /// Opens a session on the stream: of a server a new one, of a client its only one, which must
    /// not be connected.
    pub(super) fn open(&self, stream: memory::End) -> Arc<Link> {
        let peer = stream.peer_addr().clone();
        let (link, protocol) = match &self.role {
            Role::Server { protocol, everyone, .. } => {
                let protocol = protocol.make(&peer);
                (self.member_of(everyone), protocol)
            }
            Role::Client(protocol) => {
                let protocol = lock(protocol).take();
                (self.only_one(), protocol.expect("a client has its protocol while it is closed"))
            }
        };
        *lock(&self.link) = Arc::downgrade(&link);
        *lock(&self.closed) = None;
        link.connect(Stream::Memory(Box::new(stream)), peer, protocol, None);
        link
    }

    /// Why the last session was closed; `None` while it is open.
    pub(super) fn closed(&self) -> Option<CloseReason> {
        lock(&self.closed).clone()
    }

    fn member_of(&self, everyone: &Group) -> Arc<Link> {
        let home = self.service.next_home();
        let place = |slot| Place { home: home.index(), slot };
        everyone.insert(home.index(), |slot| self.link(Seat::new(home), place(slot))).0
    }

    fn only_one(&self) -> Arc<Link> {
        let home = self.service.next_home();
        let place = Place { home: home.index(), slot: 0 };
        let existing = lock(&self.link).upgrade();
        existing.unwrap_or_else(|| self.link(Seat::new(home), place))
    }

    fn link(&self, seat: Seat, place: Place) -> Arc<Link> {
        Link::new(Parts {
            seat,
            id: self.ids.draw(place),
            service: Arc::clone(&self.service),
            owner: self.this.upgrade().expect("whoever opens a session holds what it belongs to"),
            terms: Arc::clone(&self.terms),
            gate: Gate::Closed,
        })
    }
}

impl Attached for StandIn {
    fn suspend(&self, how: Ending) {
        let link = lock(&self.link).upgrade();
        if let Some(link) = link {
            link.end(CloseReason::Shutdown, how);
        }
    }

    /// What a stop has ended stays so: there is nobody to connect to.
    fn resume(&self) -> Result<()> {
        Ok(())
    }
}

impl Owner for StandIn {
    fn opened(&self, _session: &Handle) {}

    fn closing(&self, _session: &Handle, _reason: &CloseReason) {}

    fn leave(&self, session: &Link) {
        if let Role::Server { everyone, .. } = &self.role {
            let Place { home, slot } = place(session.id());
            everyone.remove(home, slot);
        }
    }

    fn closed(
        &self,
        _session: &Handle,
        reason: &CloseReason,
        protocol: Option<Box<dyn Protocol>>,
        _opened: bool,
    ) {
        *lock(&self.closed) = Some(reason.clone());
        match &self.role {
            Role::Server { .. } => {
                if let Err(error) = contain("drop a handler", || drop(protocol)) {
                    self.failed(&error);
                }
            }
            Role::Client(place) => *lock(place) = protocol,
        }
    }

    fn gate(&self) -> Gate {
        Gate::Closed
    }

    fn give_up(&self) {}

    fn everyone(&self) -> Group {
        match &self.role {
            Role::Server { everyone, .. } => everyone.clone(),
            Role::Client(_) => Group::of(&self.service),
        }
    }

    fn rooms(&self) -> Option<&Rooms> {
        match &self.role {
            Role::Server { rooms, .. } => Some(rooms),
            Role::Client(_) => None,
        }
    }

    fn failed(&self, error: &Error) {
        self.service.report(error);
    }

    fn book(&self) -> &Book {
        &self.book
    }
}
