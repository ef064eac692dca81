//! Rust sources as the tests of the house rules see them: words and signs with their lines, with
//! comments dropped and literals hollowed out. Not a parser; it errs on the side of seeing less.

use std::fs;
use std::path::Path;

/// A word (keyword, name, number, lifetime), a sign (`::` is one, all others are single
/// characters) or [`LITERAL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    pub(crate) line: usize,
}

/// What stands for every string and character.
pub(crate) const LITERAL: &str = "\"\"";

/// One file of the tree; its name is relative to the tree's root, with forward slashes.
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Token<'_> {
    pub(crate) fn is_word(&self) -> bool {
        self.text.starts_with(in_word)
    }
}

/// The files below `folder` whose names end in one of `endings`, sorted; none if there is no such
/// folder.
pub(crate) fn files(folder: &str, endings: &[&str]) -> Vec<File> {
    let mut found = Vec::new();
    collect(folder, endings, &mut found);
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// The text of one file of the tree.
pub(crate) fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {name}: {error}"))
}

pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < text.len() {
        let rest = &text[at..];
        let (kind, length) = piece(rest);
        match kind {
            Kind::Blank => {}
            Kind::Literal => found.push(Token { text: LITERAL, line }),
            Kind::Plain => found.push(Token { text: &rest[..length], line }),
        }
        line += rest[..length].matches('\n').count();
        at += length;
    }
    found
}

fn collect(folder: &str, endings: &[&str], found: &mut Vec<File>) {
    let Ok(entries) = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)) else {
        return;
    };
    for entry in entries {
        let entry = entry.expect("the tree stays while the tests run");
        let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&name, endings, found);
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(File { text: read(&name), name });
        }
    }
}

enum Kind {
    Blank,
    Literal,
    Plain,
}

/// What `rest` begins with, and how many bytes of it that is: never none.
fn piece(rest: &str) -> (Kind, usize) {
    let first = rest.chars().next().expect("only called while there is text");
    if first.is_whitespace() {
        (Kind::Blank, first.len_utf8())
    } else if rest.starts_with("//") {
        (Kind::Blank, rest.find('\n').unwrap_or(rest.len()))
    } else if rest.starts_with("/*") {
        (Kind::Blank, block_comment(rest))
    } else if let Some(length) = string(rest) {
        (Kind::Literal, length)
    } else if let Some(length) = character(rest) {
        (Kind::Literal, length)
    } else if rest.starts_with("r#") || first == '\'' {
        let mark = if first == '\'' { 1 } else { 2 };
        (Kind::Plain, mark + word(&rest[mark..]))
    } else if rest.starts_with("::") {
        (Kind::Plain, 2)
    } else {
        (Kind::Plain, word(rest).max(first.len_utf8()))
    }
}

/// They nest.
fn block_comment(rest: &str) -> usize {
    let (mut at, mut depth) = (0, 0);
    while at < rest.len() {
        let step = match rest.as_bytes()[at..] {
            [b'/', b'*', ..] => {
                depth += 1;
                2
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                2
            }
            _ => 1,
        };
        at += step;
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn string(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|p| rest.starts_with(p))?;
    let body = &rest[prefix.len()..];
    let hashes = body.len() - body.trim_start_matches('#').len();
    let raw = prefix.ends_with('r');
    if !body[hashes..].starts_with('"') || (hashes > 0 && !raw) {
        return None;
    }
    let open = prefix.len() + hashes + 1;
    if raw {
        let close = format!("\"{}", "#".repeat(hashes));
        return Some(rest[open..].find(&close).map_or(rest.len(), |at| open + at + close.len()));
    }
    Some(after_quote(rest, open, b'"'))
}

/// A character literal, not a lifetime.
fn character(rest: &str) -> Option<usize> {
    let open = if rest.starts_with("b'") { 2 } else { 1 };
    let body = rest[open - 1..].strip_prefix('\'')?;
    let mut chars = body.chars();
    if chars.next()? == '\\' || chars.next() == Some('\'') {
        // From the second byte on: `'''` is a character too, but no Rust source has it.
        return Some(after_quote(rest, open, b'\''));
    }
    None
}

/// The index behind the closing quote, from `at` on, over escapes.
fn after_quote(rest: &str, mut at: usize, quote: u8) -> usize {
    let bytes = rest.as_bytes();
    while at < bytes.len() && bytes[at] != quote {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

fn word(rest: &str) -> usize {
    rest.find(|c| !in_word(c)).unwrap_or(rest.len())
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
