//! What can be put before sessions and around handlers.

mod logging;

pub use crate::session::{Layer, Middleware, Verdict};
pub use logging::Logging;
