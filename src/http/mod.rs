//! HTTP/1.1.

pub use crate::codec::http::{
    ETag, Fields, Headers, InvalidField, InvalidMethod, Method, Name, Status, Version, accept,
    condition, date, query, range, target,
};

/// Messages without connections: what servers and clients here are made of, for programs that have
/// the bytes already.
pub mod parse {
    pub use crate::codec::http::{
        BodyDecoder, HeadLimits, HeadScanner, Length, Part, Rejection, RequestHead, ResponseHead,
        Slots,
    };
}
