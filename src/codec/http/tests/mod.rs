//! Messages through the codec.

mod accept;
mod condition;
mod cookie;
mod date;
mod etag;
mod event;
mod params;
mod query;
mod range;
mod target;
mod url;
