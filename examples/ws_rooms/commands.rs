//! What guests may ask for.

use serde::Deserialize;
use sockeye::Uuid;
use sockeye::raw::Handle;
use sockeye::ws::{self, Session};

use crate::guest::{Guest, name, refuse, tell, to_others, user};
use crate::lobby::{LOBBY, MAX_NAME, MAX_TEXT, NAME, is_name};
use crate::said::{Room, Said};

/// Guests that are listed at most.
const LISTED: usize = 100;

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum Command {
    SetName {
        name: String,
    },
    #[serde(alias = "roomMsg")]
    Chat {
        message: String,
        #[serde(default = "lobby")]
        room: String,
    },
    Whisper {
        to: String,
        message: String,
    },
    Join {
        room: String,
    },
    Leave {
        room: String,
    },
    List,
    Rooms,
    MyInfo,
}

fn lobby() -> String {
    LOBBY.into()
}

impl Guest {
    /// Does what a message says.
    pub(crate) fn obey(&self, session: &mut Session<'_>, text: &str) {
        let command = match serde_json::from_str(text) {
            Ok(command) => command,
            Err(error) if error.is_data() => return refuse(session, &error.to_string()),
            Err(_) => return self.say(session, LOBBY, text),
        };
        match command {
            Command::SetName { name } => self.rename(session, name.trim()),
            Command::Chat { message, room } => self.say(session, room.trim(), &message),
            Command::Whisper { to, message } => self.whisper(session, to.trim(), &message),
            Command::Join { room } if is_name(room.trim()) => self.join(session, room.trim()),
            Command::Join { .. } => refuse(session, &bounds("A room's name")),
            Command::Leave { room } => leave(session, room.trim()),
            Command::List => self.list(session),
            Command::Rooms => rooms(session),
            Command::MyInfo => my_info(session),
        }
    }

    fn rename(&self, session: &mut Session<'_>, new: &str) {
        let old = name(session);
        if !is_name(new) {
            return refuse(session, &bounds("A name"));
        }
        if !self.names.change(&old, new, &session.handle()) {
            return refuse(session, &format!("Somebody else is called {new}"));
        }
        session.set(&NAME, new.to_string());
        tell(session, &Said::NameSet { name: new });
        let news = Said::news(&format!("{old} is called {new} now"));
        self.all.send_message_except(session.id(), ws::Message::Text(&news));
    }

    pub(crate) fn join(&self, session: &mut Session<'_>, room: &str) {
        match session.join_room(room) {
            Ok(true) => {
                let message = &format!("{} has joined {room}", name(session));
                to_others(session, room, &Said::System { message });
            }
            Ok(false) => {}
            Err(error) => return refuse(session, &error.to_string()),
        }
        let members = session.server_rooms().get(room).map_or(0, |group| group.len());
        tell(session, &Said::Joined { room, members });
    }

    fn whisper(&self, session: &mut Session<'_>, to: &str, message: &str) {
        let Some(guest) = self.find(to) else {
            return refuse(session, &format!("Nobody is called {to}"));
        };
        let message = message.replace(char::is_control, " ");
        let message = message.trim();
        if message.len() > MAX_TEXT {
            return refuse(session, &format!("Nobody can whisper more than {MAX_TEXT} bytes"));
        }
        let (from, from_id) = (&name(session), session.id().to_string());
        let whisper = Said::Whisper { from, from_id, message }.to_string();
        if ws::Handle::from(guest).text(whisper).is_queued() {
            tell(session, &Said::WhisperSent { to, message });
        } else {
            refuse(session, &format!("{to} does not listen"));
        }
    }

    /// Who has this name, or this id.
    fn find(&self, who: &str) -> Option<Handle> {
        let with_id = || {
            let id = who.parse::<Uuid>().ok()?;
            self.all.members().into_iter().find(|guest| guest.id() == id)
        };
        self.names.find(who).or_else(with_id)
    }

    fn list(&self, session: &mut Session<'_>) {
        let members = self.all.members();
        let mut users = members.iter().take(LISTED).map(user).collect::<Vec<_>>();
        users.sort_by(|one, other| one.name.cmp(&other.name));
        tell(session, &Said::UserList { users, total: members.len() });
    }
}

fn leave(session: &mut Session<'_>, room: &str) {
    if !session.leave_room(room) {
        return refuse(session, &format!("You are not in the room {room:?}"));
    }
    let message = &format!("{} has left {room}", name(session));
    to_others(session, room, &Said::System { message });
    tell(session, &Said::Left { room });
}

fn rooms(session: &mut Session<'_>) {
    let rooms = session.server_rooms();
    let with_size = |room: String| {
        let members = rooms.get(&room).map_or(0, |group| group.len());
        Room { room, members }
    };
    let rooms = rooms.names().into_iter().take(LISTED).map(with_size).collect();
    tell(session, &Said::RoomList { rooms });
}

fn my_info(session: &mut Session<'_>) {
    let (stats, user) = (session.stats(), user(&session.handle()));
    let (bytes_sent, bytes_received) = (stats.bytes_sent, stats.bytes_received);
    tell(session, &Said::MyInfo { user, bytes_sent, bytes_received });
}

fn bounds(what: &str) -> String {
    format!("{what} has 1 to {MAX_NAME} letters, digits, - or _")
}
