//! What can be put before sessions and around handlers.

mod address_limits;
mod address_list;
mod logging;
mod per_address;
mod rate;

pub use crate::session::{Layer, Middleware, Verdict};
pub use address_limits::AddressLimits;
pub use address_list::AddressList;
pub use logging::Logging;
pub use rate::Rate;
