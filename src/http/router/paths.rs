//! Paths as routes are compared.

use std::borrow::Cow;

/// A path in the one form that all its spellings share (RFC 3986 6.2.2): letters, digits and `-._~`
/// are not percent-encoded, and what is encoded has capital digits. Borrowed if it is that already.
///
/// Encoded slashes stay encoded, so that a value can have one.
#[inline]
pub(super) fn normal(path: &str) -> Cow<'_, str> {
    match path.as_bytes().contains(&b'%') {
        true => rewritten(path),
        false => Cow::Borrowed(path),
    }
}

/// Where in a path that is which in its [normal] form.
pub(super) fn raw_offset(path: &str, in_normal: usize) -> usize {
    let (mut raw, mut normal) = (0, 0);
    for unit in units(path) {
        if normal >= in_normal {
            break;
        }
        raw += unit.raw_len();
        normal += unit.normal_len();
    }
    raw
}

#[cold]
fn rewritten(path: &str) -> Cow<'_, str> {
    if !units(path).any(|unit| unit.changes()) {
        return Cow::Borrowed(path);
    }
    let mut normal = String::with_capacity(path.len());
    for unit in units(path) {
        match unit {
            Unit::Plain(c) | Unit::Decoded(c) => normal.push(c),
            Unit::Encoded(digits) => {
                normal.push('%');
                normal.extend(digits.map(|digit| digit.to_ascii_uppercase()));
            }
        }
    }
    Cow::Owned(normal)
}

enum Unit {
    Plain(char),
    /// What need not have been encoded.
    Decoded(char),
    /// The digits of what is encoded.
    Encoded([char; 2]),
}

impl Unit {
    fn changes(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Decoded(_) => true,
            Self::Encoded(digits) => digits.iter().any(char::is_ascii_lowercase),
        }
    }

    fn raw_len(&self) -> usize {
        match self {
            Self::Plain(c) => c.len_utf8(),
            Self::Decoded(_) | Self::Encoded(_) => 3,
        }
    }

    fn normal_len(&self) -> usize {
        match self {
            Self::Plain(c) | Self::Decoded(c) => c.len_utf8(),
            Self::Encoded(_) => 3,
        }
    }
}

fn units(path: &str) -> impl Iterator<Item = Unit> {
    let mut rest = path.chars();
    std::iter::from_fn(move || {
        let first = rest.next()?;
        let mut ahead = rest.clone();
        let digits = (first == '%').then(|| [ahead.next(), ahead.next()]);
        let Some([Some(high), Some(low)]) = digits else { return Some(Unit::Plain(first)) };
        let (Some(upper), Some(lower)) = (high.to_digit(16), low.to_digit(16)) else {
            return Some(Unit::Plain(first));
        };
        rest = ahead;
        let byte = (upper * 16 + lower) as u8;
        Some(match byte {
            byte if is_unreserved(byte) => Unit::Decoded(char::from(byte)),
            _ => Unit::Encoded([high, low]),
        })
    })
}

/// RFC 3986 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_path_are_the_same() {
        for (path, wanted) in [
            ("/admin", "/admin"),
            ("/%61d%6Din", "/admin"),
            ("/a%2fb%2Fc", "/a%2Fb%2Fc"),
            ("/%c3%bc", "/%C3%BC"),
            ("/%7e%2E%2e", "/~.."),
            ("/100%", "/100%"),
            ("/%zz%6", "/%zz%6"),
            ("/%2561", "/%2561"),
            ("/%ü1", "/%ü1"),
        ] {
            assert_eq!(normal(path), wanted);
        }
        assert!(matches!(normal("/a%20b"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn offsets_lead_back(front in "[/a%6-9e]{0,12}", behind in "[/a%0-9e]{0,12}") {
            // Cut where the encoding is not.
            let path = format!("{front}/{behind}");
            let at = normal(&front).len();
            prop_assert_eq!(raw_offset(&path, at), front.len());
            prop_assert_eq!(raw_offset(&path, normal(&path).len()), path.len());
        }

        #[test]
        fn what_is_encoded_by_need_or_not_is_the_same(text in "[a-z0-9~._-]{1,8}", which: u8) {
            let spelt = |(at, byte): (usize, u8)| match which >> (at % 8) & 1 {
                0 => char::from(byte).to_string(),
                _ => format!("%{byte:02x}"),
            };
            let spelling = text.bytes().enumerate().map(spelt).collect::<String>();
            prop_assert_eq!(normal(&spelling), text);
        }
    }
}
