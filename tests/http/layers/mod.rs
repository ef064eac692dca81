//! What goes around handlers.

mod auth;
mod body_limit;
mod closures;
mod compress;
mod cors;
mod decompress;
mod default_headers;
mod limit;
mod stacked;
mod timing;
