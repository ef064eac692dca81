//! Messages through the codec.

mod date;
