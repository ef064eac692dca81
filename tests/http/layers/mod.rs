//! What goes around handlers.

mod closures;
mod default_headers;
