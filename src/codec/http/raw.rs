//! What `httparse` makes of a head, within limits, and what it leaves to be done about versions.

use std::str;

use httparse::{Error, Header};
use memchr::memchr;

use super::{HeadLimits, Rejection, Slots, Status, Version, syntax};

/// How many bytes of empty lines are before a request; `None` while there may be more of them.
pub(super) fn blank_lines(bytes: &[u8]) -> Result<Option<usize>, Rejection> {
    let mut rest = bytes;
    for _ in 0..MOST_BLANK_LINES {
        match rest {
            [b'\r', b'\n', behind @ ..] => rest = behind,
            [] | [b'\r'] => return Ok(None),
            _ => break,
        }
    }
    match rest.first() {
        None => Ok(None),
        Some(b'\r' | b'\n') => Err(Rejection::bad("empty lines instead of a request")),
        Some(_) => Ok(Some(bytes.len() - rest.len())),
    }
}

/// A request's head, as far as its lines go.
pub(super) struct RawRequest<'s> {
    pub(super) method: &'s str,
    pub(super) target: &'s str,
    pub(super) version: Version,
    pub(super) headers: &'s [Header<'s>],
    pub(super) len: usize,
}

impl<'s> RawRequest<'s> {
    pub(super) fn parse<'b: 's>(
        bytes: &'b [u8],
        slots: &'s mut Slots<'b>,
        limits: &HeadLimits,
    ) -> Result<Option<Self>, Rejection> {
        let window = Window::new(bytes, limits);
        let count = limits.fields.min(HeadLimits::MOST_FIELDS);
        let mut request = httparse::Request::new(&mut []);
        match request.parse_with_uninit_headers(window.bytes, &mut slots.fields[..count]) {
            Ok(httparse::Status::Complete(len)) => Ok(Some(Self {
                method: request.method.unwrap_or_default(),
                target: request.path.unwrap_or_default(),
                version: version(request.version),
                headers: request.headers,
                len,
            })),
            Ok(httparse::Status::Partial) => window.incomplete(),
            Err(Error::Version) => Self::of_other_version(&window, &mut slots.spare, count),
            Err(error) => Err(rejection(error, false)),
        }
    }

    fn of_other_version<'b: 's>(
        window: &Window<'b>,
        spare: &'s mut Vec<Header<'b>>,
        count: usize,
    ) -> Result<Option<Self>, Rejection> {
        let Some((line, rest)) = window.first_line()? else { return window.incomplete() };
        // What is before the version is good: else that would have been seen first.
        let mut words = line.split(|byte| *byte == b' ').map(str::from_utf8);
        let (Some(Ok(method)), Some(Ok(target)), Some(Ok(version)), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(BAD_VERSION);
        };
        let version = higher_version(version.as_bytes())?;
        let Some((headers, len)) = headers(rest, spare, count)? else { return window.incomplete() };
        let len = window.bytes.len() - rest.len() + len;
        Ok(Some(Self { method, target, version, headers, len }))
    }
}

/// A response's head, as far as its lines go.
pub(super) struct RawResponse<'s> {
    pub(super) version: Version,
    pub(super) code: u16,
    pub(super) reason: &'s str,
    pub(super) headers: &'s [Header<'s>],
    pub(super) len: usize,
}

impl<'s> RawResponse<'s> {
    pub(super) fn parse<'b: 's>(
        bytes: &'b [u8],
        slots: &'s mut Slots<'b>,
        limits: &HeadLimits,
    ) -> Result<Option<Self>, Rejection> {
        if let Some(b'\r' | b'\n') = bytes.first() {
            return Err(Rejection::bad("an empty line instead of a response"));
        }
        let window = Window::new(bytes, limits);
        let count = limits.fields.min(HeadLimits::MOST_FIELDS);
        let mut response = httparse::Response::new(&mut []);
        let config = httparse::ParserConfig::default();
        let fields = &mut slots.fields[..count];
        match config.parse_response_with_uninit_headers(&mut response, window.bytes, fields) {
            Ok(httparse::Status::Complete(len)) => Ok(Some(Self {
                version: version(response.version),
                code: response.code.unwrap_or_default(),
                reason: response.reason.unwrap_or_default(),
                headers: response.headers,
                len,
            })),
            Ok(httparse::Status::Partial) => window.incomplete(),
            Err(Error::Version) => Self::of_other_version(&window, &mut slots.spare, count),
            Err(error) => Err(rejection(error, true)),
        }
    }

    fn of_other_version<'b: 's>(
        window: &Window<'b>,
        spare: &'s mut Vec<Header<'b>>,
        count: usize,
    ) -> Result<Option<Self>, Rejection> {
        let Some((line, rest)) = window.first_line()? else { return window.incomplete() };
        let (version, status) = line.split_at_checked(VERSION).ok_or(BAD_VERSION)?;
        let version = higher_version(version)?;
        let (code, reason) = status_and_reason(status).ok_or(BAD_STATUS_LINE)?;
        let Some((headers, len)) = headers(rest, spare, count)? else { return window.incomplete() };
        let len = window.bytes.len() - rest.len() + len;
        Ok(Some(Self { version, code, reason, headers, len }))
    }
}

/// What follows a response's version.
fn status_and_reason(behind: &[u8]) -> Option<(u16, &str)> {
    let (code, reason) = behind.strip_prefix(b" ")?.split_at_checked(3)?;
    let code = u16::try_from(syntax::decimal(code)?).ok()?;
    let (b"" | [b' ', ..], true) = (reason, syntax::is_value(reason)) else { return None };
    let reason = reason.strip_prefix(b" ").unwrap_or_default();
    Some((code, str::from_utf8(reason).ok().filter(|text| text.is_ascii()).unwrap_or_default()))
}

/// A line and what is behind it.
type Split<'b> = (&'b [u8], &'b [u8]);

/// The bytes that a head may lie in.
struct Window<'b> {
    bytes: &'b [u8],
    /// What is wrong with a head that is not complete within them; none if it may have more.
    over: Option<Rejection>,
}

impl<'b> Window<'b> {
    fn new(bytes: &'b [u8], limits: &HeadLimits) -> Self {
        // With CR LF.
        let line = limits.line.saturating_add(2);
        if bytes.len() >= line && memchr(b'\n', &bytes[..line]).is_none() {
            let over = Rejection::new(Status::URI_TOO_LONG, "a first line that is too long");
            return Self { bytes: &bytes[..line.min(limits.bytes)], over: Some(over) };
        }
        if bytes.len() >= limits.bytes {
            let status = Status::REQUEST_HEADER_FIELDS_TOO_LARGE;
            let over = Rejection::new(status, "a head that is too long");
            return Self { bytes: &bytes[..limits.bytes], over: Some(over) };
        }
        Self { bytes, over: None }
    }

    fn incomplete<T>(&self) -> Result<Option<T>, Rejection> {
        self.over.map_or(Ok(None), Err)
    }

    /// The first line and what is behind it; `None` while it has no end.
    fn first_line(&self) -> Result<Option<Split<'b>>, Rejection> {
        let Some(end) = memchr(b'\n', self.bytes) else { return Ok(None) };
        let line = self.bytes[..end].strip_suffix(b"\r").ok_or(BARE_LF)?;
        Ok(Some((line, &self.bytes[end + 1..])))
    }
}

fn version(minor: Option<u8>) -> Version {
    if minor == Some(0) { Version::Http10 } else { Version::Http11 }
}

/// The one to be taken for one that `httparse` does not know.
fn higher_version(version: &[u8]) -> Result<Version, Rejection> {
    match version {
        // RFC 9110 2.5: as the highest minor version that is known.
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'2'..=b'9'] => Ok(Version::Http11),
        [b'H', b'T', b'T', b'P', b'/', b'0' | b'2'..=b'9', b'.', b'0'..=b'9'] => Err(
            Rejection::new(Status::HTTP_VERSION_NOT_SUPPORTED, "a version of HTTP other than 1"),
        ),
        _ => Err(BAD_VERSION),
    }
}

fn headers<'s, 'b: 's>(
    bytes: &'b [u8],
    spare: &'s mut Vec<Header<'b>>,
    count: usize,
) -> Result<Option<(&'s [Header<'s>], usize)>, Rejection> {
    spare.resize(count, httparse::EMPTY_HEADER);
    match httparse::parse_headers(bytes, spare) {
        Ok(httparse::Status::Complete((len, headers))) => Ok(Some((headers, len))),
        Ok(httparse::Status::Partial) => Ok(None),
        Err(error) => Err(rejection(error, false)),
    }
}

fn rejection(error: Error, response: bool) -> Rejection {
    match error {
        Error::HeaderName => Rejection::bad("a header field with a malformed name"),
        Error::HeaderValue => Rejection::bad("a header field with a malformed value"),
        Error::NewLine => Rejection::bad("a line that is not ended by CR LF"),
        Error::Status => BAD_STATUS_LINE,
        Error::Token if response => BAD_STATUS_LINE,
        Error::Token => Rejection::bad("a malformed request line"),
        Error::TooManyHeaders => {
            Rejection::new(Status::REQUEST_HEADER_FIELDS_TOO_LARGE, "too many header fields")
        }
        Error::Version => BAD_VERSION,
    }
}

pub(super) const BARE_LF: Rejection = Rejection::bad("a line that is ended by a LF without CR");
const BAD_VERSION: Rejection = Rejection::bad("a malformed version of HTTP");
const BAD_STATUS_LINE: Rejection = Rejection::bad("a malformed status line");
/// Bytes of `HTTP/1.1`.
const VERSION: usize = 8;
const MOST_BLANK_LINES: usize = 2;
