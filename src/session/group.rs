//! Groups: what is said once reaches all members, on whatever home they are.
//!
//! A group has a shard per home, and each shard is a strand of that home. Sending puts the payload
//! into every shard's queue and no more; the shard delivers on its own home's threads, in slices,
//! so that a broadcast to a hundred thousand sessions leaves room for reads and timers in between,
//! and wakes each home once rather than each session.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use uuid::Uuid;

use super::link::Link;
use super::once::Once;
use super::shard::{HIGH, Message, QUEUE, Shard};
use super::terms::{Framing, Speech, framed};
use super::{CloseReason, Handle, Sent, Tag};
use crate::error::{Error, ErrorKind, Result};
use crate::service::{Inner, Service, Watched, deadline};

/// Sessions that are spoken to together. Clones are handles to the same group.
///
/// Members see a group's messages in the order sent; between these and what is sent to a session
/// itself there is no order. A session leaves its groups by itself when
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
    /// How the members send messages; learnt from the first of them.
    framing: Arc<UsualFraming>,
}

/// What a group frames its messages with, once for all members that do so too.
pub(super) type UsualFraming = OnceLock<Option<Arc<dyn Framing>>>;

impl Group {
    /// An empty group of sessions of this service.
    pub fn new(service: &Service) -> Self {
        Self::of(service.inner())
    }

    pub(crate) fn of(service: &Arc<Inner>) -> Self {
        let room = Arc::new(Watched::new(()));
        let framing = Arc::new(OnceLock::new());
        let shard = |home| Arc::new(Shard::new(home, Arc::clone(&room), Arc::clone(&framing)));
        let shards = service.homes().iter().map(shard).collect();
        Self(Arc::new(Shards { service: Arc::clone(service), shards, room, framing }))
    }

    /// Sends a message to all members; it is copied, and where the members' protocol
    /// [frames](crate::framed) messages framed, once for all of them.
    ///
    /// [`Sent::Full`] when 16 MiB wait to be delivered already: nothing is sent then.
    pub fn send(&self, data: impl AsRef<[u8]>) -> Sent {
        self.send_shared(Bytes::copy_from_slice(data.as_ref()))
    }

    /// Sends to all members without copying.
    pub fn send_shared(&self, data: Bytes) -> Sent {
        self.queue(Tag::default(), data, None)
    }

    /// Sends to all members but the one with this id.
    pub fn send_except(&self, id: Uuid, data: impl AsRef<[u8]>) -> Sent {
        self.queue(Tag::default(), Bytes::copy_from_slice(data.as_ref()), Some(id))
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
        let deadline = deadline(within);
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
        self.0.shards.iter().map(|shard| shard.len()).sum()
    }

    /// True when nobody is a member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The members at this moment.
    pub fn members(&self) -> Vec<Handle> {
        self.0.shards.iter().flat_map(|shard| shard.members()).map(Handle::new).collect()
    }

    pub(super) fn is_on(&self, service: &Arc<Inner>) -> bool {
        Arc::ptr_eq(&self.0.service, service)
    }

    /// Closes all members when they have been told what was sent before.
    pub(crate) fn end(&self, reason: &CloseReason) {
        for shard in &self.0.shards {
            let end = Some(reason.clone());
            Shard::push(shard, Message { end, ..Message::default() });
        }
    }

    /// Sends to the members of all groups, which are of one service: once to who is in several.
    pub(super) fn send_to_all(
        mut groups: Vec<Self>,
        tag: Tag,
        data: &[u8],
        except: Option<Uuid>,
    ) -> Sent {
        groups.sort_unstable_by_key(|group| Arc::as_ptr(&group.0));
        groups.dedup();
        let Some(homes) = groups.first().map(|group| group.0.shards.len()) else {
            return Sent::Queued;
        };
        if !groups.iter().all(Self::has_room) {
            return Sent::Full;
        }
        let members = |home: usize| groups.iter().map(|group| group.0.shards[home].len()).sum();
        let once: Vec<_> = match groups.len() {
            1 => Vec::new(),
            _ => (0..homes).map(|home| Once::new(members(home))).collect(),
        };
        let data = Bytes::copy_from_slice(data);
        groups.iter().fold(Sent::Queued, |worst, group| {
            match group.push(tag, data.clone(), except, &once) {
                Sent::Queued => worst,
                worse => worse,
            }
        })
    }

    /// Takes in the link that `make` makes for the slot.
    pub(crate) fn insert(
        &self,
        home: usize,
        make: impl FnOnce(usize) -> Arc<Link>,
    ) -> (Arc<Link>, usize) {
        let (link, slot) = self.0.shards[home].insert(make);
        match link.speech() {
            Speech::Raw => _ = self.0.framing.set(None),
            Speech::Framed(framing) => _ = self.0.framing.set(Some(Arc::clone(framing))),
            Speech::Own | Speech::Mute => {}
        }
        (link, slot)
    }

    pub(crate) fn remove(&self, home: usize, slot: usize) {
        self.0.shards[home].remove(slot);
    }

    pub(crate) fn get(&self, home: usize, slot: usize) -> Option<Arc<Link>> {
        self.0.shards.get(home)?.get(slot)
    }

    pub(crate) fn queue(&self, tag: Tag, data: Bytes, except: Option<Uuid>) -> Sent {
        if self.has_room() { self.push(tag, data, except, &[]) } else { Sent::Full }
    }

    fn has_room(&self) -> bool {
        self.0.shards.iter().all(|shard| shard.has_room(QUEUE))
    }

    /// `once`, for each home, when other groups get the same message.
    fn push(&self, tag: Tag, data: Bytes, except: Option<Uuid>, once: &[Arc<Once>]) -> Sent {
        let frame = match self.0.framing.get() {
            Some(Some(framing)) => framed(&**framing, tag, &data).map(Some),
            _ => Ok(None),
        };
        let Ok(frame) = frame else { return Sent::Invalid };
        let mut congested = false;
        for (home, shard) in self.0.shards.iter().enumerate() {
            let (data, frame, once) = (data.clone(), frame.clone(), once.get(home).cloned());
            congested |= Shard::push(shard, Message { tag, data, frame, except, once, end: None });
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
