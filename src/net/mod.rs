//! The layer below the sessions: everything that knows what a socket is, and nothing that knows
//! what a session, a handler or an event loop is.
//!
//! A stream or listener here never blocks, never waits and never calls back; whoever owns it
//! registers it with a poller and calls it when that says so. Two things take long all the same,
//! and both are kept off the event loops: names are resolved on a few threads of their own
//! ([`Resolver`]), and which of a host's addresses is tried when is decided by a machine without
//! a socket or a clock ([`Eyeballs`]).
//!
//! | file | its one idea |
//! |---|---|
//! | `address.rs` | what users write: a parsed, unresolved address |
//! | `to_addresses.rs` | whatever can be given where addresses are wanted |
//! | `endpoint.rs` | what the system knows: one end of a connection |
//! | `options.rs` | what users may set on a TCP socket |
//! | `apply.rs` | how it gets onto a listening, an accepted and a connecting socket |
//! | `stream.rs` | a connected byte stream, TCP or in memory |
//! | `listener.rs` | where streams come from on a server |
//! | `connect.rs` | where they come from on a client |
//! | `eyeballs.rs` | several addresses, one connection (RFC 8305) |
//! | `resolve.rs` | names to addresses, on other threads |
//! | `datagram.rs` | a UDP socket |
//! | `udp_options.rs` | what users may set on one |
//! | `multicast.rs` | the groups it joins |
//! | `arena.rs` | where datagrams are received |
//! | `mmsg.rs` | many of them in one system call |
//! | `memory.rs` | a stream without a socket, with the faults of one |
//! | `faults.rs` | which faults: seeded, so that a failure can be had again |
//! | `os.rs` | what the platforms differ in: error numbers, and options that not all have |

use std::any::Any;

mod address;
mod apply;
mod arena;
mod connect;
mod datagram;
mod endpoint;
mod eyeballs;
#[cfg(feature = "testing")]
mod faults;
mod listener;
#[cfg(feature = "testing")]
pub(crate) mod memory;
#[cfg(any(target_os = "android", target_os = "linux"))]
mod mmsg;
mod multicast;
mod options;
mod os;
mod resolve;
mod stream;
mod to_addresses;
mod udp_options;

pub use address::Address;
pub use endpoint::Endpoint;
#[cfg(feature = "testing")]
pub use faults::Faults;
pub use multicast::{Interface, MulticastGroup};
pub use options::{KeepAlive, TcpOptions};
pub use to_addresses::ToAddresses;
pub use udp_options::UdpOptions;

pub(crate) use arena::{Arena, Details, SLOTS};
pub(crate) use connect::{outcome, start};
pub(crate) use datagram::{DatagramSocket, Parcel, Watch, is_late};
pub(crate) use eyeballs::{Eyeballs, Step};
pub(crate) use listener::Listener;
pub(crate) use resolve::Resolver;
pub(crate) use stream::{SHORT_READ_DRAINS, SHORT_WRITE_FILLS, Stream};

/// What a panic said.
fn panic_text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("not a text")
}
