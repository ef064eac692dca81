//! A server's rooms.

use std::fmt;
use std::ops::Deref;

use uuid::Uuid;

use super::frames::whole;
use super::{Group, Message};
use crate::session::{self, Sent};

/// A server's rooms: the [rooms](crate::Rooms) that all protocols have, whose own functions send binary
/// messages, and what WebSocket has to send.
///
/// ```
/// use sockeye::ws::{self, Handler, Opening, Rooms};
///
/// /// Everybody in the room that the path names hears what one says.
/// struct Guest;
/// impl Handler for Guest {
///     fn on_open(&mut self, session: &mut ws::Session<'_>, opening: &Opening) {
///         if let Err(error) = session.join_room(opening.path()) {
///             session.close(1008, error.to_string());
///         }
///     }
///     fn on_text(&mut self, session: &mut ws::Session<'_>, text: &str) {
///         let rooms = Rooms::from(session.server_rooms());
///         rooms.text_to(session.rooms(), text, Some(session.id()));
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Rooms(session::Rooms);

impl Rooms {
    /// The room of this name, if there is one.
    pub fn get(&self, name: &str) -> Option<Group> {
        self.0.get(name).map(Group::from)
    }

    /// Sends a text to all members of a room. To a room that is not there nothing is sent, which is
    /// [`Sent::Queued`] as with an empty group.
    pub fn text(&self, name: &str, text: impl AsRef<str>) -> Sent {
        self.get(name).map_or(Sent::Queued, |room| room.text(text))
    }

    /// Sends a text to the members of several rooms, but not to the one with the id `except`, and once
    /// to who is in more than one: see [`send_to`](crate::Rooms::send_to).
    pub fn text_to(
        &self,
        names: impl IntoIterator<Item = impl AsRef<str>>,
        text: impl AsRef<str>,
        except: Option<Uuid>,
    ) -> Sent {
        self.message_to(names, Message::Text(text.as_ref()), except)
    }

    /// The same with a message of either kind.
    pub fn message_to(
        &self,
        names: impl IntoIterator<Item = impl AsRef<str>>,
        message: Message<'_>,
        except: Option<Uuid>,
    ) -> Sent {
        self.0.queue_to(names, whole(message.kind()), message.as_bytes(), except)
    }
}

/// For what [`server_rooms`](crate::raw::Session::server_rooms) and
/// [`Server::rooms`](crate::Server::rooms) give.
impl From<session::Rooms> for Rooms {
    fn from(rooms: session::Rooms) -> Self {
        Self(rooms)
    }
}

impl Deref for Rooms {
    type Target = session::Rooms;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl fmt::Debug for Rooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
