//! What goes around handlers: [`Layer`]s that are ready, and closures as such.
//!
//! All that are here let bodies pass in pieces to handlers that want them so.

mod access_log;
mod closures;
mod cors;
mod default_headers;
mod layer;
mod next;

pub use access_log::AccessLog;
pub use closures::{after, before};
pub use cors::Cors;
pub use default_headers::DefaultHeaders;
pub use layer::Layer;
pub use next::Next;
