//! What the chats with rooms have in common: `rooms`, which speaks in lines, and `ws_rooms`, which
//! speaks WebSocket.

mod console;
mod names;
#[path = "../options/mod.rs"]
mod options;
mod settings;

pub(crate) use console::{Console, Voice};
pub(crate) use names::{LOBBY, MAX_NAME, MAX_TEXT, NAME, Names, is_name, names};
pub(crate) use settings::{Settings, THREADS};
