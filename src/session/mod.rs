//! Sessions: one connection each, with everything that is the same whatever it speaks.
//!
//! A [`link`] is what the program holds; its [`turn`] works on the [`core`]; others speak to it
//! through its [`mailbox`]. The protocol above is a trait ([`protocol`]), the stream below a closed
//! enum of `net`.

mod belongings;
mod book;
mod chain;
mod core;
mod counters;
mod establish;
mod group;
mod handle;
mod id;
#[cfg(feature = "http")]
mod io;
mod key;
mod kind;
mod limits;
mod link;
mod mailbox;
mod membership;
mod middleware;
mod once;
mod outqueue;
mod permit;
mod preface;
mod protocol;
mod reason;
mod records;
mod rooms;
mod sent;
#[expect(clippy::module_inception, reason = "the session is the folder's main type")]
mod session;
mod sessions;
mod shard;
mod stack;
mod tag;
#[cfg(feature = "ws")]
mod talk;
mod terms;
mod turn;

pub use counters::Stats;
pub use group::Group;
pub use handle::Handle;
pub use key::Key;
pub use limits::{Limits, Overflow};
pub use middleware::{Layer, Middleware, Verdict};
pub use permit::Permit;
pub use protocol::End;
pub use reason::{By, CloseReason, Farewell, Limit};
pub use rooms::Rooms;
pub use sent::Sent;
pub use session::Session;
pub use sessions::{Closed, Sessions};
pub use stack::{ClientProtocol, ServerProtocol};

pub(crate) use book::{Book, Books};
pub(crate) use id::{Ids, Place, place};
#[cfg(feature = "http")]
pub(crate) use io::Waker;
pub(crate) use link::{Link, Parts};
pub(crate) use mailbox::{Gate, Job};
#[cfg(feature = "http")]
pub(crate) use protocol::Goodbye;
pub(crate) use protocol::{Admitted, Owner, Protocol, Shutdown};
pub(crate) use rooms::RoomLimits;
#[cfg(feature = "ws")]
pub(crate) use tag::Part;
pub(crate) use tag::Tag;
pub(crate) use terms::{Framing, Speech, Terms};
