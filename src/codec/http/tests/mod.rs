//! Messages through the codec.

mod date;
mod query;
mod target;
