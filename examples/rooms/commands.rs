//! What guests may ask for.

use sockeye::framed::Session;

use crate::guest::{Guest, name, tell};
use crate::lobby::{MAX_NAME, NAME, is_name, names};

const HELP: &[&str] = &[
    "/nick NAME          be called so",
    "/join ROOM          join a room, and talk to it from now on",
    "/leave [ROOM]       leave a room, or the one that you talk to",
    "/rooms              which rooms there are",
    "/list               who is in the room that you talk to",
    "/whisper NAME TEXT  say it to one guest alone",
    "/quit               leave the server",
    "/help               see this",
];

impl Guest {
    /// Does what a line says that begins with a slash.
    pub(crate) fn obey(&mut self, session: &mut Session<'_>, line: &str) {
        let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        match command {
            "/nick" => self.rename(session, rest),
            "/join" if is_name(rest) => self.join(session, rest),
            "/join" => tell(session, &bounds("A room's name")),
            "/leave" => self.leave(session, rest),
            "/rooms" => rooms(session),
            "/list" => self.list(session),
            "/whisper" => self.whisper(session, rest),
            "/quit" => {
                tell(session, "Goodbye");
                session.close_because("quit");
            }
            "/help" => HELP.iter().for_each(|line| tell(session, line)),
            _ => tell(session, &format!("There is no command {command}: say /help")),
        }
    }

    fn rename(&self, session: &mut Session<'_>, new: &str) {
        let old = name(session);
        if !is_name(new) {
            return tell(session, &bounds("A name"));
        }
        if !self.names.change(&old, new, &session.handle()) {
            return tell(session, &format!("Somebody else is called {new}"));
        }
        session.set(&NAME, new.to_string());
        let text = format!("* {old} is called {new} now");
        session.server_rooms().send_to(session.rooms(), text, Some(session.id()));
        tell(session, &format!("You are called {new} now"));
    }

    pub(crate) fn join(&mut self, session: &mut Session<'_>, room: &str) {
        match session.join_room(room) {
            Ok(true) => {
                let text = format!("* {} has joined {room}", name(session));
                session.server_rooms().send_except(room, session.id(), text);
            }
            Ok(false) => {}
            Err(error) => return tell(session, &error.to_string()),
        }
        self.room = Some(room.to_string());
        tell(session, &format!("You talk to {room} now"));
    }

    fn leave(&mut self, session: &mut Session<'_>, room: &str) {
        let room = match &self.room {
            Some(current) if room.is_empty() => current.clone(),
            _ => room.to_string(),
        };
        if !session.leave_room(&room) {
            return tell(session, "You are not in that room");
        }
        let text = format!("* {} has left {room}", name(session));
        session.server_rooms().send(&room, text);
        tell(session, &format!("You have left {room}"));
        if self.room.as_ref() == Some(&room) {
            self.room = session.rooms().pop();
            let now = self.room.as_deref().unwrap_or("nobody");
            tell(session, &format!("You talk to {now} now"));
        }
    }

    fn list(&self, session: &mut Session<'_>) {
        let Some(room) = &self.room else { return tell(session, "You are in no room") };
        let members = session.server_rooms().get(room).map(|group| group.members());
        let text = listed(&names(&members.unwrap_or_default()));
        tell(session, &format!("In {room}: {text}"));
    }

    fn whisper(&self, session: &mut Session<'_>, rest: &str) {
        let Some((to, text)) = rest.split_once(' ') else {
            return tell(session, "Say /whisper NAME TEXT");
        };
        let Some(guest) = self.names.find(to) else {
            return tell(session, &format!("Nobody is called {to}"));
        };
        let text = format!("{} whispers: {}", name(session), text.trim_start());
        if guest.send(text).is_queued() {
            tell(session, &format!("Whispered to {to}"));
        } else {
            tell(session, &format!("{to} does not listen"));
        }
    }
}

fn rooms(session: &mut Session<'_>) {
    let rooms = session.server_rooms();
    let with_size = |room: String| {
        let members = rooms.get(&room).map_or(0, |group| group.len());
        format!("{room} ({members})")
    };
    let rooms = rooms.names().into_iter().map(with_size).collect::<Vec<_>>();
    tell(session, &format!("Rooms: {}", listed(&rooms)));
}

/// As many of these as one line has room for.
fn listed(items: &[String]) -> String {
    const SHOWN: usize = 20;
    let shown = items[..items.len().min(SHOWN)].join(", ");
    match items.len() - items.len().min(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn bounds(what: &str) -> String {
    format!("{what} has 1 to {MAX_NAME} letters, digits, - or _")
}
