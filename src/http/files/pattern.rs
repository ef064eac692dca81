//! Which names of files are meant.

/// A pattern of names: `*` is any characters, `?` is one.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Box<[char]>);

impl Pattern {
    /// `*.*` means all names, also those without a dot, as programs are used to from other systems;
    /// so does an empty pattern.
    pub(super) fn new(text: &str) -> Self {
        let text = if matches!(text, "" | "*.*") { "*" } else { text };
        Self(text.chars().collect())
    }

    /// Only the last `*` is ever tried again, so that the time is at most pattern times name.
    pub(super) fn matches(&self, name: &str) -> bool {
        let (pattern, name) = (&self.0, name.chars().collect::<Vec<_>>());
        let (mut at, mut next) = (0, 0);
        let mut star = None;
        while next < name.len() {
            match pattern.get(at) {
                Some('*') => {
                    star = Some((at, next));
                    at += 1;
                }
                Some(&c) if c == '?' || c == name[next] => {
                    at += 1;
                    next += 1;
                }
                _ => {
                    let Some((before, taken)) = star else { return false };
                    star = Some((before, taken + 1));
                    (at, next) = (before + 1, taken + 1);
                }
            }
        }
        pattern[at..].iter().all(|c| *c == '*')
    }
}
