//! Messages through the codec.

mod accept;
mod condition;
mod date;
mod etag;
mod params;
mod query;
mod range;
mod target;
