//! Conditional requests (RFC 9110 13): whether one is carried out.

use super::date;
use super::etag::{self, ETag};

/// What tells one version of a resource from another.
#[derive(Clone, Copy, Debug, Default)]
pub struct Validators<'a> {
    /// The tag of the current version, if the resource has such.
    pub etag: Option<&'a ETag>,
    /// When the current version came to be, in Unix time in seconds, if that is known.
    pub modified: Option<u64>,
}

/// What a request's conditions mean for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It is carried out.
    Proceed,
    /// 304: the client has the current version.
    NotModified,
    /// 412: the resource is not as the client wants it to be.
    PreconditionFailed,
}

/// Evaluates what a request demands of a resource that exists: `If-Match`, `If-Unmodified-Since`,
/// `If-None-Match` and `If-Modified-Since`, in this order of precedence (RFC 9110 13.2.2).
///
/// `header` looks up a field by its name in lower case; a field that came in several lines counts
/// as one with commas. Only for GET and HEAD is there a 304. Dates that are none, and dates for a
/// resource without one, are ignored. A list of tags counts up to what is no tag.
///
/// To be asked for requests that would be answered with a 2xx otherwise (RFC 9110 13.2.1).
///
/// ```
/// use sockeye::http::ETag;
/// use sockeye::http::condition::{Outcome, Validators, evaluate};
///
/// let etag = ETag::strong("v2")?;
/// let current = Validators { etag: Some(&etag), modified: None };
/// let header = |name: &str| (name == "if-none-match").then_some("\"v1\", \"v2\"");
/// assert_eq!(evaluate(true, header, &current), Outcome::NotModified);
/// let header = |name: &str| (name == "if-match").then_some("\"v1\"");
/// assert_eq!(evaluate(false, header, &current), Outcome::PreconditionFailed);
/// # Ok::<(), sockeye::Error>(())
/// ```
pub fn evaluate<'h>(
    method_is_get_or_head: bool,
    header: impl Fn(&str) -> Option<&'h str>,
    current: &Validators<'_>,
) -> Outcome {
    let unchanged = |name: &str| {
        let (since, modified) = (date::parse(header(name)?)?, current.modified?);
        Some(modified <= since)
    };
    let holds = match header(IF_MATCH) {
        Some(list) => current.in_list(list, ETag::strongly_in),
        None => unchanged("if-unmodified-since").unwrap_or(true),
    };
    if !holds {
        return Outcome::PreconditionFailed;
    }
    let client_has_it = match header("if-none-match") {
        Some(list) => current.in_list(list, ETag::weakly_in),
        None => method_is_get_or_head && unchanged("if-modified-since").unwrap_or(false),
    };
    match (client_has_it, method_is_get_or_head) {
        (false, _) => Outcome::Proceed,
        (true, true) => Outcome::NotModified,
        (true, false) => Outcome::PreconditionFailed,
    }
}

/// Evaluates what a request demands of a resource that does not exist, such as one that a PUT is to
/// create: none is what `If-Match` wants, whatever its list.
///
/// ```
/// use sockeye::http::condition::{Outcome, evaluate_absent};
///
/// let header = |name: &str| (name == "if-match").then_some("*");
/// assert_eq!(evaluate_absent(header), Outcome::PreconditionFailed);
/// let header = |name: &str| (name == "if-none-match").then_some("*");
/// assert_eq!(evaluate_absent(header), Outcome::Proceed);
/// ```
pub fn evaluate_absent<'h>(header: impl Fn(&str) -> Option<&'h str>) -> Outcome {
    match header(IF_MATCH) {
        Some(_) => Outcome::PreconditionFailed,
        None => Outcome::Proceed,
    }
}

/// Whether a request's ranges apply, by its `If-Range`; if not, it is answered with the whole.
///
/// A tag has to match strongly. A date has to be exactly the current one; it is the caller's to
/// leave [`Validators::modified`] away if the resource has changed within this second, as the date
/// is not certain then (RFC 9110 13.1.5, 8.8.2.2). For anything else they do not apply.
///
/// ```
/// use sockeye::http::ETag;
/// use sockeye::http::condition::{Validators, range_applies};
///
/// let etag = ETag::strong("v2")?;
/// let current = Validators { etag: Some(&etag), modified: Some(784_111_777) };
/// assert!(range_applies("\"v2\"", &current));
/// assert!(range_applies("Sun, 06 Nov 1994 08:49:37 GMT", &current));
/// assert!(!range_applies("W/\"v2\"", &current));
/// # Ok::<(), sockeye::Error>(())
/// ```
pub fn range_applies(if_range: &str, current: &Validators<'_>) -> bool {
    if if_range.contains('"') {
        let wanted = ETag::parse(if_range);
        return wanted.zip(current.etag).is_some_and(|(wanted, is)| wanted.strongly_matches(is));
    }
    date::parse(if_range).is_some_and(|wanted| current.modified == Some(wanted))
}

impl Validators<'_> {
    /// Whether a list has the current version's tag. `*` is any version, tag or not.
    fn in_list(&self, list: &str, has: impl Fn(&ETag, &str) -> bool) -> bool {
        etag::is_any(list) || self.etag.is_some_and(|etag| has(etag, list))
    }
}

const IF_MATCH: &str = "if-match";
