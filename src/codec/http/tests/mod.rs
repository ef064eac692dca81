//! Messages through the codec.

mod accept;
mod condition;
mod cookie;
mod date;
mod etag;
mod event;
mod fields;
mod heads;
mod jar;
mod multipart;
mod params;
mod properties;
mod query;
mod range;
mod reader;
#[allow(unreachable_pub, reason = "tests through the public interface include it too")]
#[path = "../../../../tests/http/table/mod.rs"]
mod table;
mod tables;
mod target;
mod url;
mod writing;
