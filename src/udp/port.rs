//! A socket as the rest of the program holds it: what any thread may touch, around what only its
//! turn may. It outlives the system's socket, which is closed and opened with the service.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, Weak};
use std::time::Instant;

use log::Level;

use super::backlog::Backlog;
use super::core::{Core, Phase};
use super::mailbox::Mailbox;
use super::outcome::{Refusal, Route, admit};
use super::queue::Payload;
use super::stats::Tally;
use super::{Handler, Limits};
use crate::error::{Error, ErrorKind, Result};
use crate::net::{DatagramSocket, MulticastGroup, UdpOptions};
use crate::service::{
    Account, Attached, Ending, Inner, Ready, Seat, Task, Watched, contain, lock, note, severity,
};
use crate::{CloseReason, Sent};

const TARGET: &str = "sockeye::udp";

pub(super) struct Port {
    pub(super) seat: Seat,
    this: Weak<Self>,
    pub(super) service: Arc<Inner>,
    pub(super) settings: Settings,
    pub(super) route: Route,
    pub(super) body: Mutex<Body>,
    pub(super) mailbox: Mailbox,
    pub(super) backlog: Backlog,
    pub(super) tally: Account<Tally>,
    place: Mutex<Place>,
    life: Watched<Life>,
}

/// What the program has chosen.
pub(super) struct Settings {
    pub(super) options: UdpOptions,
    pub(super) limits: Limits,
    /// Where multicasts go.
    pub(super) group: Option<SocketAddr>,
}

impl Settings {
    /// Datagrams that one slot may get: `UDP_MAX_SEGMENTS` of Linux where they are coalesced.
    pub(super) fn per_slot(&self) -> usize {
        if self.options.coalescing { 128 } else { 1 }
    }
}

/// What the socket's turn owns.
pub(super) struct Body {
    pub(super) core: Core,
    pub(super) handler: Option<Box<dyn Handler>>,
}

/// Where the socket is, or was.
struct Place {
    socket: Option<Arc<DatagramSocket>>,
    local: SocketAddr,
    groups: Vec<MulticastGroup>,
}

struct Life {
    stage: Stage,
    /// The program wants the socket, though the service may be stopped.
    wanted: bool,
    reason: Option<CloseReason>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    /// Closed with the service, to be opened with it.
    Suspended,
    Closed,
}

impl Port {
    /// Takes a socket that is bound, and what it is for.
    pub(super) fn start(
        service: &Arc<Inner>,
        settings: Settings,
        handler: Box<dyn Handler>,
        socket: DatagramSocket,
        groups: Vec<MulticastGroup>,
    ) -> Result<Arc<Self>> {
        let (local, peer) = (socket.local_addr(), socket.peer_addr());
        let port = Arc::new_cyclic(|this| Self {
            seat: Seat::new(service.next_home()),
            this: Weak::clone(this),
            service: Arc::clone(service),
            settings,
            route: Route { is_ipv6: local.is_ipv6(), peer },
            body: Mutex::new(Body { core: Core::new(), handler: Some(handler) }),
            mailbox: Mailbox::new(),
            backlog: Backlog::new(),
            tally: Tally::open(service),
            place: Mutex::new(Place { socket: None, local, groups }),
            life: Watched::new(Life { stage: Stage::Closed, wanted: true, reason: None }),
        });
        let attached = Arc::downgrade(&port);
        service.attach(attached);
        port.open(socket)?;
        Ok(port)
    }

    pub(super) fn arc(&self) -> Arc<Self> {
        self.this.upgrade().expect("whoever runs the turn, or calls, holds the port")
    }

    pub(super) fn local_addr(&self) -> SocketAddr {
        lock(&self.place).local
    }

    pub(super) fn is_open(&self) -> bool {
        self.mailbox.is_open()
    }

    /// Bytes and datagrams that wait to be sent, wherever.
    pub(super) fn load(&self) -> (usize, usize) {
        let (own, mailed) = (self.backlog.get(), self.mailbox.load());
        (own.0 + mailed.0, own.1 + mailed.1)
    }

    /// Sends from any thread. An error: it cannot be sent at all.
    pub(super) fn send(&self, to: Option<SocketAddr>, data: Payload<'_>) -> Result<Sent> {
        let len = data.len();
        let to = match self.route.check(to, len) {
            Ok(to) => to,
            Err(Refusal::Impossible(error)) => return Err(error),
            Err(Refusal::Full(sent)) => return Ok(sent),
        };
        let outcome = self.mailbox.push(to, data, |bytes, datagrams| {
            let own = self.backlog.get();
            admit(&self.settings.limits, (own.0 + bytes, own.1 + datagrams), len)
        });
        match outcome {
            None => Ok(Sent::Closed),
            Some(Ok(sent)) => {
                self.notify();
                Ok(sent)
            }
            Some(Err(Refusal::Impossible(error))) => Err(error),
            Some(Err(Refusal::Full(sent))) => {
                self.tally.dropped(u64::from(sent == Sent::Dropped));
                if sent == Sent::Overflow {
                    self.end(CloseReason::Overflow, Ending::Abrupt);
                }
                Ok(sent)
            }
        }
    }

    /// Has the handler told of what could not be sent.
    pub(super) fn complain(&self, error: Error) {
        self.tally.dropped(1);
        self.tally.failed();
        self.mailbox.push_error(error);
        self.notify();
    }

    pub(super) fn join(&self, group: MulticastGroup) -> Result<()> {
        let mut place = lock(&self.place);
        let socket = place.socket.as_ref().ok_or_else(|| closed("join the group"))?;
        socket.join(&group)?;
        place.groups.push(group);
        Ok(())
    }

    pub(super) fn leave(&self, group: MulticastGroup) -> Result<()> {
        let mut place = lock(&self.place);
        let socket = place.socket.as_ref().ok_or_else(|| closed("leave the group"))?;
        socket.leave(&group)?;
        place.groups.retain(|joined| *joined != group);
        Ok(())
    }

    /// Closes for good, because the program wants it so.
    pub(super) fn close(&self) {
        let suspended = self.life.update(|life| {
            life.wanted = false;
            let suspended = life.stage == Stage::Suspended;
            if suspended {
                life.stage = Stage::Closed;
            }
            suspended
        });
        if suspended {
            self.drop_handler();
        } else {
            self.end(CloseReason::Local, Ending::Graceful);
        }
    }

    pub(super) fn wait_closed(&self, deadline: Instant) -> bool {
        self.service.wait(&self.life, Some(deadline), |life| life.stage != Stage::Open)
    }

    pub(super) fn close_reason(&self) -> Option<CloseReason> {
        self.life.lock().reason.clone()
    }

    /// Tells of an error that the handler cannot be told of.
    pub(super) fn report(&self, error: &Error) {
        let level = severity(error, Level::Warn);
        note(level, || {
            log::log!(target: TARGET, level, socket:% = self.local_addr(); "{error}");
        });
        self.service.report(error);
    }

    /// The system's socket is closed; true when the handler is to be kept.
    pub(super) fn closed(&self, reason: &CloseReason) -> bool {
        note(Level::Debug, || {
            log::debug!(
                target: TARGET, socket:% = self.local_addr(), reason = reason.name();
                "closed: {reason}"
            );
        });
        self.life.update(|life| {
            let keep = life.wanted && matches!(reason, CloseReason::Shutdown);
            life.stage = if keep { Stage::Suspended } else { Stage::Closed };
            life.reason = Some(reason.clone());
            keep
        })
    }

    /// Nobody will open it again.
    pub(super) fn give_up(&self) {
        self.life.update(|life| life.wanted = false);
    }

    /// Lets go of the system's socket, which is closed when the turn's reference is dropped too.
    pub(super) fn vacate(&self) {
        lock(&self.place).socket = None;
    }

    /// What programs own may panic when it is dropped, too.
    pub(super) fn drop_fenced<T>(&self, value: T) {
        if let Err(error) = contain("drop a UDP socket's handler", || drop(value)) {
            self.report(&error);
        }
    }

    fn end(&self, reason: CloseReason, how: Ending) {
        self.mailbox.push_end(reason, how);
        self.notify();
    }

    fn notify(&self) {
        Seat::notify(&self.arc(), Ready::MAIL);
    }

    /// Opens: registered under the body's lock, so that no event finds the socket missing.
    fn open(&self, mut socket: DatagramSocket) -> Result<()> {
        let mut body = lock(&self.body);
        let task = self.arc() as Arc<dyn Task>;
        let register = |registry: &_, token| socket.register(registry, token);
        let failed = |error| Error::io("poll the socket on", error);
        let token = self.seat.home().attach(task, register).map_err(failed)?;
        let socket = Arc::new(socket);
        lock(&self.place).local = socket.local_addr();
        lock(&self.place).socket = Some(Arc::clone(&socket));
        body.core = Core { phase: Phase::Opening, socket: Some(socket), token, ..Core::new() };
        // Before it counts as open, so that no request for its end is lost.
        self.mailbox.open();
        self.service.begun();
        if !self.opened() {
            body.core.die(CloseReason::Local);
        }
        drop(body);
        note(Level::Debug, || {
            log::debug!(target: TARGET, socket:% = self.local_addr(); "opened");
        });
        self.notify();
        Ok(())
    }

    /// False when the program has closed it meanwhile.
    fn opened(&self) -> bool {
        self.life.update(|life| {
            if life.wanted {
                (life.stage, life.reason) = (Stage::Open, None);
            }
            life.wanted
        })
    }

    fn drop_handler(&self) {
        let handler = lock(&self.body).handler.take();
        self.drop_fenced(handler);
    }
}

impl Attached for Port {
    fn suspend(&self, how: Ending) {
        if self.life.lock().stage == Stage::Open {
            self.end(CloseReason::Shutdown, how);
        }
    }

    fn resume(&self) -> Result<()> {
        let life = self.life.lock();
        if life.stage != Stage::Suspended || !life.wanted {
            return Ok(());
        }
        drop(life);
        let (local, groups) = {
            let place = lock(&self.place);
            (place.local, place.groups.clone())
        };
        let options = &self.settings.options;
        let socket = match self.route.peer {
            None => DatagramSocket::bind(local, options)?,
            Some(peer) => DatagramSocket::connect(peer, Some(local), options)?,
        };
        groups.iter().try_for_each(|group| socket.join(group))?;
        self.open(socket)
    }
}

fn closed(attempt: &'static str) -> Error {
    Error::new(ErrorKind::Closed, attempt)
}
