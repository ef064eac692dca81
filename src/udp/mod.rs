//! UDP: sockets that send and receive datagrams, to one peer or many, and multicast.
//!
//! A [`Socket`] is attached to a service as servers and clients are, and its [`Handler`] is run by
//! one thread at a time. `bind` makes it a server, which answers whoever sends; `connect` makes it
//! a client of one peer, which is also told when that peer's machine refuses its datagrams.
//!
//! ```
//! use std::net::SocketAddr;
//! use std::time::Duration;
//! use sockeye::{Service, udp};
//!
//! let service = Service::builder().loop_per_thread(1).start()?;
//! let echo = |socket: &mut udp::Session<'_>, from: SocketAddr, data: &[u8]| {
//!     socket.send_to(from, data);
//! };
//! let server = udp::Socket::builder(&service, echo).bind("127.0.0.1:0")?;
//!
//! let (handler, inbox) = udp::Inbox::new(&service, 64 * 1024);
//! let client = udp::Socket::builder(&service, handler).connect(server.local_addr())?;
//! client.send("hello");
//! let datagram = inbox.receive(Duration::from_secs(5))?;
//! assert_eq!((datagram.from, &datagram.data[..]), (server.local_addr(), &b"hello"[..]));
//! # Ok::<(), sockeye::Error>(())
//! ```
//!
//! Datagrams may be lost, doubled and overtaken on their way. What is lost within the program is
//! counted: see [`Stats::dropped`], [`Stats::errors`] and [`Limits`].

mod backlog;
mod builder;
mod core;
mod handle;
mod handler;
mod inbox;
mod limits;
mod mailbox;
mod outcome;
mod port;
mod queue;
mod session;
mod socket;
mod stats;
mod turn;

pub use builder::Builder;
pub use handle::Handle;
pub use handler::Handler;
pub use inbox::{Datagram, Inbox};
pub use limits::Limits;
pub use session::Session;
pub use socket::Socket;
pub use stats::Stats;

pub use crate::net::{Interface, MulticastGroup, UdpOptions as Options};

/// The longest payload of a datagram over IPv4. Over IPv6 it may have twenty bytes more.
pub const LONGEST: usize = 65_507;
