//! Sessions that are spoken to together.

use std::fmt;
use std::ops::Deref;

use bytes::Bytes;
use uuid::Uuid;

use super::Message;
use super::frames::{self, control, whole};
use super::session::farewell;
use crate::session::Sent;
use crate::{Service, session};

/// Sessions that are spoken to together: the [group](crate::raw::Group) that all protocols have, and what
/// WebSocket has to send. Clones are handles to the same group.
///
/// A message is framed once for all members, and compressed once for all that have agreed on the same
/// without a context of their own. Members that do not speak WebSocket (yet) are left out.
///
/// ```
/// use sockeye::ws::{self, Handler, Opening};
///
/// /// Everybody hears what one says.
/// struct Chat(ws::Group);
/// impl Handler for Chat {
///     fn on_open(&mut self, session: &mut ws::Session<'_>, _: &Opening) {
///         session.join(&self.0);
///     }
///     fn on_text(&mut self, _: &mut ws::Session<'_>, text: &str) {
///         self.0.text(text);
///     }
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Group(session::Group);

impl Group {
    /// An empty group of sessions of this service.
    pub fn new(service: &Service) -> Self {
        Self(session::Group::new(service))
    }

    /// Sends a text to all members; [`Sent::Full`] when 16 MiB wait to be delivered already.
    pub fn text(&self, text: impl AsRef<str>) -> Sent {
        self.queue(Message::Text(text.as_ref()), None)
    }

    /// Sends bytes to all members.
    pub fn binary(&self, data: impl AsRef<[u8]>) -> Sent {
        self.queue(Message::Binary(data.as_ref()), None)
    }

    /// Sends a message of either kind to all members but the one with this id.
    pub fn send_message_except(&self, id: Uuid, message: Message<'_>) -> Sent {
        self.queue(message, Some(id))
    }

    /// Sends a ping of at most 125 bytes to all members, [`Sent::Invalid`] for more.
    pub fn ping(&self, data: impl AsRef<[u8]>) -> Sent {
        let data = data.as_ref();
        match data.len() {
            ..=frames::CONTROL => {
                self.0.queue(control(frames::PING), Bytes::copy_from_slice(data), None)
            }
            _ => Sent::Invalid,
        }
    }

    /// Closes all members, with a code and words, when they have been told what was sent before.
    pub fn close(&self, code: u16, reason: impl Into<Box<str>>) {
        self.0.end(&farewell(code, reason));
    }

    fn queue(&self, message: Message<'_>, except: Option<Uuid>) -> Sent {
        self.0.queue(whole(message.kind()), Bytes::copy_from_slice(message.as_bytes()), except)
    }
}

/// For what a server's [rooms](crate::Rooms) or [`everyone`](crate::raw::Session::everyone) give.
impl From<session::Group> for Group {
    fn from(group: session::Group) -> Self {
        Self(group)
    }
}

impl Deref for Group {
    type Target = session::Group;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
