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
//!
//! # Systems
//!
//! Linux, macOS and Windows, with the same behaviour but for what [`platforms`] says.
//!
//! # Without sockets
//!
//! What sessions are made of serves programs that have the bytes already, too: messages in a stream
//! ([`framed::Decoder`], [`framed::encode`]), heads and bodies of HTTP with the values in them
//! (`http::parse`, and what `http` has beside servers and clients), requests for WebSocket and its
//! frames (`ws::parse`). It takes bytes and gives bytes, and never asks for a thread, the time or
//! random numbers.
//!
//! On WebAssembly (`wasm32-unknown-unknown`, say) that is all there is of this crate, by the same
//! names. Of the features, `http` and `ws` bring their parts; the others are allowed, and add nothing.
//!
//! ```
//! # #[cfg(feature = "ws")] {
//! use sockeye::framed::{Decoder, Lines};
//! use sockeye::http::parse::{HeadLimits, RequestHead, Slots};
//! use sockeye::ws::parse::{self as ws, Event, Role, Upgrade};
//!
//! let mut lines = Decoder::new(Lines::new());
//! let mut piece = &b"one\ntw"[..];
//! assert_eq!(lines.next(&mut piece)?, Some("one"));
//! assert_eq!(lines.next(&mut piece)?, None); // "tw" is kept until the rest comes
//!
//! let bytes = b"GET /chat HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n\
//!     Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
//!     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\
//!     \x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
//! let mut slots = Slots::new();
//! let parsed = RequestHead::parse(bytes, &mut slots, &HeadLimits::default())?;
//! let (head, len) = parsed.expect("the head is complete");
//! let answer = Upgrade::parse(&head)?.answer(None);
//! assert_eq!(answer.str("Sec-WebSocket-Accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
//!
//! let mut behind = bytes[len..].to_vec(); // unmasked where it lies
//! let mut frames = ws::Decoder::new(Role::Server);
//! assert_eq!(frames.next(&mut &mut behind[..])?, Some(Event::Text("Hello")));
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(
    target_family = "wasm",
    allow(dead_code, unreachable_pub, unused_imports, reason = "the rest of the crate uses it")
)]

// The public interface is:
mod codec;
mod error;
#[cfg(not(target_family = "wasm"))]
mod net;
#[cfg(not(target_family = "wasm"))]
mod session;

#[cfg(not(target_family = "wasm"))]
pub mod client;
#[cfg(not(target_family = "wasm"))]
pub mod framed;
#[cfg(all(feature = "http", not(target_family = "wasm")))]
pub mod http;
#[cfg(not(target_family = "wasm"))]
pub mod metrics;
#[cfg(not(target_family = "wasm"))]
pub mod middleware;
#[cfg(not(target_family = "wasm"))]
pub mod platforms;
#[cfg(not(target_family = "wasm"))]
pub mod raw;
#[cfg(not(target_family = "wasm"))]
pub mod server;
#[cfg(not(target_family = "wasm"))]
pub mod service;
#[cfg(all(feature = "testing", not(target_family = "wasm")))]
pub mod testing;
#[cfg(not(target_family = "wasm"))]
pub mod udp;
#[cfg(all(feature = "ws", not(target_family = "wasm")))]
pub mod ws;

pub use bytes::Bytes;
pub use error::{Error, ErrorKind, Result, Violation};
#[cfg(all(feature = "tls", not(target_family = "wasm")))]
pub use net::tls;
#[cfg(not(target_family = "wasm"))]
pub use {
    client::{Backoff, Client, Inbox},
    net::{
        Address, AddressRange, Credentials, Descriptor, Endpoint, KeepAlive, ListeningSocket,
        TcpOptions, ToAddresses, UnixName, UnixOptions, proxy,
    },
    server::{Acceptors, Overload, Server},
    service::{Expiry, Promise, Reply, Service, Strand, Timer},
    session::{By, CloseReason, Farewell, Key, Limit, Limits, Overflow, Rooms, Sent, Stats},
    uuid::Uuid,
};

// On WebAssembly the codecs, by the names that they have everywhere:
/// Whole messages, however a stream was cut.
#[cfg(target_family = "wasm")]
pub mod framed {
    pub use crate::codec::framed::*;
}
/// Messages of HTTP/1.1, and what their fields mean.
#[cfg(all(feature = "http", target_family = "wasm"))]
pub mod http {
    pub use crate::codec::http::*;
}
/// Requests for WebSocket, and its frames.
#[cfg(all(feature = "ws", target_family = "wasm"))]
pub mod ws {
    pub use crate::codec::ws::*;
}

/// The README's programs compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
