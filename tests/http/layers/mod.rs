//! What goes around handlers.

mod closures;
mod cors;
mod default_headers;
