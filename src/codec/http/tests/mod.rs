//! Messages through the codec.

mod condition;
mod date;
mod etag;
mod query;
mod range;
mod target;
