//! What guests hear.

use std::fmt;

use serde::Serialize;

/// A message to guests; what it shows is its JSON.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Said<'a> {
    /// The first thing that a guest hears.
    Welcome {
        id: String,
        name: &'a str,
        message: &'a str,
        online: usize,
    },
    /// What he has asked for cannot be.
    Error {
        message: &'a str,
    },
    /// News of the server, of others, or of the administrator.
    System {
        message: &'a str,
    },
    /// He is called so now.
    NameSet {
        name: &'a str,
    },
    Chat {
        from: &'a str,
        room: &'a str,
        message: &'a str,
    },
    Whisper {
        from: &'a str,
        from_id: String,
        message: &'a str,
    },
    WhisperSent {
        to: &'a str,
        message: &'a str,
    },
    Joined {
        room: &'a str,
        members: usize,
    },
    Left {
        room: &'a str,
    },
    UserList {
        users: Vec<User>,
        total: usize,
    },
    RoomList {
        rooms: Vec<Room>,
    },
    MyInfo {
        user: User,
        bytes_sent: u64,
        bytes_received: u64,
    },
    /// The time at the server, in milliseconds since 1970, and who is there.
    Heartbeat {
        tick: u64,
        timestamp: u64,
        online: usize,
    },
}

#[derive(Serialize)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Seconds.
    pub(crate) uptime: u64,
    pub(crate) rooms: Vec<String>,
}

#[derive(Serialize)]
pub(crate) struct Room {
    pub(crate) room: String,
    pub(crate) members: usize,
}

impl<'a> Said<'a> {
    pub(crate) fn error(message: &'a str) -> String {
        Said::Error { message }.to_string()
    }

    pub(crate) fn news(message: &'a str) -> String {
        Said::System { message }.to_string()
    }
}

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        f.write_str(&json)
    }
}
