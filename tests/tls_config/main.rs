//! What TLS is configured with: what is accepted, and how errors say what is not.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod configurations;
mod identities;
mod reloading;
mod trust;

use sockeye::{Error, ErrorKind};

/// The error is one of TLS, and begins and ends so.
#[track_caller]
fn refuses<T: std::fmt::Debug>(result: Result<T, Error>, begin: &str, end: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    let text = error.to_string();
    assert!(text.starts_with(begin) && text.ends_with(end), "{text}");
}
