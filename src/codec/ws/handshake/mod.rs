//! The opening handshake (RFC 6455 4): [`Upgrade`] is a server's view of it, [`Request`] and
//! [`Agreed`] are a client's.

mod agreed;
#[cfg(any(test, fuzzing))]
#[cfg_attr(not(fuzzing), expect(unreachable_pub, reason = "it is public to fuzzing"))]
pub mod checks;
mod key;
mod request;
#[cfg(test)]
mod tests;
mod upgrade;

pub(crate) use agreed::{Agreed, Refusal};
pub(crate) use key::{Key, accept_key};
pub(crate) use request::{Asked, InvalidRequest, Request};
pub use upgrade::{Upgrade, refusal_fields};

/// The protocol's name in `Upgrade`.
const NAME: &str = "websocket";

/// The version of RFC 6455, the only one.
const VERSION: &str = "13";
