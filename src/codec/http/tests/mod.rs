//! Messages through the codec.

mod date;
mod etag;
mod query;
mod target;
