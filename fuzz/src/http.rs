//! What must hold for every connection of HTTP. An input of a target is a byte that says how the
//! rest is cut, and the rest: what a peer sends.

use sockeye::http::Method;
use sockeye::http::parse::{
    BodyDecoder, HeadLimits, HeadScanner, Length, Part, Rejection, RequestHead, ResponseHead, Slots,
};

use self::reader::{Message, Reader, Seen, Side};
use crate::Pieces;

#[path = "../../src/codec/http/tests/reader.rs"]
mod reader;

/// Requests, to a server.
#[track_caller]
pub fn check_requests(data: &[u8]) {
    check(Side::Server, data);
}

/// Responses, to a client that has asked with this method.
#[track_caller]
pub fn check_responses(method: Method, data: &[u8]) {
    check(Side::Client(method), data);
}

/// The same comes of the bytes in whatever pieces, and what comes is what there was.
#[track_caller]
fn check(side: Side, data: &[u8]) {
    let Some((&cut, bytes)) = data.split_first() else { return };
    let seen = read(side, [bytes]);
    assert_eq!(read(side, bytes.chunks(1)), seen, "byte by byte");
    assert_eq!(read(side, Pieces { bytes, cut }), seen, "in pieces");
    for message in &seen.messages {
        check_message(message);
    }
}

fn read<'b>(side: Side, pieces: impl IntoIterator<Item = &'b [u8]>) -> Seen {
    Reader::new(side, LIMITS, BODY_LIMIT).read(pieces)
}

#[track_caller]
fn check_message(message: &Message) {
    assert!(message.body.len() as u64 <= BODY_LIMIT);
    assert!(message.fields.len() <= LIMITS.fields && message.line.len() <= LIMITS.line);
    for (name, value) in message.fields.iter().chain(&message.trailers) {
        let token = |byte: u8| byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(&byte);
        assert!(!name.is_empty() && name.bytes().all(token), "{name:?}");
        assert!(!value.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t'), "{value:?}");
    }
    let count = |name: &str| {
        message.fields.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name)).count()
    };
    let (lengths, codings) = (count("Content-Length"), count("Transfer-Encoding"));
    assert!(lengths <= 1 && (lengths == 0 || codings == 0));
    match message.length {
        Some(Length::Exactly(len)) => {
            assert!(len == message.body.len() as u64 || !message.complete)
        }
        Some(Length::None) => assert!(message.body.is_empty()),
        Some(Length::Chunked) => assert!(codings > 0),
        Some(Length::UntilEnd) => assert!(lengths == 0 && codings == 0 && !message.keeps_alive),
        None => unreachable!("every head says it"),
    }
}

/// So low that inputs reach them.
const LIMITS: HeadLimits = HeadLimits { line: 100, fields: 8, bytes: 400 };
const BODY_LIMIT: u64 = 200;
