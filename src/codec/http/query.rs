//! Percent-encoding (RFC 3986 2.1), and pairs in queries and forms
//! (`application/x-www-form-urlencoded`, <https://url.spec.whatwg.org/#urlencoded-parsing>).

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::form_urlencoded;

/// Undoes percent-encoding, once; `+` stays as it is. Text without `%` is borrowed.
///
/// `None` if a `%` is followed by anything but two hexadecimal digits, or if the result is not
/// UTF-8.
///
/// ```
/// use sockeye::http::query;
///
/// assert_eq!(query::percent_decode("a%20b+c").as_deref(), Some("a b+c"));
/// assert_eq!(query::percent_decode("%2525").as_deref(), Some("%25"));
/// assert_eq!(query::percent_decode("100%"), None);
/// assert_eq!(query::percent_decode("%ff"), None);
/// ```
pub fn percent_decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        let byte;
        (byte, rest) = match (first, others) {
            (b'%', [high, low, others @ ..]) => (hex(*high)? << 4 | hex(*low)?, others),
            (b'%', _) => return None,
            (other, others) => (*other, others),
        };
        decoded.push(byte);
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

/// Percent-encodes all but the characters that mean nothing anywhere in a URL: letters, digits,
/// `-`, `.`, `_` and `~` (RFC 3986 2.3). So the result may stand for a segment of a path, a name or
/// a value.
///
/// ```
/// use sockeye::http::query;
///
/// assert_eq!(query::percent_encode("a b/c&ü"), "a%20b%2Fc%26%C3%BC");
/// assert_eq!(query::percent_encode("plain"), "plain");
/// ```
pub fn percent_encode(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, NOT_UNRESERVED).into()
}

/// The pairs of a query (what follows the `?`) or of a form, decoded, in their order; `+` is a
/// blank.
///
/// What browsers do is done: every text has a meaning. A `%` without two digits is itself, what is
/// not UTF-8 becomes U+FFFD, a name without `=` has the empty value, and nothing between two `&` is
/// no pair.
///
/// ```
/// use sockeye::http::query;
///
/// let pairs = query::pairs("name=J%C3%B6rg+M&&a=b=c&debug").collect::<Vec<_>>();
/// let pairs = pairs.iter().map(|(name, value)| (&**name, &**value)).collect::<Vec<_>>();
/// assert_eq!(pairs, [("name", "Jörg M"), ("a", "b=c"), ("debug", "")]);
/// ```
pub fn pairs(text: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    form_urlencoded::parse(text.as_bytes())
}

/// The value of the first pair with this name, if there is one: [`pairs`] for one of them.
///
/// ```
/// use sockeye::http::query;
///
/// assert_eq!(query::value("page=2&page=3", "page").as_deref(), Some("2"));
/// assert_eq!(query::value("page=2", "size"), None);
/// ```
pub fn value<'a>(text: &'a str, name: &str) -> Option<Cow<'a, str>> {
    pairs(text).find_map(|(key, value)| (key == name).then_some(value))
}

/// A query, or a form's body, of these pairs; the reverse of [`pairs`].
///
/// ```
/// use sockeye::http::query;
///
/// assert_eq!(query::encode([("q", "a b&c"), ("page", "2")]), "q=a+b%26c&page=2");
/// ```
pub fn encode<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|digit| digit as u8)
}

const NOT_UNRESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
