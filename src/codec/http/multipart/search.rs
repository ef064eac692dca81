//! Where data ends that comes in pieces: at a delimiter, which may be cut itself.

use std::ops::Range;

use memchr::memmem::Finder;
use memchr::memrchr;

/// Looks for `CR LF -- boundary`.
///
/// No part of it but its beginning can be its beginning, since the boundary has no CR. So what has
/// come of it is remembered as a number, and when it turns out to be none, it is data whole.
#[derive(Debug)]
pub(super) struct Search {
    delimiter: String,
    finder: Finder<'static>,
    /// Bytes of the delimiter that have come.
    matched: usize,
    /// How many of these came before the data.
    before: usize,
}

/// What a piece begins with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// Data, which may be all there is.
    Data(&'a [u8]),
    /// The rest of the delimiter: the data has ended.
    Delimiter,
    /// Nothing that is known to be data or the delimiter; all of it has been looked at.
    Nothing,
}

impl Search {
    /// At the beginning of data.
    pub(super) fn new(delimiter: String) -> Self {
        let finder = Finder::new(delimiter.as_bytes()).into_owned();
        let mut search = Self { delimiter, finder, matched: 0, before: 0 };
        search.begin();
        search
    }

    /// Other data begins, behind a line's end, which is the delimiter's if there is none (RFC 2046
    /// 5.1.1).
    pub(super) fn begin(&mut self) {
        (self.matched, self.before) = (2, 2);
    }

    /// Looks at a piece up to the end of what is found.
    pub(super) fn next<'a, 'd: 'a>(&'a mut self, input: &mut &'d [u8]) -> Found<'a> {
        if self.matched > 0 {
            match self.compare(input) {
                Compared::Same => return Found::Delimiter,
                Compared::Incomplete => return Found::Nothing,
                Compared::Different(range) if range.is_empty() => {}
                Compared::Different(range) => {
                    return Found::Data(&self.delimiter.as_bytes()[range]);
                }
            }
        }
        let data = *input;
        let end = self.finder.find(data).unwrap_or_else(|| self.possible_beginning(data));
        if end > 0 {
            *input = &data[end..];
            return Found::Data(&data[..end]);
        }
        let matched = data.len().min(self.delimiter.len());
        *input = &data[matched..];
        if matched == self.delimiter.len() {
            return Found::Delimiter;
        }
        self.matched = matched;
        Found::Nothing
    }

    /// Goes on with what has come of the delimiter.
    fn compare(&mut self, input: &mut &[u8]) -> Compared {
        let rest = &self.delimiter.as_bytes()[self.matched..];
        let same = rest.iter().zip(*input).take_while(|(wanted, is)| wanted == is).count();
        let whole = same == rest.len();
        self.matched += same;
        let all_read = same == input.len();
        *input = &input[same..];
        if !whole && all_read {
            return Compared::Incomplete;
        }
        let range = self.before..self.matched;
        (self.matched, self.before) = (0, 0);
        if whole { Compared::Same } else { Compared::Different(range) }
    }

    /// Where the end of a piece may be the beginning of the delimiter.
    fn possible_beginning(&self, data: &[u8]) -> usize {
        let from = data.len() - data.len().min(self.delimiter.len() - 1);
        let cr = memrchr(b'\r', &data[from..]).map(|cr| from + cr);
        let begins = |cr: &usize| self.delimiter.as_bytes().starts_with(&data[*cr..]);
        cr.filter(begins).unwrap_or(data.len())
    }
}

enum Compared {
    /// The delimiter is complete.
    Same,
    Incomplete,
    /// What came of it is none; what of that is data.
    Different(Range<usize>),
}
