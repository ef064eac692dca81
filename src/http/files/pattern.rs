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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a pattern means, letter by letter.
    fn means(pattern: &str, name: &str) -> bool {
        let mut letters = name.chars();
        match pattern.chars().next() {
            None => name.is_empty(),
            Some('*') => {
                let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
                ends.into_iter().any(|at| means(&pattern[1..], &name[at..]))
            }
            Some(c) => {
                let fits = letters.next().is_some_and(|letter| c == '?' || c == letter);
                fits && means(&pattern[c.len_utf8()..], letters.as_str())
            }
        }
    }

    proptest! {
        #[test]
        fn names_match_as_patterns_mean(pattern in "[ab*?.ü]{1,7}", name in "[ab.ü]{0,8}") {
            prop_assume!(pattern != "*.*");
            prop_assert_eq!(Pattern::new(&pattern).matches(&name), means(&pattern, &name));
        }
    }

    #[test]
    fn names_need_no_dot_to_be_all() {
        for all in ["", "*", "*.*"] {
            assert!(
                ["a", "a.b", ".", ""].iter().all(|name| Pattern::new(all).matches(name)),
                "{all}"
            );
        }
    }

    #[test]
    fn a_name_that_almost_matches_takes_no_time() {
        let pattern = Pattern::new(&"*a".repeat(1000));
        assert!(!pattern.matches(&("a".repeat(999) + &"b".repeat(10_000))));
    }
}
