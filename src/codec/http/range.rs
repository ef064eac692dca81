//! Ranges of bytes (RFC 9110 14): which parts of a body a request wants.

/// Which part of a body is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ranges {
    /// All of it: there is no range to be served.
    Whole,
    /// 416: none of the ranges has anything of it.
    Unsatisfiable,
    /// 206: these, each from a byte up to and without another; at least one, none of them empty, no
    /// two of them overlapping or adjacent, in the order that they were asked for in.
    These(Vec<(u64, u64)>),
}

/// What the field `Range` means for a body of `len` bytes.
///
/// Ranges that overlap or adjoin are joined, so that no byte is sent twice. The field is ignored
/// ([`Ranges::Whole`]), as servers may do (RFC 9110 14.2), where it is malformed, is not about
/// bytes or has over 16 ranges, and for an empty body, of which there are no ranges.
///
/// ```
/// use sockeye::http::range::{Ranges, parse_range};
///
/// assert_eq!(parse_range("bytes=0-4", 10), Ranges::These(vec![(0, 5)]));
/// assert_eq!(parse_range("bytes=8-, -1", 10), Ranges::These(vec![(8, 10)]));
/// assert_eq!(parse_range("bytes=10-", 10), Ranges::Unsatisfiable);
/// assert_eq!(parse_range("lines=1-2", 10), Ranges::Whole);
/// ```
pub fn parse_range(value: &str, len: u64) -> Ranges {
    let Some(specs) = specs(value).filter(|_| len > 0) else { return Ranges::Whole };
    let mut ranges = Vec::new();
    for range in specs.iter().filter_map(|spec| spec.within(len)) {
        join(&mut ranges, range);
    }
    if ranges.is_empty() { Ranges::Unsatisfiable } else { Ranges::These(ranges) }
}

/// The field `Content-Range` of a part: the bytes from `start` up to and without `end`, of `len`.
/// An empty part, which the field cannot say, is [none](unsatisfied_range).
///
/// ```
/// use sockeye::http::range;
///
/// assert_eq!(range::content_range(0, 5, 10), "bytes 0-4/10");
/// ```
pub fn content_range(start: u64, end: u64, len: u64) -> String {
    if start < end { format!("bytes {start}-{}/{len}", end - 1) } else { unsatisfied_range(len) }
}

/// The field `Content-Range` of a 416: how long the body is.
///
/// ```
/// use sockeye::http::range;
///
/// assert_eq!(range::unsatisfied_range(10), "bytes */10");
/// ```
pub fn unsatisfied_range(len: u64) -> String {
    format!("bytes */{len}")
}

/// One range as it was asked for.
#[derive(Clone, Copy)]
enum Spec {
    /// `0-4` or `5-`; the last byte belongs to it.
    From(u64, u64),
    /// `-5`: as many bytes from the end.
    Last(u64),
}

impl Spec {
    fn parse(text: &str) -> Option<Self> {
        match text.split_once('-')? {
            ("", length) => number(length).map(Self::Last),
            (first, "") => Some(Self::From(number(first)?, u64::MAX)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::From(first, last))
            }
        }
    }

    /// What there is of it in a body that is not empty.
    fn within(self, len: u64) -> Option<(u64, u64)> {
        match self {
            Self::From(first, last) => {
                (first < len).then(|| (first, last.saturating_add(1).min(len)))
            }
            Self::Last(0) => None,
            Self::Last(length) => Some((len.saturating_sub(length), len)),
        }
    }
}

/// All ranges, or `None` if they are to be ignored.
fn specs(value: &str) -> Option<Vec<Spec>> {
    let (unit, set) = value.split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let texts = set.split(',').map(|text| text.trim_matches([' ', '\t']));
    let specs = texts.filter(|text| !text.is_empty()).take(MOST + 1).map(Spec::parse);
    let specs = specs.collect::<Option<Vec<_>>>()?;
    (1..=MOST).contains(&specs.len()).then_some(specs)
}

/// Adds a range to some that are apart, so that all are apart again, in the place of the first that
/// it touches.
fn join(ranges: &mut Vec<(u64, u64)>, mut range: (u64, u64)) {
    let (mut apart, mut place) = (0, usize::MAX);
    ranges.retain(|&(start, end)| {
        let touches = range.0 <= end && start <= range.1;
        if touches {
            range = (start.min(range.0), end.max(range.1));
            place = place.min(apart);
        } else {
            apart += 1;
        }
        !touches
    });
    ranges.insert(place.min(apart), range);
}

/// Of digits only. What is too long for any body is as good as the greatest.
fn number(digits: &str) -> Option<u64> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| u64::from(byte - b'0'));
    let number = digits.bytes().try_fold(0u64, |number, byte| {
        Some(number.saturating_mul(10).saturating_add(digit(byte)?))
    });
    number.filter(|_| !digits.is_empty())
}

/// More would cost more to write than the bytes between them, or are meant to cost.
const MOST: usize = 16;
