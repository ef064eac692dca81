//! A guest: comes, talks to the room he is in, and goes.

use std::sync::Arc;

use sockeye::CloseReason;
use sockeye::framed::{self, Session};

use crate::lobby::{LOBBY, MAX_TEXT, NAME, Names};

/// One session. What only its own callbacks need are fields.
pub(crate) struct Guest {
    pub(crate) names: Names,
    /// The room he talks to, of those that he is in.
    pub(crate) room: Option<String>,
}

impl Guest {
    pub(crate) fn new(names: Names) -> Self {
        Self { names, room: None }
    }

    /// Says it to the others in the room.
    fn say(&self, session: &mut Session<'_>, text: &str) {
        let Some(room) = &self.room else {
            return tell(session, "You are in no room: say /join ROOM");
        };
        let text = format!("[{room}] {}: {text}", name(session));
        if !session.server_rooms().send_except(room, session.id(), text).is_queued() {
            tell(session, "Too much is said there at once, and nobody has heard you");
        }
    }
}

impl framed::Handler<str> for Guest {
    fn on_open(&mut self, session: &mut Session<'_>) {
        let name = self.names.enter(&session.handle());
        tell(session, &format!("Welcome, {name}! Say /help to see what you can do"));
        session.set(&NAME, name);
        self.join(session, LOBBY);
    }

    fn on_message(&mut self, session: &mut Session<'_>, line: &str) {
        // Others' terminals obey control characters.
        let line = line.replace(char::is_control, " ");
        match line.trim() {
            "" => {}
            text if text.len() > MAX_TEXT => {
                tell(session, &format!("Nobody can say more than {MAX_TEXT} bytes at once"));
            }
            text if text.starts_with('/') => self.obey(session, text),
            text => self.say(session, text),
        }
    }

    fn on_close(&mut self, session: &mut Session<'_>, reason: &CloseReason) {
        let name = name(session);
        self.names.leave(&name);
        // When all go, nobody is left to be told.
        if !matches!(reason, CloseReason::Shutdown) {
            // He has left his rooms, but is still told which they were.
            let text = format!("* {name} has gone: {reason}");
            session.server_rooms().send_to(session.rooms(), text, None);
        }
    }
}

/// What this guest is called.
pub(crate) fn name(session: &Session<'_>) -> Arc<String> {
    session.get(&NAME).unwrap_or_default()
}

/// Answers the guest himself.
pub(crate) fn tell(session: &mut Session<'_>, text: &str) {
    session.send(format!("* {text}"));
}
