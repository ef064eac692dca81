//! What can be put before sessions and around handlers.
//!
//! # Before a session: filters
//!
//! A [`server::Filter`](crate::server::Filter) decides who may connect, before anything is made for
//! him: given to [`server::Builder::filter`](crate::server::Builder::filter), asked in that order. Who
//! is refused is reset, counted, and told to
//! [`Events::on_refused`](crate::server::Events::on_refused) with the
//! [`Refusal`](crate::server::Refusal). A filter may hand out a permit, which is held until the
//! connection is gone. Ready-made are [`AddressList`], which allows or denies, and [`AddressLimits`]:
//! connections at the same time and connections in time, by address.
//!
//! # Around a handler: layers
//!
//! [`Middleware`] sees what its session receives and sends, that it opens, closes, and what goes
//! wrong; it may change messages and drop them. [`ServerProtocol::with`](crate::raw::ServerProtocol::with)
//! puts a [`Layer`] around a server's handlers, and makes one value for each session;
//! [`ClientProtocol::with`](crate::raw::ClientProtocol::with) takes the one value of a client, which
//! stays over reconnects. Ready-made are [`Logging`] and [`RateLimit`].
//!
//! ```
//! use sockeye::framed::{self, Lines};
//! use sockeye::middleware::{AddressLimits, Logging, Rate, RateLimit};
//! use sockeye::{Server, Service};
//!
//! let echo = |session: &mut framed::Session<'_>, line: &str| { session.send(line); };
//! let protocol = framed::server(Lines::default(), move |_| echo)
//!     .with(Logging::new())                                      // the outermost
//!     .with(RateLimit::per_address(Rate::per_second(100)));      // the innermost
//!
//! let service = Service::builder().threads(1).start()?;
//! let server = Server::builder(&service, protocol)
//!     .filter(AddressLimits::new().connections(10))
//!     .listen("127.0.0.1:0")?;
//! # Ok::<(), sockeye::Error>(())
//! ```
//!
//! The first layer given is the outermost:
//!
//! ```text
//!             the socket
//!   on_open ──┐   │   ▲   ┌── on_close, on_error
//!             ▼   ▼   │   │
//!   outermost   on_received   on_sending
//!   innermost        │   ▲
//!             ▼      ▼   │   ▲
//!              the handler
//! ```
//!
//! * What is received goes in from the outermost, what is sent comes out from the innermost. A layer
//!   that drops a message, or closes the session, keeps it from those behind it.
//! * A session that a layer closes in `on_open` is not opened for those within, and they are not told
//!   of its end. Ends are told from the handler outward.
//! * Messages are what the protocol says: a [`framed`](crate::framed) session's are whole, without
//!   what is around them. What goes to a group or through a handle passes `on_sending` of each session
//!   that it is for, on that session's strand.
//! * What a layer sends by itself passes no other.
//! * A layer that declares not to look at what is sent
//!   ([`SEES_SENDING`](Middleware::SEES_SENDING)) costs nothing there, and a broadcast is then framed
//!   once for all. A layer costs a few nanoseconds for each message; sessions without any pay for
//!   none of this.
//!
//! # What they share
//!
//! Layers, handlers and handles of a session share values by typed [`Key`](crate::Key).

mod address_limits;
mod address_list;
mod logging;
mod per_address;
mod rate;
mod rate_limit;

pub use crate::session::{Layer, Middleware, Verdict};
pub use address_limits::AddressLimits;
pub use address_list::AddressList;
pub use logging::Logging;
pub use rate::Rate;
pub use rate_limit::{Excess, Limiter, RateLimit};
