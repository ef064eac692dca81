//! From a file to the answer that a request gets of it: conditions, ranges and codings.

use std::borrow::Cow;
use std::collections::VecDeque;

use uuid::Uuid;

use super::parts::{Content, Piece};
use super::version::{Version, put};
use crate::codec::http::condition::{self, Outcome};
use crate::codec::http::range::{self, Ranges, parse_range};
use crate::codec::http::{Fields, Headers, Method, Status, accept};
use crate::http::{Body, Response};

/// What a request wants of a file.
pub(super) struct Wishes<'a> {
    method: Method,
    /// Each in its place of [`NAMES`].
    fields: [Option<Cow<'a, str>>; NAMES.len()],
    conditional: bool,
}

impl<'a> Wishes<'a> {
    pub(super) fn of(method: Method, headers: &Headers<'a>) -> Self {
        let mut wishes = Self { method, fields: Default::default(), conditional: false };
        for (name, value) in headers.iter() {
            if let Some(at) = NAMES.iter().position(|known| name.eq_ignore_ascii_case(known)) {
                wishes.conditional |= at < CONDITIONS;
                wishes.add(at, String::from_utf8_lossy(value));
            }
        }
        wishes
    }

    /// Which of these codings it likes best.
    pub(super) fn coding(&self, codings: &[&str]) -> usize {
        let last = codings.len().saturating_sub(1);
        if last == 0 {
            return 0;
        }
        // Who likes none gets the file as it is, which is the last one (RFC 9110 12.5.3 allows it).
        accept::preferred_encoding(self.get("accept-encoding"), codings).unwrap_or(last)
    }

    pub(super) fn answer(&self, version: &Version, content: Content) -> Response {
        if self.conditional {
            let header = |name: &str| self.get(name);
            match condition::evaluate(true, header, &version.validators()) {
                Outcome::Proceed => {}
                Outcome::NotModified => {
                    return response(Status::NOT_MODIFIED, version.brief.clone(), Body::empty());
                }
                Outcome::PreconditionFailed => return Status::PRECONDITION_FAILED.into(),
            }
        }
        match self.ranges(version, content.len()) {
            Ranges::Whole => response(Status::OK, version.fields.clone(), content.into_body()),
            Ranges::These(ranges) => partial(version, content, &ranges),
            Ranges::Unsatisfiable => {
                let mut fields = Fields::new();
                put(&mut fields, "Content-Range", range::unsatisfied_range(content.len()));
                response(Status::RANGE_NOT_SATISFIABLE, fields, Body::empty())
            }
        }
    }

    /// Of GET only (RFC 9110 14.2).
    fn ranges(&self, version: &Version, len: u64) -> Ranges {
        let Some(ranges) = self.get("range").filter(|_| self.method == Method::Get) else {
            return Ranges::Whole;
        };
        let applies = self.get("if-range").is_none_or(|if_range| {
            condition::range_applies(if_range, &version.strong_validators())
        });
        if applies { parse_range(ranges, len) } else { Ranges::Whole }
    }

    fn get(&self, name: &str) -> Option<&str> {
        let at = NAMES.iter().position(|known| *known == name)?;
        self.fields[at].as_deref()
    }

    /// Several lines are one list.
    fn add(&mut self, at: usize, value: Cow<'a, str>) {
        self.fields[at] = Some(match self.fields[at].take() {
            Some(before) => format!("{before}, {value}").into(),
            None => value,
        });
    }
}

fn partial(version: &Version, content: Content, ranges: &[(u64, u64)]) -> Response {
    let mut fields = version.fields.clone();
    if let &[(start, end)] = ranges {
        put(&mut fields, "Content-Range", range::content_range(start, end, content.len()));
        return response(Status::PARTIAL_CONTENT, fields, content.into_range(start, end));
    }
    let media = fields.str("content-type").unwrap_or_default().to_owned();
    fields.remove("content-type");
    // 122 random bits, so that nobody can write a file that has it inside.
    let boundary = Uuid::new_v4().simple().to_string();
    put(&mut fields, "Content-Type", format!("multipart/byteranges; boundary={boundary}"));
    let pieces = multipart(&boundary, &media, ranges, content.len());
    response(Status::PARTIAL_CONTENT, fields, content.into_pieces(pieces))
}

/// RFC 9110 14.6.
fn multipart(boundary: &str, media: &str, ranges: &[(u64, u64)], len: u64) -> VecDeque<Piece> {
    let mut pieces = VecDeque::with_capacity(ranges.len() * 2 + 1);
    let mut before = "";
    for &(start, end) in ranges {
        let mut head = format!("{before}--{boundary}\r\n");
        if !media.is_empty() {
            head += &format!("Content-Type: {media}\r\n");
        }
        let range = range::content_range(start, end, len);
        head += &format!("Content-Range: {range}\r\n\r\n");
        pieces.push_back(Piece::Text(head.into()));
        pieces.push_back(Piece::Range(start, end));
        before = "\r\n";
    }
    pieces.push_back(Piece::Text(format!("\r\n--{boundary}--\r\n").into()));
    pieces
}

pub(super) fn response(status: Status, fields: Fields, body: Body) -> Response {
    Response { fields, body, ..Response::new(status) }
}

/// Those that matter for files; the conditions first.
const NAMES: [&str; 7] = [
    "if-none-match",
    "if-modified-since",
    "if-match",
    "if-unmodified-since",
    "accept-encoding",
    "range",
    "if-range",
];

const CONDITIONS: usize = 4;
