//! Bytes to read a configuration from, and where they came from, so that errors can say it.

use std::borrow::Cow;
use std::fmt;
use std::fs;
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};

/// The contents of a file, or what a program had already.
pub(super) struct Input<'a> {
    pub(super) bytes: Cow<'a, [u8]>,
    place: String,
}

impl<'a> Input<'a> {
    pub(super) fn given(bytes: &'a [u8]) -> Self {
        Self { bytes: bytes.into(), place: GIVEN.to_owned() }
    }

    pub(super) fn file(attempt: &'static str, path: &Path) -> Result<Self> {
        let place = path.display().to_string();
        match fs::read(path) {
            Ok(bytes) => Ok(Self { bytes: bytes.into(), place }),
            Err(error) => Err(Error::io(attempt, error).on(place)),
        }
    }

    /// What errors call it.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// The error that it is not what it should be.
    pub(super) fn refuse(&self, attempt: &'static str, why: impl fmt::Display) -> Error {
        Error::new(ErrorKind::Tls, attempt).on(&self.place).caused_by(why.to_string())
    }

    pub(super) fn holds(&self, text: &str) -> bool {
        self.bytes.windows(text.len()).any(|part| part == text.as_bytes())
    }
}

/// What errors call bytes that came from no file.
pub(super) const GIVEN: &str = "the given bytes";
