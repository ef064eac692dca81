//! The PROXY protocol, versions 1 and 2: how a server behind a proxy learns who its clients are.
//!
//! A proxy that passes on streams says in a header, before anything else and before TLS, from where
//! a connection has come to it. With [`ProxyProtocol`] a server reads it: filters, the maker of the
//! handler and [`peer_addr`](crate::raw::Session::peer_addr) then see the client's address, as if
//! there were no proxy in between. What else the header says is in the session's [`Header`].
//!
//! ```
//! use sockeye::proxy::ProxyProtocol;
//! use sockeye::{Server, Service, raw};
//!
//! struct Greet;
//! impl raw::Handler for Greet {
//!     fn on_open(&mut self, session: &mut raw::Session<'_>) {
//!         if let Some(peer) = session.peer_addr() {
//!             session.send(format!("hello, {peer}\n"));
//!         }
//!     }
//!     fn on_data(&mut self, _: &mut raw::Session<'_>, _: &[u8]) {}
//! }
//!
//! let service = Service::builder().threads(1).start()?;
//! let server = Server::builder(&service, raw::server(|_| Greet))
//!     .proxy_protocol(ProxyProtocol::trust(["127.0.0.1", "10.1.0.0/16"])?)
//!     .listen("127.0.0.1:0")?;
//!
//! # use std::io::{BufRead, BufReader, Write};
//! let mut proxy = std::net::TcpStream::connect(server.local_addr())?;
//! proxy.write_all(b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n")?;
//! let mut line = String::new();
//! BufReader::new(proxy).read_line(&mut line)?;
//! assert_eq!(line, "hello, 192.0.2.1:56324\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod header;
mod preface;
mod trust;

pub use header::{Header, Tls, Value};
pub use trust::ProxyProtocol;

pub(crate) use preface::{Heard, Lookout, Preface};
pub(crate) use trust::Expected;
