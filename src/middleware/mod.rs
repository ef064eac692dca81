//! What can be put around a program's own handlers.

pub use crate::session::{Layer, Middleware, Verdict};
