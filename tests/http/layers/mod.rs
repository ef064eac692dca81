//! What goes around handlers.

mod auth;
mod closures;
mod cors;
mod default_headers;
mod limit;
mod timing;
