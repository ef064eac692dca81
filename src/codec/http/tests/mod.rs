//! Messages through the codec.

mod accept;
mod bodies;
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
#[path = "../../../../tests/http/table/mod.rs"]
mod table;
mod tables;
mod target;
mod url;
mod writing;

use self::reader::{Reader, Side};
use super::{
    BodyDecoder, HeadLimits, HeadScanner, Length, Method, Part, Rejection, RequestHead,
    ResponseHead, Slots,
};

/// A connection with the limits of the table.
fn connection(side: Side) -> Reader {
    Reader::new(side, HeadLimits::default(), table::BODY_LIMIT)
}
