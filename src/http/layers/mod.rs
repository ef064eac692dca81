//! What goes around handlers.

mod layer;
mod next;

pub use layer::Layer;
pub use next::Next;
