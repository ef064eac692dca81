//! For tests: sessions over in-memory streams, with seeded faults.
//!
//! A [`Harness`] drives one handler without a socket and without a thread: what it is fed, it
//! answers, on the spot and the same each time. So every way to cut the input can be tried:
//!
//! ```
//! use sockeye::{raw, testing};
//!
//! let echo = || raw::server(|_| |session: &mut raw::Session<'_>, data: &[u8]| {
//!     session.send(data);
//! });
//! let script = b"every way to cut it gives the same answer";
//! for step in 1..script.len() {
//!     let mut peer = testing::Harness::new(echo());
//!     let answer: Vec<u8> = script.chunks(step).flat_map(|cut| peer.feed(cut)).collect();
//!     assert_eq!(answer, script);
//! }
//! ```
//!
//! [`connect`] joins a server's and a client's handler on a running service, with its threads and
//! its timing, but still without sockets.
//!
//! And a `memory:` address is for whole servers and clients: whatever runs over TCP runs over it,
//! within one service, and with faults where [`set_conditions`] wants them.
//!
//! In all of them, a [`Side`] can be given limits, and [`Faults`] that real networks have and tests on a
//! quiet machine never see: reads and writes cut short, spurious `WouldBlock`, a reset at a chosen
//! byte. They are drawn from a seed. Try many, and print the one that fails: in a harness the same
//! seed gives the same run again; between threads it gives the same faults, though not the same
//! order of events.
//!
//! ```
//! use sockeye::testing::{Faults, Harness, Side};
//! use sockeye::{CloseReason, raw};
//!
//! # struct Echo;
//! # impl raw::Handler for Echo {
//! #     fn on_data(&mut self, session: &mut raw::Session<'_>, data: &[u8]) {
//! #         session.send(data);
//! #     }
//! # }
//! for seed in 0..100 {
//!     let faults = Faults::seeded(seed).short_reads(3).short_writes(2).would_block(20);
//!     let mut peer = Harness::new(Side::new(raw::server(|_| Echo)).faults(faults));
//!     assert_eq!(peer.feed("to and fro"), b"to and fro", "seed {seed}");
//! }
//!
//! let faults = Faults::seeded(1).reset_after_read(4);
//! let mut peer = Harness::new(Side::new(raw::server(|_| Echo)).faults(faults));
//! peer.feed("to and fro");
//! assert!(matches!(peer.closed(), Some(CloseReason::Reset)));
//! ```

mod conditions;
mod connect;
mod harness;
mod peer;
mod side;
mod stand_in;

pub use crate::net::{Conditions, Faults};
pub use conditions::set_conditions;
pub use connect::connect;
pub use harness::Harness;
pub use side::Side;
