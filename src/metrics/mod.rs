//! What can be seen of a running program: counts, times, and records in the log.
//!
//! # Counts and times
//!
//! | | tells |
//! |---|---|
//! | [`raw::Handle::stats`](crate::raw::Handle::stats) | bytes and messages of a session |
//! | [`Server::metrics`](crate::Server::metrics) | its [`Sessions`]: refused, opened, failed, closed by reason, how long they lasted, what is queued |
//! | [`Client::metrics`](crate::Client::metrics) | the same of its attempts and connections |
//! | [`udp::Handle::stats`](crate::udp::Handle::stats) | datagrams of a UDP socket |
//! | [`Service::metrics`](crate::Service::metrics) | [`Totals`]: the sums over all of these, and how busy and how late its [`Loops`] are |
//!
//! All of it is counted always, as it costs next to nothing: a turn of a session adds what it has
//! counted once, at its end; a turn of a loop, in which any number of sessions have theirs, takes
//! 8 ns more (means of 20 million turns on an Intel Xeon with other work on it; to read the clock
//! takes 20 ns there) and no other reading of the clock than without, but for a loop that has no timer at
//! all: one before it sleeps. Counts never fall, also when what they were counted of is gone.
//!
//! A [`Histogram`] is for times of the program's own.
//!
//! ```
//! use sockeye::{Server, Service, raw};
//!
//! let service = Service::builder().thread_pool(2).start()?;
//! let server = Server::builder(&service, raw::server(|_| raw::Discard)).listen("127.0.0.1:0")?;
//! let metrics = server.metrics();
//! println!("{} open, {} closed for idling", metrics.active(), metrics.closed.because("timeout_idle"));
//! let lag = service.metrics().loops.lag;
//! println!("late by {:?} at most, 99 % of the time", lag.quantile(0.99));
//! # Ok::<(), sockeye::Error>(())
//! ```
//!
//! # For others
//!
//! A [`Registry`] gives names to what is measured, and writes all of it as text of OpenMetrics 1.0 for
//! Prometheus and its like. With the feature `metrics` it also hands it to the recorder of the
//! `metrics` facade. With the feature `http` the text is one route away: `http::metrics`.
//!
//! # The log
//!
//! Records go to the [`log`] facade, with what they are about as key-values:
//!
//! | target | level | tells | key-values |
//! |---|---|---|---|
//! | `sockeye::session` | debug | opened; closed, or not opened, as in a handshake that fails | `session`, `peer`, `reason` |
//! | | error | a panic in a handler | `session`, `peer` |
//! | `sockeye::server` | debug | listens; does not any more | `server`, `address` |
//! | | debug | a connection refused | `server`, `peer` |
//! | | warn | accepting fails, as when there are no descriptors left, which is told once | `server` |
//! | `sockeye::client` | debug | an attempt that failed | `client` |
//! | `sockeye::udp` | debug | opened, closed | `socket`, `reason` |
//! | | warn | errors that the handler cannot be told of | `socket` |
//! | `sockeye::access` | info | an answer by HTTP, where there is a layer for it | `peer`, `method`, `path`, `status`, `bytes`, `micros` |
//! | `sockeye::service` | debug | started, stopped | `threads`, `in_time` |
//! | | error | panics and errors told to its `on_error` | |
//!
//! `reason` is the [name](crate::CloseReason::name) of a close reason. Nothing is written for a message,
//! and nothing of what it says; [`middleware::Logging`](crate::middleware::Logging) does that for who
//! wants it. What a peer can bring about is told at debug only, so that nobody can flood a log. Where a
//! level is off, a record costs a comparison.

mod catalog;
#[cfg(feature = "metrics")]
mod facade;
mod openmetrics;
mod registry;
mod totals;

pub use crate::service::distribution::Distribution;
pub use crate::service::histogram::Histogram;
pub use crate::service::loops::Loops;
pub use crate::session::{Closed, Sessions};
pub use registry::Registry;
pub use totals::Totals;
