//! What a session is a member of: groups, and its server's rooms, which are groups with a name.

use std::sync::Arc;

use super::core::upgrade;
use super::link::Link;
use super::rooms::{self, RoomLimits, Ticket};
use super::{Group, Handle, Rooms, Session};
use crate::error::{Error, ErrorKind, Result};

/// A session's place in a group.
pub(super) struct Membership {
    group: Group,
    home: usize,
    slot: usize,
    /// The group is a room, and was joined as such.
    ticket: Option<Ticket>,
}

impl Session<'_> {
    /// Joins a group; the session leaves it by itself when it closes. False when it is a member
    /// already (of [`Session::everyone`] it always is) or closed, the group is one of another
    /// service, or the session is in as many groups and rooms as
    /// [`Limits::groups`](crate::Limits::groups) allows.
    pub fn join(&mut self, group: &Group) -> bool {
        let most = self.link.terms.groups;
        let live = self.core.transport.is_some() && group.is_on(&self.link.service);
        if *group == self.everyone() {
            return false;
        }
        let groups = &mut self.core.extras().groups;
        if !live || groups.len() >= most || groups.iter().any(|member| member.is_of(group)) {
            return false;
        }
        groups.push(Membership::new(group.clone(), upgrade(self.link)));
        true
    }

    /// Leaves a group; false when the session was not a member.
    pub fn leave(&mut self, group: &Group) -> bool {
        self.leave_what(|member| member.is_of(group))
    }

    /// Joins a room of the session's server, which is made if it is not there; false when the session
    /// is in it already. The session leaves by itself when it closes.
    ///
    /// See [`Rooms`] for an example.
    ///
    /// # Errors
    ///
    /// [`LimitReached`](ErrorKind::LimitReached) when the session is in as many groups and rooms as
    /// [`Limits::groups`](crate::Limits::groups) allows, when the server has as many rooms as it may
    /// ([`max_rooms`](crate::server::Builder::max_rooms)), or when the name is too long
    /// ([`max_room_name`](crate::server::Builder::max_room_name));
    /// [`Closed`](ErrorKind::Closed) when the session is, as in `on_close`; and
    /// [`Unsupported`](ErrorKind::Unsupported) on a client, which has no rooms.
    pub fn join_room(&mut self, name: &str) -> Result<bool> {
        let rooms = rooms_for(self.link, name)?;
        if self.core.transport.is_none() {
            return Err(rooms::failed(ErrorKind::Closed, name));
        }
        let most = self.link.terms.groups;
        let groups = &mut self.core.extras().groups;
        if groups.iter().any(|member| member.is_room(name)) {
            return Ok(false);
        }
        if groups.len() >= most {
            return Err(rooms::refused(name).because(format_args!("{most} groups of a session")));
        }
        let (group, ticket) = rooms.enter(name)?;
        self.link.belongings.add_room(Arc::clone(ticket.name()));
        match groups.iter_mut().find(|member| member.is_of(&group)) {
            // It has joined the room as a group before.
            Some(member) => member.ticket = Some(ticket),
            None => {
                let member = Membership::new(group, upgrade(self.link));
                groups.push(Membership { ticket: Some(ticket), ..member });
            }
        }
        Ok(true)
    }

    /// Leaves a room; false when the session was not in it.
    pub fn leave_room(&mut self, name: &str) -> bool {
        self.leave_what(|member| member.is_room(name))
    }

    /// The names of the rooms that the session is in, in the order of joining. In `on_close`: that
    /// it was in, though it has left them already.
    pub fn rooms(&self) -> Vec<String> {
        self.link.belongings.rooms()
    }

    /// The rooms of this session's server, to send to them and to see who is in them. A client has
    /// none, and what it sends to one reaches nobody.
    pub fn server_rooms(&self) -> Rooms {
        let service = Arc::clone(&self.link.service);
        let none = || Rooms::new(RoomLimits::default(), move || Group::of(&service));
        self.link.owner.rooms().cloned().unwrap_or_else(none)
    }

    /// All sessions of this session's server. A client has an empty group.
    pub fn everyone(&self) -> Group {
        self.link.owner.everyone()
    }

    fn leave_what(&mut self, is_it: impl Fn(&Membership) -> bool) -> bool {
        let groups = &mut self.core.extras().groups;
        let Some(index) = groups.iter().position(is_it) else { return false };
        let membership = groups.swap_remove(index);
        if let Some(ticket) = &membership.ticket {
            self.link.belongings.remove_room(ticket.name());
        }
        membership.leave();
        true
    }

    /// Joins a room on behalf of a handle, whose caller has gone.
    fn join_room_later(&mut self, name: &str) {
        if let Err(error) = self.join_room(name) {
            self.link.fail(&error);
        }
    }
}

impl Handle {
    /// Joins a group in the session's next turn.
    pub fn join(&self, group: &Group) {
        let group = group.clone();
        let _ = self.post(move |session| {
            session.join(&group);
        });
    }

    /// Leaves a group in the session's next turn.
    pub fn leave(&self, group: &Group) {
        let group = group.clone();
        let _ = self.post(move |session| {
            session.leave(&group);
        });
    }

    /// Joins a room in the session's next turn: see [`Session::join_room`]. A limit that is
    /// reached then is told to the `on_error` of the server's events.
    ///
    /// # Errors
    ///
    /// As [`Handle::post`], and at once: [`LimitReached`](ErrorKind::LimitReached) when the name is
    /// too long, [`Unsupported`](ErrorKind::Unsupported) on a client.
    pub fn join_room(&self, name: &str) -> Result<()> {
        rooms_for(self.link(), name)?;
        let name = name.to_owned();
        self.post(move |session| session.join_room_later(&name))
    }

    /// Leaves a room in the session's next turn; nothing happens if it is not in it then.
    ///
    /// # Errors
    ///
    /// As [`Handle::post`].
    pub fn leave_room(&self, name: &str) -> Result<()> {
        if rooms_for(self.link(), name).is_err() {
            return Ok(()); // Nobody is in such a room, and a job keeps a copy of the name.
        }
        let name = name.to_owned();
        self.post(move |session| _ = session.leave_room(&name))
    }

    /// The names of the rooms that the session is in at this moment, in the order of joining. When
    /// it has closed there are none.
    pub fn rooms(&self) -> Vec<String> {
        self.link().belongings.rooms()
    }
}

/// The rooms that a session may join or leave, where one may have this name.
fn rooms_for<'a>(link: &'a Link, name: &str) -> Result<&'a Rooms> {
    let Some(rooms) = link.owner.rooms() else {
        let error = Error::new(ErrorKind::Unsupported, "join a room");
        return Err(error.because("a client has no rooms"));
    };
    rooms.check(name).map(|()| rooms)
}

impl Membership {
    fn new(group: Group, link: Arc<Link>) -> Self {
        let home = link.seat.home().index();
        let (_, slot) = group.insert(home, |_| link);
        Self { group, home, slot, ticket: None }
    }

    fn is_of(&self, group: &Group) -> bool {
        self.group == *group
    }

    fn is_room(&self, name: &str) -> bool {
        self.ticket.as_ref().is_some_and(|ticket| **ticket.name() == *name)
    }

    /// The ticket is given back when the place is.
    pub(super) fn leave(self) {
        self.group.remove(self.home, self.slot);
    }
}
