//! Groups: what is said once reaches all members, on whatever home they are.
//!
//! A group has a shard per home, and each shard is a strand of that home. Sending puts the payload
//! into every shard's queue and no more; the shard delivers on its own home's threads, in slices,
//! so that a broadcast to a hundred thousand sessions leaves room for reads and timers in between,
//! and wakes each home once rather than each session. Small messages that have piled up meanwhile
//! are joined and delivered together.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use slab::Slab;
use uuid::Uuid;

use super::link::Link;
use super::{CloseReason, Handle, Sent};
use crate::error::{Error, ErrorKind, Result};
use crate::service::{
    Ending, Home, Inner, Next, Ready, Seat, Service, Task, Watched, Worker, lock,
};

/// Members that one turn of a shard delivers to, or slots it looks at in vain.
const SLICE: usize = 256;

/// Bytes up to which waiting messages are joined into one delivery.
const JOINED: usize = 64 * 1024;

/// Bytes that may wait in a shard before sends are refused, and before they report congestion.
const QUEUE: usize = 16 << 20;
const HIGH: usize = 1 << 20;

/// Messages that may wait in a shard, however small.
const MESSAGES: usize = 1 << 17;

/// Sessions that are spoken to together. Clones are handles to the same group.
///
/// Members see a group's messages in the order sent. A session leaves its groups by itself when
/// it closes. Members that do not keep up are treated as their own
/// [`Overflow`](crate::Overflow) policy says, and delay nobody.
///
/// ```
/// use sockeye::{Server, Service, raw};
///
/// struct Member(raw::Group);
/// impl raw::Handler for Member {
///     fn on_open(&mut self, session: &mut raw::Session<'_>) {
///         session.join(&self.0);
///     }
///     fn on_data(&mut self, _: &mut raw::Session<'_>, data: &[u8]) {
///         self.0.send(data);
///     }
/// }
///
/// let service = Service::builder().threads(1).start()?;
/// let room = raw::Group::new(&service);
/// let shared = room.clone();
/// let server = Server::builder(&service, raw::server(move |_| Member(shared.clone())))
///     .listen("127.0.0.1:0")?;
/// room.send("nobody is here yet");
/// # service.stop()?;
/// # Ok::<(), sockeye::Error>(())
/// ```
#[derive(Clone)]
pub struct Group(Arc<Shards>);

struct Shards {
    service: Arc<Inner>,
    shards: Box<[Arc<Shard>]>,
    room: Arc<Watched<()>>,
}

impl Group {
    /// An empty group of sessions of this service.
    pub fn new(service: &Service) -> Self {
        Self::of(service.inner())
    }

    pub(crate) fn of(service: &Arc<Inner>) -> Self {
        let room = Arc::new(Watched::new(()));
        let shard = |home| Arc::new(Shard::new(home, Arc::clone(&room)));
        let shards = service.homes().iter().map(shard).collect();
        Self(Arc::new(Shards { service: Arc::clone(service), shards, room }))
    }

    /// Sends to all members; the bytes are copied once.
    ///
    /// [`Sent::Full`] when 16 MiB wait to be delivered already: nothing is sent then.
    pub fn send(&self, data: impl AsRef<[u8]>) -> Sent {
        self.send_shared(Bytes::copy_from_slice(data.as_ref()))
    }

    /// Sends to all members without copying.
    pub fn send_shared(&self, data: Bytes) -> Sent {
        self.queue(data, None)
    }

    /// Sends to all members but the one with this id.
    pub fn send_except(&self, id: Uuid, data: impl AsRef<[u8]>) -> Sent {
        self.queue(Bytes::copy_from_slice(data.as_ref()), Some(id))
    }

    /// Sends to all members, and waits `within` the time for room if too much waits to be
    /// delivered.
    ///
    /// # Errors
    ///
    /// [`WouldDeadlock`](ErrorKind::WouldDeadlock) on a service thread and
    /// [`TimedOut`](ErrorKind::TimedOut).
    pub fn send_within(&self, data: impl Into<Bytes>, within: Duration) -> Result<()> {
        let attempt = "send to a group";
        self.0.service.may_wait(attempt)?;
        let deadline = Instant::now() + within;
        let data = data.into();
        let room = || self.0.shards.iter().all(|shard| shard.has_room(HIGH));
        while !self.0.service.wait(&self.0.room, Some(deadline), |()| room())
            || !self.send_shared(data.clone()).is_queued()
        {
            if Instant::now() >= deadline {
                return Err(Error::new(ErrorKind::TimedOut, attempt));
            }
        }
        Ok(())
    }

    /// The number of members.
    pub fn len(&self) -> usize {
        self.0.shards.iter().map(|shard| lock(&shard.state).members.len()).sum()
    }

    /// True when nobody is a member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The members at this moment.
    pub fn members(&self) -> Vec<Handle> {
        let members = |shard: &Arc<Shard>| -> Vec<Handle> {
            let state = lock(&shard.state);
            state.members.iter().map(|(_, link)| Handle::new(Arc::clone(link))).collect()
        };
        self.0.shards.iter().flat_map(members).collect()
    }

    /// Closes all members when they have been told what was sent before.
    pub(crate) fn end(&self, reason: &CloseReason) {
        for shard in &self.0.shards {
            let end = Some(reason.clone());
            Shard::push(shard, Message { data: Bytes::new(), except: None, count: 0, end });
        }
    }

    pub(super) fn admit(&self, link: Arc<Link>) -> Membership {
        let home = link.seat.home().index();
        let slot = self.insert(home, |_| link).1;
        Membership { group: self.clone(), home, slot }
    }

    /// Takes in the link that `make` makes for the slot.
    pub(crate) fn insert(
        &self,
        home: usize,
        make: impl FnOnce(usize) -> Arc<Link>,
    ) -> (Arc<Link>, usize) {
        let mut state = lock(&self.0.shards[home].state);
        let entry = state.members.vacant_entry();
        let slot = entry.key();
        let link = make(slot);
        entry.insert(Arc::clone(&link));
        (link, slot)
    }

    pub(crate) fn remove(&self, home: usize, slot: usize) {
        let mut state = lock(&self.0.shards[home].state);
        let member = state.members.try_remove(slot);
        if state.members.is_empty() {
            state.members.shrink_to_fit();
        }
        drop(state);
        drop(member);
    }

    pub(crate) fn get(&self, home: usize, slot: usize) -> Option<Arc<Link>> {
        lock(&self.0.shards.get(home)?.state).members.get(slot).cloned()
    }

    fn queue(&self, data: Bytes, except: Option<Uuid>) -> Sent {
        if !self.0.shards.iter().all(|shard| shard.has_room(QUEUE)) {
            return Sent::Full;
        }
        let mut congested = false;
        for shard in &self.0.shards {
            congested |=
                Shard::push(shard, Message { data: data.clone(), except, count: 1, end: None });
        }
        if congested { Sent::Congested } else { Sent::Queued }
    }
}

impl PartialEq for Group {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Group {}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("members", &self.len()).finish_non_exhaustive()
    }
}

/// A session's place in a group.
pub(super) struct Membership {
    group: Group,
    home: usize,
    slot: usize,
}

impl Membership {
    pub(super) fn is_of(&self, group: &Group) -> bool {
        self.group == *group
    }

    pub(super) fn leave(self) {
        self.group.remove(self.home, self.slot);
    }
}

struct Shard {
    seat: Seat,
    state: Mutex<State>,
    room: Arc<Watched<()>>,
}

#[derive(Default)]
struct State {
    members: Slab<Arc<Link>>,
    waiting: VecDeque<Message>,
    bytes: usize,
    /// What is being delivered, and the first slot that has not got it.
    delivery: Option<(Message, usize)>,
}

struct Message {
    data: Bytes,
    except: Option<Uuid>,
    /// How many messages the data is.
    count: u32,
    /// Not data, but the end.
    end: Option<CloseReason>,
}

impl Shard {
    fn new(home: &Arc<Home>, room: Arc<Watched<()>>) -> Self {
        Self { seat: Seat::new(home), state: Mutex::default(), room }
    }

    fn has_room(&self, limit: usize) -> bool {
        let state = lock(&self.state);
        state.bytes < limit && state.waiting.len() < MESSAGES
    }

    /// True when the queue is above the mark.
    fn push(this: &Arc<Self>, message: Message) -> bool {
        let mut state = lock(&this.state);
        if state.members.is_empty() {
            return false;
        }
        state.bytes += message.data.len();
        state.waiting.push_back(message);
        let congested = state.bytes > HIGH;
        drop(state);
        Seat::notify(this, Ready::MAIL);
        congested
    }
}

impl Task for Shard {
    fn seat(&self) -> &Seat {
        &self.seat
    }

    fn turn(&self, _ready: Ready, _worker: &mut Worker) -> Next {
        let mut state = lock(&self.state);
        let Some((message, first)) = state.next_delivery() else { return Next::Idle };
        let last = (first + SLICE).min(state.members.capacity());
        for link in (first..last).filter_map(|slot| state.members.get(slot)) {
            message.deliver(link);
        }
        if last < state.members.capacity() {
            state.delivery = Some((message, last));
            return Next::Again;
        }
        let more = !state.waiting.is_empty();
        drop(state);
        self.room.update(|()| ());
        if more { Next::Again } else { Next::Idle }
    }
}

impl State {
    fn next_delivery(&mut self) -> Option<(Message, usize)> {
        if let Some(delivery) = self.delivery.take() {
            return Some(delivery);
        }
        let first = self.waiting.pop_front()?;
        self.bytes -= first.data.len();
        if !self.waiting.front().is_some_and(|next| first.joins(next, first.data.len())) {
            return Some((first, 0));
        }
        Some((self.join(first), 0))
    }

    /// Joins what goes to the same members, so that each of them is told once.
    fn join(&mut self, first: Message) -> Message {
        let mut data = BytesMut::with_capacity(JOINED.min(first.data.len() + self.bytes));
        data.extend_from_slice(&first.data);
        let mut count = first.count;
        while let Some(next) = self.waiting.front()
            && first.joins(next, data.len())
        {
            data.extend_from_slice(&next.data);
            count += next.count;
            self.bytes -= next.data.len();
            self.waiting.pop_front();
        }
        Message { data: data.freeze(), count, ..first }
    }
}

impl Message {
    fn joins(&self, next: &Self, so_far: usize) -> bool {
        let alike = self.except == next.except && self.end.is_none() && next.end.is_none();
        alike && so_far + next.data.len() <= JOINED
    }

    fn deliver(&self, link: &Arc<Link>) {
        match &self.end {
            Some(reason) => link.end(reason.clone(), Ending::Graceful),
            None if self.except == Some(link.id) => {}
            None => drop(link.deliver(self.data.clone(), self.count)),
        }
    }
}
