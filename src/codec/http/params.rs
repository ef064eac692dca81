//! Lists and parameters with quoted strings in them (RFC 9110 5.6.1, 5.6.4, 5.6.6).

use std::borrow::Cow;

use super::syntax::is_token;

/// What stands between separators that are not in quotation marks, without white space around it;
/// nothing between two of them is left out.
pub(super) fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    let pieces = std::iter::from_fn(move || {
        let text = rest?;
        let piece = match find(text, separator) {
            Some(end) => {
                rest = Some(&text[end + separator.len_utf8()..]);
                &text[..end]
            }
            None => rest.take()?,
        };
        Some(piece.trim_matches(BLANK))
    });
    pieces.filter(|piece| !piece.is_empty())
}

/// The name and the value of `name=value` or `name="value"`. No white space may be around the `=`.
pub(super) fn parameter(text: &str) -> Option<(&str, Cow<'_, str>)> {
    let (name, value) = text.split_once('=')?;
    if !is_token(name.as_bytes()) {
        return None;
    }
    let value = match value.strip_prefix('"') {
        Some(quoted) => unquoted(quoted)?,
        None if is_token(value.as_bytes()) => Cow::Borrowed(value),
        None => return None,
    };
    Some((name, value))
}

/// A string in quotation marks, of which the first is gone already, and nothing behind it.
///
/// Of a backslash before other characters than those that need one, both are kept: some send paths of
/// Windows so.
fn unquoted(quoted: &str) -> Option<Cow<'_, str>> {
    let inside = quoted.strip_suffix('"')?;
    if !inside.contains(['\\', '"']) {
        return Some(Cow::Borrowed(inside));
    }
    let mut value = String::with_capacity(inside.len());
    let mut chars = inside.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('"', _) => return None,
            // It escapes the quotation mark that was taken for the last.
            ('\\', None) => return None,
            ('\\', Some(&escaped @ ('"' | '\\'))) => {
                value.push(escaped);
                chars.next();
            }
            (c, _) => value.push(c),
        }
    }
    Some(Cow::Owned(value))
}

/// Where a character is outside of quotation marks. Marks that nothing closes go on to the end.
fn find(text: &str, wanted: char) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c if c == wanted && !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

const BLANK: [char; 2] = [' ', '\t'];
