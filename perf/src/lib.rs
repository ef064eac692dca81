//! What the benchmark programs share: everything but the few lines that choose a transport and a
//! protocol.
//!
//! A client program counts, compares every byte, and measures what a message really takes; a
//! server program says where it listens, and runs until it is told to stop. See the programs in
//! `src/bin`.

mod batch;
pub mod client;
mod console;
pub mod datagram_multicast;
mod datagrams;
mod echo;
pub mod framed;
pub mod http;
pub mod middleware;
mod multicast;
mod options;
mod pattern;
pub mod pump;
pub mod raw;
mod report;
mod run;
mod schedule;
pub mod server;
mod statistics;
mod talk;
pub mod timers;
mod tls;
pub mod transport;
pub mod unmask;
pub mod ws;

pub use datagram_multicast::DatagramListener;
pub use datagrams::{DatagramLink, Datagrams};
pub use echo::Echo;
pub use multicast::Listener;
pub use options::{
    ClientOptions, Design, EchoOptions, MiddlewareOptions, MulticastServerOptions, ServerOptions,
    SocketOptions, TimersOptions, UnmaskOptions, Workers, parse, parse_unix,
};
pub use talk::Talk;
pub use tls::{OverTls, TlsClientOptions, TlsServerOptions};
