//! What goes around handlers: [`Layer`]s that are ready, and closures as such.
//!
//! All that are here let bodies pass in pieces to handlers that want them so.

mod access_log;
mod basic_auth;
mod bearer_auth;
mod body_limit;
mod challenge;
mod closures;
mod cors;
mod default_headers;
mod layer;
mod limit;
mod next;
mod timing;

pub use access_log::AccessLog;
pub use basic_auth::{BasicAuth, User};
pub use bearer_auth::BearerAuth;
pub use body_limit::BodyLimit;
pub use closures::{after, before};
pub use cors::Cors;
pub use default_headers::DefaultHeaders;
pub use layer::Layer;
pub use limit::Limit;
pub use next::Next;
pub use timing::Timing;
