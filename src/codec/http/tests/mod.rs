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
    ResponseHead, Slots, chunk_head,
};

/// A connection with the limits of the table.
fn connection(side: Side) -> Reader {
    Reader::new(side, HeadLimits::default(), table::BODY_LIMIT)
}

/// Appends a chunk of these bytes; nothing if there are none, since an empty chunk is the last one.
fn chunk(out: &mut Vec<u8>, data: &[u8]) {
    if !data.is_empty() {
        chunk_head(out, data.len() as u64);
        out.extend_from_slice(data);
        out.extend_from_slice(b"\r\n");
    }
}
