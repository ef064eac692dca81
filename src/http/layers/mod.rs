//! What goes around handlers: [`Layer`]s that are ready, and closures as such.
//!
//! All that are here let bodies pass in pieces to handlers that want them so.

mod closures;
mod layer;
mod next;

pub use closures::{after, before};
pub use layer::Layer;
pub use next::Next;
