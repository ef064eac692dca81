//! The options of a command line, `--name` and `--name VALUE`, for those examples that have some, and
//! its other words.

#![allow(dead_code, reason = "not each of them has all kinds")]

use std::env;
use std::str::FromStr;

/// What is given and was not asked for yet.
pub(crate) struct Options {
    words: Vec<String>,
    usage: &'static str,
}

impl Options {
    /// Those of this program; what is wrong with them is answered with `usage`.
    pub(crate) fn new(usage: &'static str) -> Self {
        Self { words: env::args().skip(1).collect(), usage }
    }

    /// Whether an option is there that has no value.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let found = self.words.iter().position(|word| word == name);
        found.map(|at| self.words.remove(at)).is_some()
    }

    /// The value behind an option, or what it is by default.
    pub(crate) fn value<T: FromStr>(&mut self, name: &str, default: T) -> Result<T, &'static str> {
        let Some(at) = self.words.iter().position(|word| word == name) else { return Ok(default) };
        let value = self.words.get(at + 1).and_then(|value| value.parse().ok());
        self.words.drain(at..(at + 2).min(self.words.len()));
        value.ok_or(self.usage)
    }

    /// The next word that is no option, or what it is by default. Ask for options before.
    pub(crate) fn word<T: FromStr>(&mut self, default: T) -> Result<T, &'static str> {
        match self.words.is_empty() {
            true => Ok(default),
            false => self.words.remove(0).parse().map_err(|_| self.usage),
        }
    }

    /// Nothing else may be there.
    pub(crate) fn end(self) -> Result<(), &'static str> {
        if self.words.is_empty() { Ok(()) } else { Err(self.usage) }
    }
}
