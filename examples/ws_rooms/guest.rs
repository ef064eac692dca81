//! A guest: comes, asks for things, and goes.

use std::sync::Arc;

use sockeye::raw::Handle;
use sockeye::ws::{self, Opening, Session};
use sockeye::{CloseReason, Sent};

use crate::lobby::{LOBBY, MAX_TEXT, NAME, Names};
use crate::said::{Said, User};

/// One session.
pub(crate) struct Guest {
    pub(crate) names: Names,
    pub(crate) all: ws::Group,
}

impl Guest {
    pub(crate) fn new(names: Names, all: ws::Group) -> Self {
        Self { names, all }
    }

    /// Says it to the others in a room.
    pub(crate) fn say(&self, session: &mut Session<'_>, room: &str, message: &str) {
        // Others' terminals obey control characters.
        let message = message.replace(char::is_control, " ");
        let message = message.trim();
        if message.is_empty() {
            return;
        }
        if message.len() > MAX_TEXT {
            return refuse(session, &format!("Nobody can say more than {MAX_TEXT} bytes at once"));
        }
        if !session.rooms().iter().any(|own| own == room) {
            return refuse(session, &format!("You are not in the room {room:?}"));
        }
        let from = &name(session);
        if !to_others(session, room, &Said::Chat { from, room, message }).is_queued() {
            refuse(session, "Too much is said there at once, and nobody has heard you");
        }
    }
}

impl ws::Handler for Guest {
    fn on_open(&mut self, session: &mut Session<'_>, _: &Opening) {
        let name = self.names.enter(&session.handle());
        session.join(&self.all);
        let (id, online) = (session.id().to_string(), self.all.len());
        let message = "Commands: setName, chat, whisper, join, leave, list, rooms, myInfo";
        tell(session, &Said::Welcome { id, name: &name, message, online });
        session.set(&NAME, name);
        self.join(session, LOBBY);
    }

    fn on_text(&mut self, session: &mut Session<'_>, text: &str) {
        self.obey(session, text);
    }

    fn on_close(&mut self, session: &mut Session<'_>, reason: &CloseReason) {
        let name = name(session);
        self.names.leave(&name);
        // When all go, nobody is left to be told.
        if !matches!(reason, CloseReason::Shutdown) {
            self.all.text(Said::news(&format!("{name} has gone: {reason}")));
        }
    }
}

/// What this guest is called.
pub(crate) fn name(session: &Session<'_>) -> Arc<String> {
    session.get(&NAME).unwrap_or_default()
}

/// Answers the guest himself.
pub(crate) fn tell(session: &mut Session<'_>, said: &Said<'_>) {
    session.text(said.to_string());
}

/// Answers that it cannot be.
pub(crate) fn refuse(session: &mut Session<'_>, why: &str) {
    session.text(Said::error(why));
}

/// Tells the others in the room.
pub(crate) fn to_others(session: &Session<'_>, room: &str, said: &Said<'_>) -> Sent {
    let Some(group) = session.server_rooms().get(room) else { return Sent::Queued };
    let text = said.to_string();
    ws::Group::from(group).send_message_except(session.id(), ws::Message::Text(&text))
}

/// What all may know of a guest.
pub(crate) fn user(guest: &Handle) -> User {
    User {
        id: guest.id().to_string(),
        name: guest.get(&NAME).map_or_else(String::new, |name| name.to_string()),
        uptime: guest.connected_at().map_or(0, |at| at.elapsed().as_secs()),
        rooms: guest.rooms(),
    }
}
