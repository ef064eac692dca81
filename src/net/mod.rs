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
//! | `address_range.rs` | many addresses: a range of IP addresses |
//! | `to_addresses.rs` | whatever can be given where addresses are wanted |
//! | `endpoint.rs` | what the system knows: one end of a connection |
//! | `sockets.rs` | what sockets are made with, whatever the transport |
//! | `options.rs` | what users may set on a TCP socket |
//! | `apply.rs` | how it gets onto a listening, an accepted and a connecting socket |
//! | `stream.rs` | a connected byte stream: TCP, a Unix socket, or in memory |
//! | `listener.rs` | where streams come from on a server |
//! | `tcp_listener.rs` | a listening TCP socket |
//! | `unix_name.rs`, `unix_options.rs` | what a Unix socket is called, and what users may set on it |
//! | `unix_socket.rs` | what listening and connected ones have in common: addresses and errors |
//! | `unix_listener.rs`, `unix_stream.rs` | a listening and a connected Unix socket |
//! | `credentials.rs` | who is at the other end of a Unix socket |
//! | `descriptors.rs`, `passing.rs` | descriptors that travel with the bytes of a Unix socket |
//! | `socket_file.rs` | the file of a listening one: whose it is, and when it may be removed |
//! | `transport.rs` | what a session reads and writes: a stream, or TLS over one |
//! | `tls/` | TLS: configurations, and the record layer over a stream |
//! | `tunnel.rs` | the way through a proxy to whom TLS is spoken with |
//! | `proxy/` | the PROXY protocol: whose word is taken, and what it says |
//! | `connect.rs` | where they come from on a client |
//! | `eyeballs.rs` | several addresses, one connection (RFC 8305) |
//! | `resolve.rs` | names to addresses, on other threads |
//! | `datagram.rs` | a UDP socket |
//! | `udp_options.rs` | what users may set on one |
//! | `multicast.rs` | the groups it joins |
//! | `arena.rs` | where datagrams are received |
//! | `mmsg.rs` | many of them in one system call |
//! | `memory.rs` | a stream without a socket, with the faults of one |
//! | `memory_listener.rs` | where such streams come from on a server |
//! | `names.rs`, `conditions.rs` | the names in memory of one service, and how connections to them are |
//! | `faults.rs` | which faults: seeded, so that a failure can be had again |
//! | `os.rs` | what the platforms differ in: error numbers, and options that not all have |

use std::any::Any;

mod address;
mod address_range;
mod apply;
mod arena;
#[cfg(feature = "testing")]
mod conditions;
mod connect;
mod credentials;
mod datagram;
mod descriptors;
mod endpoint;
mod eyeballs;
#[cfg(feature = "testing")]
mod faults;
mod listener;
#[cfg(feature = "testing")]
pub(crate) mod memory;
#[cfg(feature = "testing")]
mod memory_listener;
#[cfg(any(target_os = "android", target_os = "linux"))]
mod mmsg;
mod multicast;
#[cfg(feature = "testing")]
mod names;
mod options;
mod os;
#[cfg(unix)]
mod passing;
pub mod proxy;
mod resolve;
#[cfg(unix)]
mod socket_file;
mod sockets;
mod stream;
mod tcp_listener;
#[cfg(feature = "tls")]
pub mod tls;
mod to_addresses;
mod transport;
#[cfg(all(feature = "http", feature = "tls"))]
mod tunnel;
mod udp_options;
#[cfg(unix)]
mod unix_listener;
mod unix_name;
mod unix_options;
#[cfg(unix)]
mod unix_socket;
#[cfg(unix)]
mod unix_stream;

pub use address::Address;
pub use address_range::AddressRange;
#[cfg(feature = "testing")]
pub use conditions::Conditions;
pub use credentials::Credentials;
pub use descriptors::Descriptor;
pub use endpoint::Endpoint;
#[cfg(feature = "testing")]
pub use faults::Faults;
pub use listener::ListeningSocket;
pub use multicast::{Interface, MulticastGroup};
pub use options::{KeepAlive, TcpOptions};
pub use to_addresses::ToAddresses;
pub use udp_options::UdpOptions;
pub use unix_name::UnixName;
pub use unix_options::UnixOptions;

pub(crate) use arena::{Arena, Details, SLOTS};
pub(crate) use connect::{is_busy, outcome, start};
pub(crate) use datagram::{DatagramSocket, Parcel, TELLS_UNCONNECTED, Watch, is_late};
pub(crate) use eyeballs::{Eyeballs, Step};
pub(crate) use listener::Listener;
#[cfg(feature = "testing")]
pub(crate) use names::Names;
pub(crate) use os::SPREADS_CONNECTIONS;
pub(crate) use resolve::Resolver;
pub(crate) use sockets::{Network, Sockets};
pub(crate) use stream::{SHORT_READ_DRAINS, SHORT_WRITE_FILLS, Stream};
pub(crate) use transport::{Handshake, News, Received, Transport, Written};
#[cfg(all(feature = "http", feature = "tls"))]
pub(crate) use tunnel::Tunnel;
#[cfg(unix)]
pub(crate) use unix_stream::UnixStream;

use crate::error::{Error, ErrorKind};

/// What this system, or this build, does not have.
fn unsupported(attempt: &'static str, end: &Endpoint) -> Error {
    Error::new(ErrorKind::Unsupported, attempt).on(end)
}

/// What a panic said.
fn panic_text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("not a text")
}
