//! What is said of a version of a file.

use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;

use super::stamp::Stamp;
use crate::codec::http::condition::Validators;
use crate::codec::http::{ETag, Fields, date};

/// The fields that go with a version of a file, and what conditions ask of it.
#[derive(Clone, Default)]
pub(super) struct Version {
    pub(super) etag: Option<ETag>,
    pub(super) modified: Option<u64>,
    /// Of the answer with the content.
    pub(super) fields: Fields,
    /// Of the answer that the client has it (RFC 9110 15.4.5).
    pub(super) brief: Fields,
}

/// What a version is made of.
pub(super) struct Description<'a> {
    pub(super) stamp: &'a Stamp,
    pub(super) media: &'a str,
    pub(super) coding: Option<&'static str>,
    /// There are other codings too.
    pub(super) varies: bool,
    pub(super) max_age: Option<Duration>,
}

impl Version {
    pub(super) fn new(of: &Description<'_>) -> Self {
        let (etag, modified) = (of.stamp.etag(of.coding), of.stamp.seconds());
        let mut brief = Fields::new();
        if let Some(etag) = &etag {
            put(&mut brief, "ETag", etag.to_string());
        }
        if let Some(modified) = modified {
            put(&mut brief, "Last-Modified", date::format(modified));
        }
        if let Some(age) = of.max_age {
            put(&mut brief, "Cache-Control", max_age(age));
        }
        if of.varies {
            put(&mut brief, "Vary", "Accept-Encoding");
        }
        let mut fields = brief.clone();
        put(&mut fields, "Content-Type", of.media);
        if let Some(coding) = of.coding {
            put(&mut fields, "Content-Encoding", coding);
        }
        put(&mut fields, "Accept-Ranges", "bytes");
        Self { etag, modified, fields, brief }
    }

    /// That of an answer of the program's own, with a tag made of its content unless it has one.
    pub(super) fn of_answer(mut fields: Fields, content: &[u8], age: Option<Duration>) -> Self {
        if !fields.contains("etag") {
            put(&mut fields, "ETag", format!("\"{:x}-{:016x}\"", content.len(), digest(content)));
        }
        if let Some(age) = age.filter(|_| !fields.contains("cache-control")) {
            put(&mut fields, "Cache-Control", max_age(age));
        }
        put(&mut fields, "Accept-Ranges", "bytes");
        let mut brief = Fields::new();
        for (name, value) in fields.iter() {
            if BRIEF.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                put(&mut brief, name, value);
            }
        }
        let etag = fields.str("etag").and_then(ETag::parse);
        let modified = fields.str("last-modified").and_then(date::parse);
        Self { etag, modified, fields, brief }
    }

    pub(super) fn validators(&self) -> Validators<'_> {
        Validators { etag: self.etag.as_ref(), modified: self.modified }
    }

    /// For `If-Range`, which no date fulfils that is not certain (RFC 9110 13.1.5).
    pub(super) fn strong_validators(&self) -> Validators<'_> {
        let certain = self.etag.as_ref().is_none_or(|etag| !etag.is_weak());
        Validators { modified: self.modified.filter(|_| certain), ..self.validators() }
    }
}

/// Adds a field that is known to be good.
pub(super) fn put(fields: &mut Fields, name: &str, value: impl AsRef<[u8]>) {
    let put = fields.append(name, value);
    debug_assert!(put.is_ok(), "{name} has a value that cannot be sent");
}

/// What `Cache-Control` says of an answer that counts so long.
pub(super) fn max_age(age: Duration) -> String {
    format!("max-age={}", age.as_secs())
}

/// Of content that the program has made: nobody else can look for two that have the same.
fn digest(content: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(content);
    hasher.finish()
}

/// What a 304 says (RFC 9110 15.4.5).
const BRIEF: [&str; 6] =
    ["cache-control", "content-location", "etag", "expires", "last-modified", "vary"];
