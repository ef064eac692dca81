//! HTTP/1.1.

pub use crate::codec::http::{
    Cookie, CookieJar, ETag, Event, Fields, Headers, InvalidField, InvalidMethod, Method, Name,
    SameSite, Status, Url, Version, accept, condition, cookies, date, query, range, target,
};

/// Messages without connections: what servers and clients here are made of, for programs that have
/// the bytes already.
pub mod parse {
    pub use crate::codec::http::{
        BodyDecoder, HeadLimits, HeadScanner, Length, Part, Rejection, RequestHead, ResponseHead,
        Slots,
    };
}
