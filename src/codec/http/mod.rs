//! HTTP/1.0 and 1.1 (RFC 9110, RFC 9112), and what its fields mean.
//!
//! A head is parsed where it lies ([`RequestHead`], [`ResponseHead`]) and says how its body is
//! framed ([`Length`]); a [`BodyDecoder`] then takes the body apart. What a message has wrong is a
//! [`Rejection`] with the status that answers it.

pub mod accept;
mod authority;
mod body;
mod chunked;
pub mod condition;
mod cookie;
pub mod date;
mod etag;
mod event;
mod facts;
mod fields;
mod head;
mod headers;
mod jar;
mod limits;
mod message;
mod method;
pub mod multipart;
mod params;
pub mod query;
pub mod range;
mod raw;
mod rejection;
mod scanner;
mod status;
pub(crate) mod syntax;
pub mod target;
#[cfg(test)]
mod tests;
mod trailers;
mod url;
mod version;
pub(crate) mod write;

pub(crate) use chunked::{chunk_head, last_chunk};
pub use cookie::{Cookie, SameSite, cookies};
pub use etag::ETag;
pub use event::Event;
pub use fields::{Fields, InvalidField};
pub use headers::Headers;
pub use jar::CookieJar;
pub use method::{InvalidMethod, Method, Name};
pub(crate) use parse::{
    BodyDecoder, HeadLimits, HeadScanner, Length, Part, Rejection, RequestHead, ResponseHead, Slots,
};
pub use status::Status;
pub use url::Url;
pub use version::Version;

/// Messages without connections: what servers and clients here are made of, for programs that have
/// the bytes already.
pub mod parse {
    pub use super::body::{BodyDecoder, Part};
    pub use super::head::{RequestHead, ResponseHead, Slots};
    pub use super::limits::HeadLimits;
    pub use super::message::Length;
    pub use super::rejection::Rejection;
    pub use super::scanner::HeadScanner;
}
