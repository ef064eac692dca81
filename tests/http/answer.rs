//! Answers, taken apart with the library's own codec.

#![allow(unreachable_pub, reason = "a module of several suites")]

use std::fmt;

use sockeye::http::parse::{BodyDecoder, HeadLimits, Part, ResponseHead, Slots};
use sockeye::http::{Fields, Method};

/// One answer, whole.
pub struct Answer {
    pub status: u16,
    pub fields: Fields,
    pub body: Vec<u8>,
    pub trailers: Fields,
}

impl Answer {
    /// The answer that `data` begins with, which must be there as a whole; `data` is advanced.
    #[track_caller]
    pub fn take(data: &mut &[u8], method: Method) -> Self {
        Self::try_take(data, method).expect("a whole answer")
    }

    pub fn try_take(data: &mut &[u8], method: Method) -> Option<Self> {
        let mut slots = Slots::new();
        let (head, len) = ResponseHead::parse(data, &mut slots, &HeadLimits::default()).unwrap()?;
        let mut decoder = BodyDecoder::new(head.length(method), u64::MAX).unwrap();
        let (mut rest, mut body) = (&data[len..], Vec::new());
        loop {
            match decoder.next(&mut rest).unwrap() {
                Some(Part::Data(data)) => body.extend_from_slice(data),
                Some(Part::End) => break,
                None => {
                    decoder.end().ok()?;
                    break;
                }
            }
        }
        *data = rest;
        let (status, fields) = (head.status.code(), head.headers.to_fields());
        Some(Self { status, fields, body, trailers: decoder.take_trailers() })
    }

    /// The only one.
    #[track_caller]
    pub fn only(data: impl AsRef<[u8]>) -> Self {
        let mut rest = data.as_ref();
        let answer = Self::take(&mut rest, Method::Get);
        assert!(rest.is_empty(), "{} bytes behind the answer", rest.len());
        answer
    }

    /// All of them.
    #[track_caller]
    pub fn all(data: impl AsRef<[u8]>) -> Vec<Self> {
        let mut rest = data.as_ref();
        let mut answers = Vec::new();
        while !rest.is_empty() {
            answers.push(Self::take(&mut rest, Method::Get));
        }
        answers
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.str(name)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.status, String::from_utf8_lossy(&self.body))
    }
}

/// A request with these further lines.
pub fn get(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\n{fields}\r\n")
}

/// A request with a body.
pub fn post(path: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// The same, in one chunk for each byte.
pub fn post_chunked(path: &str, body: &str) -> String {
    let chunks = body.chars().map(|byte| format!("1\r\n{byte}\r\n")).collect::<String>();
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n"
    )
}
