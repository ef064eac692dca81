//! Paths with names in them.

use std::fmt::Write;
use std::sync::Arc;

use super::paths;
use crate::http::params::MOST;

/// A route's path: text, and names in braces for what requests may have there.
#[derive(Debug)]
pub(super) struct Pattern {
    /// As the look-up wants it, the same for all patterns that match the same.
    pub(super) key: String,
    /// In their order.
    pub(super) names: Arc<[Box<str>]>,
}

impl Pattern {
    /// What is wrong with the text, if that is no pattern.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if !text.starts_with('/') {
            return Err("it does not begin with `/`".into());
        }
        let mut pattern = Draft::default();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (plain, behind) = rest.split_at(at);
            pattern.text(plain);
            rest = match behind.as_bytes() {
                [b'{', b'{', ..] | [b'}', b'}', ..] => {
                    pattern.text(&behind[..1]);
                    &behind[2..]
                }
                [b'{', ..] => {
                    let end = behind.find('}').ok_or("a `{` is not closed")?;
                    pattern.name(&behind[1..end], &behind[end + 1..])?;
                    &behind[end + 1..]
                }
                _ => return Err("a `}` closes nothing; one that is meant is `}}`".into()),
            };
        }
        pattern.text(rest);
        Ok(Self { key: pattern.key, names: pattern.names.into() })
    }
}

/// The path of a route of a nested router.
pub(super) fn join(prefix: &str, path: &str) -> String {
    match (prefix, path) {
        ("", path) => path.into(),
        (prefix, "/") => prefix.into(),
        // A folder's own, which is another path without it.
        (prefix, "//") => format!("{prefix}/"),
        (prefix, path) => format!("{prefix}{path}"),
    }
}

#[derive(Default)]
struct Draft {
    key: String,
    names: Vec<Box<str>>,
}

impl Draft {
    fn text(&mut self, text: &str) {
        for c in paths::normal(text).chars() {
            match c {
                // In a path they come encoded (RFC 3986 3.3).
                '{' => self.key.push_str("%7B"),
                '}' => self.key.push_str("%7D"),
                c if c.is_ascii_graphic() && !"\"<>`".contains(c) => self.key.push(c),
                c => c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| self.encoded(byte)),
            }
        }
    }

    fn encoded(&mut self, byte: u8) {
        let _ = write!(self.key, "%{byte:02X}");
    }

    fn name(&mut self, name: &str, behind: &str) -> Result<(), String> {
        let (star, name) = name.strip_prefix('*').map_or(("", name), |name| ("*", name));
        if name.is_empty() || name.contains(['/', '{', '*']) {
            return Err(format!("`{{{star}{name}}}` is no name"));
        }
        if self.names.iter().any(|known| **known == *name) {
            return Err(format!("it has two names `{name}`"));
        }
        if self.names.len() == MOST {
            return Err(format!("it has more than {MOST} names"));
        }
        let is_last = behind.is_empty() && self.key.ends_with('/');
        if !star.is_empty() && !is_last {
            return Err(format!("`{{*{name}}}` is not its whole last segment"));
        }
        // Names do not tell patterns apart.
        let _ = write!(self.key, "{{{star}{}}}", self.names.len());
        self.names.push(name.into());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_match_the_same_have_one_key() {
        let key = |text| Pattern::parse(text).unwrap().key;
        assert_eq!(key("/a/{b}/{*c}"), key("/%61/{x}/{*y}"));
        assert_eq!(key("/straße {{1}}"), "/stra%C3%9Fe%20%7B1%7D");
        assert_eq!(key("/a%2fb"), "/a%2Fb");
        let names = Pattern::parse("/{a}/x-{b}.png/{*c}").unwrap().names;
        assert_eq!(*names, ["a".into(), "b".into(), "c".into()]);
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        for (text, why) in [
            ("", "it does not begin with `/`"),
            ("a", "it does not begin with `/`"),
            ("/{a", "a `{` is not closed"),
            ("/a}", "a `}` closes nothing; one that is meant is `}}`"),
            ("/{}", "`{}` is no name"),
            ("/{*}", "`{*}` is no name"),
            ("/{a/b}", "`{a/b}` is no name"),
            ("/{a}/{a}", "it has two names `a`"),
            ("/{*a}/b", "`{*a}` is not its whole last segment"),
            ("/x{*a}", "`{*a}` is not its whole last segment"),
            ("/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}", "it has more than 8 names"),
        ] {
            assert_eq!(Pattern::parse(text).unwrap_err(), why, "{text}");
        }
    }
}
