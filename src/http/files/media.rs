//! What a file's name says about its content.

use std::borrow::Cow;

use crate::codec::http::Fields;

/// The media type of a file, by what its name ends in, whatever its case; with
/// `charset=utf-8` where it is text. `application/octet-stream` if nobody knows.
///
/// ```
/// use sockeye::http::files::media_type;
///
/// assert_eq!(media_type("index.html"), "text/html; charset=utf-8");
/// assert_eq!(media_type("LOGO.PNG"), "image/png");
/// assert_eq!(media_type("unknown"), "application/octet-stream");
/// ```
pub fn media_type(name: &str) -> Cow<'static, str> {
    let Some(extension) = extension(name) else { return Cow::Borrowed(UNKNOWN) };
    let ours = OURS.iter().find(|(known, _)| known.eq_ignore_ascii_case(extension));
    let guessed = || mime_guess::from_ext(extension).first_raw();
    let media = ours.map(|(_, media)| *media).or_else(guessed).unwrap_or(UNKNOWN);
    if media.starts_with("text/") {
        return Cow::Owned(format!("{media}; charset=utf-8"));
    }
    Cow::Borrowed(media)
}

/// Media types, of which some are the program's.
#[derive(Clone, Default)]
pub(super) struct Media(Vec<(String, String)>);

impl Media {
    /// # Panics
    ///
    /// With a type that cannot be a field's value.
    #[track_caller]
    pub(super) fn set(&mut self, extension: &str, media: &str) {
        let sent = Fields::new().insert("Content-Type", media);
        assert!(sent.is_ok(), "{media:?} cannot be a media type");
        let extension = extension.trim_start_matches('.');
        self.0.retain(|(known, _)| !known.eq_ignore_ascii_case(extension));
        self.0.push((extension.to_owned(), media.to_owned()));
    }

    pub(super) fn of(&self, name: &str) -> Cow<'_, str> {
        let extension = extension(name).unwrap_or_default();
        let set = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(extension));
        set.map_or_else(|| media_type(name), |(_, media)| Cow::Borrowed(media))
    }
}

/// What is behind the last dot of a name that has something before it.
fn extension(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let (stem, extension) = name.rsplit_once('.')?;
    (!stem.is_empty() && !extension.is_empty()).then_some(extension)
}

const UNKNOWN: &str = "application/octet-stream";

/// What `mime_guess` does not know, or knows otherwise than is in use today: scripts and fonts by
/// RFC 9239 and RFC 8081, icons by the IANA's registry, and source maps, which are JSON.
const OURS: &[(&str, &str)] = &[
    ("br", "application/x-brotli"),
    ("cjs", "text/javascript"),
    ("fastsoap", "application/fastsoap"),
    ("gzip", "application/gzip"),
    ("h265", "video/H265"),
    ("http", "message/http"),
    ("ico", "image/vnd.microsoft.icon"),
    ("jrx", "image/jrx"),
    ("map", "application/json"),
    ("mjs", "text/javascript"),
    ("otf", "font/otf"),
    ("plain", "text/plain"),
    ("richtext", "text/richtext"),
    ("s-http", "application/s-http"),
    ("soap", "application/soap+xml"),
    ("sql", "application/sql"),
    ("strings", "text/strings"),
    ("url", "text/url"),
    ("vue", "text/javascript"),
    ("woff", "font/woff"),
    ("zlib", "application/zlib"),
];
