//! A server's rooms: groups that have a name, and are there while they have members.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use uuid::Uuid;

use super::{Group, Sent, Tag};
use crate::error::{Error, ErrorKind, Result};
use crate::service::lock;

/// The rooms of a server: groups found by name. Clones are handles to the same rooms.
///
/// A room is there from when the first session joins it ([`Session::join_room`]) until the last has
/// left; sessions leave by themselves when they close. A room that nobody has joined is not
/// there, and what is sent to it reaches nobody.
///
/// Everything may be called on any thread, from callbacks too ([`Session::server_rooms`]), and
/// waits for nothing but a short lock.
///
/// A room is a [`Group`] and costs what one costs. In memory, as measured: 720 bytes for a room of
/// one member where the service has one home (it has one for a thread pool, and one for each
/// loop), 250 more for each further home, and some 80 for each further member.
///
/// ```
/// use sockeye::{CloseReason, Server, Service, raw};
///
/// /// Says which room it wants to be in, and then talks to that.
/// struct Guest;
/// impl raw::Handler for Guest {
///     fn on_data(&mut self, session: &mut raw::Session<'_>, data: &[u8]) {
///         let text = String::from_utf8_lossy(data);
///         match text.trim_end().strip_prefix("/join ") {
///             Some(room) => match session.join_room(room) {
///                 Ok(_) => drop(session.send("welcome\n")),
///                 Err(error) => drop(session.send(format!("{error}\n"))),
///             },
///             None => {
///                 let rooms = session.rooms();
///                 session.server_rooms().send_to(rooms, data, Some(session.id()));
///             }
///         }
///     }
///     fn on_close(&mut self, session: &mut raw::Session<'_>, _: &CloseReason) {
///         session.server_rooms().send_to(session.rooms(), "somebody has left\n", None);
///     }
/// }
///
/// let service = Service::builder().threads(1).start()?;
/// let server = Server::builder(&service, raw::server(|_| Guest)).listen("127.0.0.1:0")?;
/// let rooms = server.rooms();
/// for name in rooms.names() {
///     println!("{name}: {} members", rooms.get(&name).map_or(0, |room| room.len()));
/// }
/// rooms.send("lobby", "the server says hello\n");
/// # service.stop()?;
/// # Ok::<(), sockeye::Error>(())
/// ```
///
/// [`Session::join_room`]: crate::raw::Session::join_room
/// [`Session::server_rooms`]: crate::raw::Session::server_rooms
#[derive(Clone)]
pub struct Rooms(Arc<House>);

struct House {
    limits: RoomLimits,
    /// Makes the group of a room.
    make: Box<dyn Fn() -> Group + Send + Sync>,
    /// In the order of their names, so that a list of them is the same each time.
    rooms: Mutex<BTreeMap<Arc<str>, Room>>,
}

struct Room {
    group: Group,
    /// Tickets to it, which its members hold, or are about to.
    tickets: usize,
}

/// How many rooms there may be, and how long a name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoomLimits {
    pub(crate) rooms: usize,
    pub(crate) name: usize,
}

impl Default for RoomLimits {
    fn default() -> Self {
        Self { rooms: 1 << 16, name: 256 }
    }
}

impl Rooms {
    pub(crate) fn new(
        limits: RoomLimits,
        make: impl Fn() -> Group + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(House { limits, make: Box::new(make), rooms: Mutex::default() }))
    }

    /// The names of the rooms there are, sorted.
    pub fn names(&self) -> Vec<String> {
        let names: Vec<Arc<str>> = lock(&self.0.rooms).keys().cloned().collect();
        names.iter().map(ToString::to_string).collect()
    }

    /// The number of rooms.
    pub fn len(&self) -> usize {
        lock(&self.0.rooms).len()
    }

    /// True when nobody is in a room.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The room of this name, if there is one, to send to it or to list its members.
    ///
    /// A group that is kept longer than its room stays empty, also when a new room gets the same
    /// name: look it up again. A session that joins the group as such
    /// ([`Session::join`](crate::raw::Session::join)) gets what is sent to the room, but does not
    /// keep it in being. While its first member joins or its last one leaves, a room is empty
    /// for a moment.
    pub fn get(&self, name: &str) -> Option<Group> {
        lock(&self.0.rooms).get(name).map(|room| room.group.clone())
    }

    /// Sends to all members of a room, as [`Group::send`] does. To a room that is not there nothing
    /// is sent, which is [`Sent::Queued`] as with an empty group.
    pub fn send(&self, name: &str, data: impl AsRef<[u8]>) -> Sent {
        self.get(name).map_or(Sent::Queued, |group| group.send(data))
    }

    /// Sends to all members of a room but the one with this id.
    pub fn send_except(&self, name: &str, id: Uuid, data: impl AsRef<[u8]>) -> Sent {
        self.get(name).map_or(Sent::Queued, |group| group.send_except(id, data))
    }

    /// Sends to the members of several rooms, but not to the one with the id `except`. Who is in
    /// more than one of them gets it once. The bytes are copied once, and delivered on the members' own
    /// threads.
    ///
    /// A member of one of the rooms gets it in order with what else is sent to that room; a member of
    /// several, in order with what is sent to one of them, whichever is first, and to all of these rooms
    /// together. Between the rooms there is no order otherwise.
    ///
    /// [`Sent::Full`] when too much waits to be delivered to one of the rooms: nothing is sent then.
    /// While it waits, it counts there with 16 bytes more for each member of all of the rooms.
    ///
    /// ```
    /// use sockeye::{Server, Service, raw};
    ///
    /// let service = Service::builder().threads(1).start()?;
    /// let server = Server::builder(&service, raw::server(|_| raw::Discard)).listen("127.0.0.1:0")?;
    /// server.rooms().send_to(["lobby", "kitchen"], "dinner is ready\n", None);
    /// # service.stop()?;
    /// # Ok::<(), sockeye::Error>(())
    /// ```
    pub fn send_to(
        &self,
        names: impl IntoIterator<Item = impl AsRef<str>>,
        data: impl AsRef<[u8]>,
        except: Option<Uuid>,
    ) -> Sent {
        self.queue_to(names, Tag::default(), data.as_ref(), except)
    }

    pub(crate) fn queue_to(
        &self,
        names: impl IntoIterator<Item = impl AsRef<str>>,
        tag: Tag,
        data: &[u8],
        except: Option<Uuid>,
    ) -> Sent {
        let groups = names.into_iter().filter_map(|name| self.get(name.as_ref())).collect();
        Group::send_to_all(groups, tag, data, except)
    }

    /// Room in a room, for as long as the ticket is kept; a room that is not there is made.
    pub(super) fn enter(&self, name: &str) -> Result<(Group, Ticket)> {
        self.check(name)?;
        let mut rooms = lock(&self.0.rooms);
        // A room's own name is used, so that there is one copy of it.
        let known = rooms.get_key_value(name).map(|(name, _)| Arc::clone(name));
        if known.is_none() && rooms.len() >= self.0.limits.rooms {
            let detail = format!("{} rooms of the server", self.0.limits.rooms);
            return Err(refused(name).because(detail));
        }
        let name = known.unwrap_or_else(|| name.into());
        let make = || Room { group: (self.0.make)(), tickets: 0 };
        let room = rooms.entry(Arc::clone(&name)).or_insert_with(make);
        room.tickets += 1;
        Ok((room.group.clone(), Ticket { rooms: self.clone(), name }))
    }

    /// Whether a room may have this name.
    pub(super) fn check(&self, name: &str) -> Result<()> {
        let (length, most) = (name.len(), self.0.limits.name);
        if length <= most {
            return Ok(());
        }
        let detail = format!("a name of {length} bytes, at most {most}");
        Err(Error::new(ErrorKind::LimitReached, "join a room").because(detail))
    }

    /// The room goes with the last ticket. It is dropped without the lock: it may hold sessions that
    /// have joined it as a group.
    fn give_back(&self, name: &str) {
        let mut rooms = lock(&self.0.rooms);
        let Some(room) = rooms.get_mut(name) else { return };
        room.tickets -= 1;
        let empty = (room.tickets == 0).then(|| rooms.remove(name));
        drop(rooms);
        drop(empty);
    }
}

/// A limit that keeps a session out of a room.
pub(super) fn refused(name: &str) -> Error {
    failed(ErrorKind::LimitReached, name)
}

/// What keeps a session out of a room, which has a name of bounded length.
pub(super) fn failed(kind: ErrorKind, name: &str) -> Error {
    // Peers may have chosen the name, and errors go to logs.
    Error::new(kind, "join the room").on(format_args!("{name:?}"))
}

impl fmt::Debug for Rooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rooms").field("rooms", &self.len()).finish_non_exhaustive()
    }
}

/// Keeps a room in being.
pub(super) struct Ticket {
    rooms: Rooms,
    name: Arc<str>,
}

impl Ticket {
    /// The room's name.
    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.rooms.give_back(&self.name);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::service::Service;

    fn rooms(limits: RoomLimits) -> Rooms {
        let service = Service::builder().threads(0).start().unwrap();
        Rooms::new(limits, move || Group::new(&service))
    }

    /// SplitMix64.
    fn draw(state: &mut u64) -> u64 {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ (mixed >> 27)
    }

    /// A ticket that is drawn while the last one is given back must not lead into a room that
    /// nobody finds.
    #[test]
    fn whoever_has_a_ticket_is_in_the_room_that_others_find() {
        const NAMES: [&str; 2] = ["lobby", "kitchen"];
        let rooms = rooms(RoomLimits::default());
        let wander = |mut seed: u64| {
            let mut held: Vec<(Group, Ticket)> = Vec::new();
            for _ in 0..5_000 {
                match draw(&mut seed) % 5 {
                    0 | 1 => {
                        let name = NAMES[draw(&mut seed) as usize % NAMES.len()];
                        held.push(rooms.enter(name).unwrap());
                    }
                    2 | 3 if !held.is_empty() => {
                        held.swap_remove(draw(&mut seed) as usize % held.len());
                    }
                    4 => held.clear(),
                    _ => {}
                }
                for (group, ticket) in &held {
                    assert_eq!(rooms.get(ticket.name()).as_ref(), Some(group));
                }
            }
        };
        thread::scope(|scope| (0..4).for_each(|seed| drop(scope.spawn(move || wander(seed)))));
        assert!(rooms.is_empty());
    }

    #[test]
    fn limits_are_kept_and_named() {
        let rooms = rooms(RoomLimits { rooms: 2, name: 3 });
        let told = |name| rooms.enter(name).map(drop).unwrap_err().to_string();
        let first = rooms.enter("a").unwrap();
        let _same = rooms.enter("a").unwrap();
        let _second = rooms.enter("äa").unwrap();
        assert_eq!(
            told("c\n"),
            "cannot join the room \"c\\n\": the limit is reached (2 rooms of the server)"
        );
        assert_eq!(
            told("long"),
            "cannot join a room: the limit is reached (a name of 4 bytes, at most 3)"
        );
        drop(first);
        assert_eq!(rooms.names(), ["a", "äa"]);
    }
}
