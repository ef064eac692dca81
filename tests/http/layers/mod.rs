//! What goes around handlers.

mod closures;
