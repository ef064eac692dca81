//! What goes around handlers.

mod auth;
mod body_limit;
mod closures;
mod cors;
mod default_headers;
mod limit;
mod timing;
