//! Servers and clients on explicit event-loop threads, without an async runtime.
//!
//! A [`Service`] owns threads that run event loops. [`Server`]s, [`Client`]s and [`Timer`]s are
//! attached to it, and call your handlers on its threads.
//!
//! ```no_run
//! use sockeye::{Server, Service, raw};
//!
//! struct Echo;
//! impl raw::Handler for Echo {
//!     fn on_data(&mut self, session: &mut raw::Session<'_>, data: &[u8]) {
//!         session.send(data);
//!     }
//! }
//!
//! let service = Service::builder().loop_per_thread(4).start()?; // or .thread_pool(4)
//! let server = Server::builder(&service, raw::server(|_peer| Echo)).listen("0.0.0.0:1111")?;
//! service.wait()?;
//! # Ok::<(), sockeye::Error>(())
//! ```
//!
//! # Threads
//!
//! The same program runs on either design: with [`loop_per_thread`](service::Builder::loop_per_thread)
//! a session lives on one of N loops; with [`thread_pool`](service::Builder::thread_pool) any of N
//! threads runs whatever is ready, and a callback that blocks holds up nobody else. In both, the
//! callbacks of one session come one at a time, in order. With 0 threads the program runs the loop
//! itself.
//!
//! # What is bounded
//!
//! Everything, by default: the bytes queued for a session and what happens beyond ([`Limits`],
//! [`Overflow`]), idle and closing time, connections ([`server::Builder::max_connections`]), posted
//! jobs ([`service::Builder::post_limit`]), the time to connect
//! ([`client::Builder::connect_timeout`]), and each call that waits.

// The public interface is:
mod codec;
mod error;
mod net;
mod session;

pub mod client;
pub mod framed;
#[cfg(feature = "http")]
pub mod http;
pub mod metrics;
pub mod middleware;
pub mod raw;
pub mod server;
pub mod service;
#[cfg(feature = "testing")]
pub mod testing;
pub mod udp;
#[cfg(feature = "ws")]
pub mod ws;

pub use bytes::Bytes;
pub use client::{Backoff, Client, Inbox};
pub use error::{Error, ErrorKind, Result, Violation};
pub use net::proxy;
#[cfg(feature = "tls")]
pub use net::tls;
pub use net::{
    Address, AddressRange, Credentials, Descriptor, Endpoint, KeepAlive, ListeningSocket,
    TcpOptions, ToAddresses, UnixName, UnixOptions,
};
pub use server::{Acceptors, Overload, Server};
pub use service::{Expiry, Promise, Reply, Service, Strand, Timer};
pub use session::{By, CloseReason, Farewell, Key, Limit, Limits, Overflow, Rooms, Sent, Stats};
pub use uuid::Uuid;

/// The README's programs compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
