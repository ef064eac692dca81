#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::http::condition::{self, Validators};
use sockeye::http::multipart::Boundary;
use sockeye::http::range::{Ranges, parse_range};
use sockeye::http::target::{Target, safe_path};
use sockeye::http::{Cookie, CookieJar, ETag, Event, Url, accept, cookies, date, query};

// All that reads values, on the same bytes: nothing panics, and what one accepts keeps its word.
fuzz_target!(|data: &[u8]| {
    for (name, value) in cookies(data) {
        assert!(!name.is_empty() && !name.contains([';', '=']) && !value.contains(';'));
    }
    jar(data);
    let Ok(text) = str::from_utf8(data) else { return };
    dates(text);
    tags(text);
    ranges(text);
    preferences(text);
    queries(text);
    targets(text);
    urls(text);
    written(text);
    if let Some(boundary) = Boundary::from_content_type(text) {
        assert_eq!(Boundary::from_content_type(&boundary.content_type()), Some(boundary));
    }
});

fn jar(data: &[u8]) {
    let urls = ["https://a.b/c/d", "http://a.b/", "unix:/a:/c"];
    let urls = urls.map(|url| Url::parse(url).expect("it is one"));
    let mut jar = CookieJar::new();
    let mut kept = 0;
    for line in data.split(|byte| *byte == b'\n') {
        kept += urls.iter().filter(|url| jar.store(line, url, 1)).count();
        assert!(jar.len() <= kept.min(3000));
    }
    for url in &urls {
        let header = jar.header(url, 2).unwrap_or_default();
        assert!(!header.contains(|c: char| c.is_ascii_control() && c != '\t'));
    }
}

fn dates(text: &str) {
    let Some(seconds) = date::parse(text) else { return };
    let written = date::format(seconds);
    let written = str::from_utf8(&written).expect("dates are ASCII");
    // The last second may be a leap second.
    assert_eq!(date::parse(written), Some(seconds.min(253_402_300_799)));
}

fn tags(text: &str) {
    if let Some(tag) = ETag::parse(text) {
        assert!(tag.to_string() == text && tag.weakly_in(text));
    }
    let etag = ETag::strong("a").expect("it is one");
    let current = Validators { etag: Some(&etag), modified: Some(784_111_777) };
    for get_or_head in [true, false] {
        condition::evaluate(get_or_head, |_| Some(text), &current);
    }
    condition::range_applies(text, &current);
}

fn ranges(text: &str) {
    for len in [0, 1, 10, u64::MAX] {
        let Ranges::These(ranges) = parse_range(text, len) else { continue };
        assert!((1..=16).contains(&ranges.len()));
        assert!(ranges.iter().all(|(start, end)| start < end && *end <= len));
        let total = ranges.iter().map(|(start, end)| u128::from(end - start)).sum::<u128>();
        assert!(total <= u128::from(len));
    }
}

fn preferences(text: &str) {
    let offers = ["gzip", "identity", "text/html; charset=utf-8", "a/b"];
    for preferred in [
        accept::preferred_encoding(Some(text), &offers),
        accept::preferred_media(Some(text), &offers),
    ] {
        assert!(preferred.is_none_or(|at| at < offers.len()));
    }
}

fn queries(text: &str) {
    if let Some(decoded) = query::percent_decode(text) {
        let encoded = query::percent_encode(&decoded);
        assert_eq!(query::percent_decode(&encoded).as_deref(), Some(&*decoded));
    }
    let pairs = query::pairs(text).collect::<Vec<_>>();
    let encoded = query::encode(pairs.iter().map(|(name, value)| (name, value)));
    assert_eq!(query::pairs(&encoded).collect::<Vec<_>>(), pairs);
}

fn targets(text: &str) {
    if let Some(target) = Target::parse(text) {
        assert!(target.path().is_none_or(|path| path.starts_with('/')));
    }
    if let Some(safe) = safe_path(text) {
        assert!(!safe.starts_with('/') && !safe.contains(['\\', ':', '\0']));
        assert!(safe.is_empty() || safe.split('/').all(|name| !["", ".", ".."].contains(&name)));
    }
}

fn urls(text: &str) {
    let base = Url::parse("https://a.b/c/d?e").expect("it is one");
    for url in [Url::parse(text), base.join(text)].into_iter().flatten() {
        let asked = Target::parse(url.path_and_query());
        assert!(matches!(asked, Some(Target::Origin { .. })), "{url:?}");
        let whole = format!("http://{}/", url.authority());
        assert!(matches!(Target::parse(&whole), Some(Target::Absolute { .. })), "{url:?}");
        let shown = url.to_string();
        assert_eq!(Url::parse(&shown).expect("it is one").to_string(), shown);
    }
}

/// Nothing that is put into a value reaches out of it.
fn written(text: &str) {
    if let Ok(header) = Cookie::new("a", text).path(text).domain(text).header() {
        assert_eq!(header.split(';').count(), 5);
    }
    if let Ok(header) = Cookie::new("a", text).header() {
        assert_eq!(header.split(';').count(), 4);
        let (pair, _) = header.split_once(';').expect("there are attributes");
        assert_eq!(cookies(pair.as_bytes()).collect::<Vec<_>>(), [("a", text)]);
    }
    let event = Event::new(text).event(text).id(text).to_string();
    assert_eq!(event.matches("\n\n").count(), 1);
    assert!(!event.contains('\r'));
}
