//! WebSocket (RFC 6455), with compressed messages (RFC 7692): servers and clients.
//!
#![doc = include_str!("tutorial.md")]

pub mod client;
mod compression;
mod conversation;
mod endpoint;
mod frames;
mod group;
mod handle;
mod handler;
mod heartbeat;
mod inbox;
mod opening;
mod options;
mod origins;
mod rooms;
mod session;

pub use client::{Client, Refusal, client};
pub use endpoint::{Endpoint, endpoint, server, server_with};
pub use group::Group;
pub use handle::Handle;
pub use handler::{Fragment, Handler, Message};
pub use heartbeat::Heartbeat;
pub use inbox::{Inbox, OwnedMessage};
pub use opening::Opening;
pub use rooms::Rooms;
pub use session::Session;

pub use crate::codec::ws::deflate::Settings as Deflate;
pub use crate::codec::ws::{Code, Kind, parse};
pub use crate::session::{By, CloseReason, Farewell, ServerProtocol};

/// What holds for whatever bytes, for the fuzz targets.
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod checks {
    pub use crate::codec::ws::deflate::checks::{inflate_any, round_trip};
    pub use crate::codec::ws::handshake::checks::handshake;
}
