//! Heads of messages, parsed where they lie.

use std::mem::MaybeUninit;
use std::str;

use httparse::Header;

use super::authority;
use super::facts::Facts;
use super::raw::{self, RawRequest, RawResponse};
use super::{HeadLimits, Headers, Method, Rejection, Status, Version};

/// The head of a request: its request line and its header fields.
///
/// It is borrowed from the bytes that it was parsed from, and from the [`Slots`].
///
/// ```
/// use sockeye::http::Method;
/// use sockeye::http::parse::{HeadLimits, Length, RequestHead, Slots};
///
/// let bytes = b"POST /a?b HTTP/1.1\r\nHost: example.com\r\nContent-Length: 2\r\n\r\nhi";
/// let mut slots = Slots::new();
/// let parsed = RequestHead::parse(bytes, &mut slots, &HeadLimits::default())?;
/// let (head, consumed) = parsed.expect("the head is complete");
/// assert_eq!((head.method, head.target), (Method::Post, "/a?b"));
/// assert_eq!((head.length(), &bytes[consumed..]), (Length::Exactly(2), b"hi".as_slice()));
/// assert!(head.keeps_alive());
/// # Ok::<(), sockeye::http::parse::Rejection>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'b> {
    /// What is asked for.
    pub method: Method,
    /// Of what, as it was sent: visible ASCII without `#`, in the form that the method wants
    /// (RFC 9112 3.2).
    pub target: &'b str,
    /// The version of HTTP.
    pub version: Version,
    /// The header fields.
    pub headers: Headers<'b>,
    /// Bytes of the target before the first question mark.
    pub(crate) before_query: usize,
    pub(super) facts: Facts<'b>,
}

impl<'s> RequestHead<'s> {
    /// Parses the head that `bytes` begin with: the head and how long it is, or `None` if it is not
    /// complete. Up to two empty lines before it are skipped (RFC 9112 2.2), and belong to it.
    ///
    /// It does not matter in which pieces bytes come: what is a head, or is rejected, is so
    /// whatever follows.
    ///
    /// # Errors
    ///
    /// A [`Rejection`], with which the connection has to end, if it breaks a rule of RFC 9112 or is
    /// over the limits.
    pub fn parse<'b: 's>(
        bytes: &'b [u8],
        slots: &'s mut Slots<'b>,
        limits: &HeadLimits,
    ) -> Result<Option<(Self, usize)>, Rejection> {
        let Some(skipped) = raw::blank_lines(bytes)? else { return Ok(None) };
        let Some(head) = RawRequest::parse(&bytes[skipped..], slots, limits)? else {
            return Ok(None);
        };
        let RawRequest { method, target, version, headers, len } = head;
        let method = method.parse::<Method>();
        let method = method.map_err(|_| Rejection::new(Status::NOT_IMPLEMENTED, LONG_METHOD))?;
        let mut facts = Facts::collect(&bytes[skipped..skipped + len], headers)?;
        let before_query = authority::before_query(target)?;
        facts.check_request(method, target, version)?;
        let headers = Headers::new(headers);
        let head = Self { method, target, version, headers, before_query, facts };
        Ok(Some((head, skipped + len)))
    }
}

/// The head of a response: its status line and its header fields.
///
/// It is borrowed from the bytes that it was parsed from, and from the [`Slots`].
///
/// ```
/// use sockeye::http::parse::{HeadLimits, Length, ResponseHead, Slots};
/// use sockeye::http::{Method, Status};
///
/// let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
/// let mut slots = Slots::new();
/// let parsed = ResponseHead::parse(bytes, &mut slots, &HeadLimits::default())?;
/// let (head, consumed) = parsed.expect("the head is complete");
/// assert_eq!((head.status, head.reason, consumed), (Status::OK, "OK", bytes.len() - 2));
/// assert_eq!(head.length(Method::Get), Length::Exactly(2));
/// assert_eq!(head.length(Method::Head), Length::None);
/// # Ok::<(), sockeye::http::parse::Rejection>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ResponseHead<'b> {
    /// The version of HTTP.
    pub version: Version,
    /// How the request went.
    pub status: Status,
    /// What is said of that; empty if it is no ASCII.
    pub reason: &'b str,
    /// The header fields.
    pub headers: Headers<'b>,
    pub(super) facts: Facts<'b>,
}

impl<'s> ResponseHead<'s> {
    /// Parses the head that `bytes` begin with: the head and how long it is, or `None` if it is not
    /// complete.
    ///
    /// It does not matter in which pieces bytes come: what is a head, or is rejected, is so
    /// whatever follows.
    ///
    /// # Errors
    ///
    /// A [`Rejection`], with which the connection has to end, if it breaks a rule of RFC 9112 or is
    /// over the limits.
    pub fn parse<'b: 's>(
        bytes: &'b [u8],
        slots: &'s mut Slots<'b>,
        limits: &HeadLimits,
    ) -> Result<Option<(Self, usize)>, Rejection> {
        Self::parse_as_request(bytes, slots, limits).map_err(Rejection::of_response)
    }

    /// With the statuses that a request would be answered with.
    fn parse_as_request<'b: 's>(
        bytes: &'b [u8],
        slots: &'s mut Slots<'b>,
        limits: &HeadLimits,
    ) -> Result<Option<(Self, usize)>, Rejection> {
        let Some(head) = RawResponse::parse(bytes, slots, limits)? else { return Ok(None) };
        let RawResponse { version, code, reason, headers, len } = head;
        let status = Status::new(code).ok_or(Rejection::bad("a status below 100"))?;
        let facts = Facts::collect(&bytes[..len], headers)?;
        facts.check_both(version)?;
        let head = Self { version, status, reason, headers: Headers::new(headers), facts };
        Ok(Some((head, len)))
    }
}

/// Room for the header fields of one head, without an allocation: made where it is needed, for
/// nothing, and left for good with the head.
///
/// ```
/// use sockeye::http::parse::{HeadLimits, RequestHead, Slots};
///
/// let mut bytes = b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n".as_slice();
/// let mut targets = String::new();
/// while !bytes.is_empty() {
///     let mut slots = Slots::new();
///     let parsed = RequestHead::parse(bytes, &mut slots, &HeadLimits::default())?;
///     let Some((head, consumed)) = parsed else { break };
///     targets.push_str(head.target);
///     bytes = &bytes[consumed..];
/// }
/// assert_eq!(targets, "/1/2");
/// # Ok::<(), sockeye::http::parse::Rejection>(())
/// ```
pub struct Slots<'b> {
    pub(super) fields: [MaybeUninit<Header<'b>>; HeadLimits::MOST_FIELDS],
    /// For heads of versions that `httparse` does not know: it puts their fields nowhere else.
    pub(super) spare: Vec<Header<'b>>,
}

impl Slots<'_> {
    /// Room for as many fields as there may be.
    pub const fn new() -> Self {
        Self { fields: [const { MaybeUninit::uninit() }; _], spare: Vec::new() }
    }
}

impl Default for Slots<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Slots<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slots").finish_non_exhaustive()
    }
}

const LONG_METHOD: &str = "a method of more than 15 bytes";
