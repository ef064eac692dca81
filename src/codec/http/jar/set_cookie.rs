//! The field `Set-Cookie` as clients read it (RFC 6265 5.2).

use std::str;

use super::cookie_date;
use crate::codec::http::cookie::{LONGEST, LONGEST_ATTRIBUTE};

/// What a response sets.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SetCookie<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    /// In lower case, without the dot that it may begin with.
    pub(super) domain: Option<String>,
    /// One that begins with `/`.
    pub(super) path: Option<&'a str>,
    pub(super) secure: bool,
    /// In Unix time in seconds; 0 if it has been before.
    pub(super) expires: Option<u64>,
}

impl<'a> SetCookie<'a> {
    /// Attributes that are unknown, malformed or too long are ignored; of those that come twice the
    /// last counts. `None` if there is no name, if name and value are too long, for control
    /// characters, and for what is not UTF-8.
    pub(super) fn parse(field: &'a [u8], now: u64) -> Option<Self> {
        let field = str::from_utf8(field).ok()?;
        if field.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            return None;
        }
        let mut pieces = field.split(';');
        let (name, value) = pieces.next()?.split_once('=')?;
        let (name, value) = (name.trim_matches(BLANK), value.trim_matches(BLANK));
        if name.is_empty() || name.len() + value.len() > LONGEST {
            return None;
        }
        let mut set = Self { name, value, ..Self::default() };
        let mut max_age = None;
        for piece in pieces {
            let (key, value) = piece.split_once('=').unwrap_or((piece, ""));
            let (key, value) = (key.trim_matches(BLANK), value.trim_matches(BLANK));
            if value.len() > LONGEST_ATTRIBUTE {
                continue;
            }
            match &*key.to_ascii_lowercase() {
                "max-age" => max_age = seconds(value).or(max_age),
                "expires" => set.expires = cookie_date::parse(value).or(set.expires),
                "domain" => set.domain = domain(value),
                "path" => set.path = Some(value).filter(|path| path.starts_with('/')),
                "secure" => set.secure = true,
                _ => {}
            }
        }
        // RFC 6265 5.3: the age counts before the date.
        let expires = max_age.map(|age| if age == 0 { 0 } else { now.saturating_add(age) });
        let expires = expires.or(set.expires);
        set.expires = expires.map(|expires| expires.min(now.saturating_add(LONGEST_AGE)));
        Some(set)
    }
}

/// Nothing is the same as no domain.
fn domain(value: &str) -> Option<String> {
    let domain = value.strip_prefix('.').unwrap_or(value);
    (!domain.is_empty()).then(|| domain.to_ascii_lowercase())
}

/// Of an age, which is 0 if it is below.
fn seconds(value: &str) -> Option<u64> {
    let (negative, digits) = match value.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, value),
    };
    let well_formed = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // What there is no room for is too long anyway.
    well_formed.then(|| if negative { 0 } else { digits.parse().unwrap_or(u64::MAX) })
}

const BLANK: [char; 2] = [' ', '\t'];

/// 400 days (draft-ietf-httpbis-rfc6265bis 5.5).
const LONGEST_AGE: u64 = 400 * 86_400;
