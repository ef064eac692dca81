use proptest::prelude::*;

use super::super::jar::CookieJar;
use super::super::url::Url;

const NOW: u64 = 1_700_000_000;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// A jar with what `from` has set.
fn jar(from: &str, set: &[&str]) -> CookieJar {
    let mut jar = CookieJar::new();
    for field in set {
        jar.store(field.as_bytes(), &url(from), NOW);
    }
    jar
}

fn sent(jar: &mut CookieJar, to: &str) -> String {
    jar.header(&url(to), NOW).unwrap_or_default()
}

#[test]
fn cookies_go_where_they_are_for() {
    for (from, set, to, goes) in [
        ("http://a.example/", "a=b", "http://a.example/", true),
        ("http://a.example/", "a=b", "https://a.example:8443/c", true),
        ("http://a.example/", "a=b", "http://c.a.example/", false),
        ("http://a.example/", "a=b", "http://example/", false),
        ("http://a.example/", "a=b; Domain=a.example", "http://c.a.example/", true),
        ("http://a.example/", "a=b; Domain=.A.Example", "http://c.d.a.example/", true),
        ("http://c.a.example/", "a=b; Domain=a.example", "http://a.example/", true),
        ("http://c.a.example/", "a=b; Domain=a.example", "http://d.a.example/", true),
        ("http://a.example/", "a=b; Domain=a.example", "http://ca.example/", false),
        ("http://a.example/", "a=b; Domain=", "http://a.example/", true),
        ("http://a.example/", "a=b; Domain=", "http://c.a.example/", false),
        ("http://a.example/", "a=b; Domain=c.example; Domain=a.example", "http://a.example/", true),
        // Domains that are not for who sets it to claim.
        ("http://a.example/", "a=b; Domain=c.example", "http://a.example/", false),
        ("http://a.example/", "a=b; Domain=c.a.example", "http://a.example/", false),
        ("http://a.example/", "a=b; Domain=example", "http://a.example/", false),
        ("http://a.example/", "a=b; Domain=.example", "http://a.example/", false),
        ("http://a.example./", "a=b; Domain=example.", "http://a.example./", false),
        ("http://ca.example/", "a=b; Domain=a.example", "http://a.example/", false),
        ("http://a.example/", "a=b; Domain=le", "http://a.example/", false),
        ("http://localhost/", "a=b; Domain=localhost", "http://localhost/", true),
        ("http://localhost/", "a=b; Domain=localhost", "http://a.localhost/", false),
        ("http://192.0.2.1/", "a=b", "http://192.0.2.1/", true),
        ("http://192.0.2.1/", "a=b; Domain=192.0.2.1", "http://192.0.2.1/", true),
        ("http://192.0.2.1/", "a=b; Domain=2.1", "http://192.0.2.1/", false),
        ("http://[::1]/", "a=b", "http://[::1]:8080/", true),
        // Sockets have their own.
        ("unix:/a.sock:/", "a=b; Secure", "unix:/a.sock:/c", true),
        ("unix:/a.sock:/", "a=b; Domain=localhost", "unix:/a.sock:/", true),
        ("unix:/a.sock:/", "a=b", "unix:/c.sock:/", false),
        ("unix:/a.sock:/", "a=b", "http://localhost/", false),
        ("http://localhost/", "a=b", "unix:/a.sock:/", false),
        ("http://a.example/", "a=b; Domain=a.example", "unix:/c.a.example:/", false),
        // Paths.
        ("http://a/", "a=b; Path=/c", "http://a/c", true),
        ("http://a/", "a=b; Path=/c", "http://a/c/d", true),
        ("http://a/", "a=b; Path=/c/", "http://a/c/d", true),
        ("http://a/", "a=b; Path=/c", "http://a/c?d", true),
        ("http://a/", "a=b; Path=/c/", "http://a/c", false),
        ("http://a/", "a=b; Path=/c", "http://a/cd", false),
        ("http://a/", "a=b; Path=/c", "http://a/", false),
        ("http://a/c/d", "a=b", "http://a/c/e", true),
        ("http://a/c/d", "a=b", "http://a/c", true),
        ("http://a/c/d", "a=b", "http://a/", false),
        ("http://a/c/d", "a=b; Path=e", "http://a/c/", true),
        ("http://a/c/d", "a=b; Path=", "http://a/", false),
        ("http://a/c", "a=b", "http://a/", true),
        // TLS.
        ("https://a/", "a=b; Secure", "https://a/", true),
        ("https://a/", "a=b; secure=no", "http://a/", false),
        ("http://a/", "a=b; Secure", "https://a/", false),
        ("https://a/", "a=b", "http://a/", true),
        // Names that promise something.
        ("https://a/", "__Secure-a=b; Secure", "https://a/", true),
        ("https://a/", "__Secure-a=b", "https://a/", false),
        ("https://a/", "__Host-a=b; Secure; Path=/", "https://a/", true),
        ("https://a/", "__host-a=b; Secure", "https://a/", false),
        ("https://a/", "__Host-a=b; Path=/", "https://a/", false),
        ("https://a/", "__Host-a=b; Secure; Path=/c", "https://a/c", false),
        ("https://a.c/", "__Host-a=b; Secure; Path=/; Domain=a.c", "https://a.c/", false),
    ] {
        let mut jar = jar(from, &[set]);
        assert_eq!(!sent(&mut jar, to).is_empty(), goes, "{from}: {set} -> {to}");
    }
}

#[test]
fn fields_are_read_as_browsers_do() {
    for (set, pair) in [
        ("a=b", "a=b"),
        (" a = b c ; d", "a=b c"),
        ("a=b=c", "a=b=c"),
        ("a=", "a="),
        ("a=\"b\"", "a=\"b\""),
        ("a=b; ; =; x=y; HttpOnly; SameSite=None", "a=b"),
        ("a=\u{fc}", "a=\u{fc}"),
        ("a=b; Max-Age=1", "a=b"),
        ("a=b; Max-Age=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a=b"),
        ("a=b; Max-Age=99999999999999999999999", "a=b"),
        ("a=b; Max-Age=x; Max-Age=; Max-Age=+0", "a=b"),
        ("a=b; Expires=tomorrow", "a=b"),
        ("a=b; Expires=Fri, 31 Dec 9999 23:59:59 GMT", "a=b"),
        ("", ""),
        ("a", ""),
        ("=b", ""),
        (" =b", ""),
        (";a=b", ""),
        ("a=b\r\nc", ""),
        ("a=b\0", ""),
        ("a=b; Path=/\n", ""),
        ("a=b; Max-Age=0", ""),
        ("a=b; Max-Age=-1", ""),
        ("a=b; Max-Age=0; Expires=Fri, 31 Dec 9999 23:59:59 GMT", ""),
        ("a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT", ""),
        ("a=b; Expires=Sun, 06-Nov-94 08:49:37 GMT", ""),
    ] {
        assert_eq!(sent(&mut jar("http://a/", &[set]), "http://a/"), pair, "{set:?}");
    }
    assert!(!CookieJar::new().store(b"a=\xff", &url("http://a/"), NOW));
}

#[test]
fn what_is_too_long_is_not_kept() {
    let long = |length: usize| format!("a={}", "b".repeat(length));
    assert_eq!(jar("http://a/", &[&long(4095)]).len(), 1);
    assert_eq!(jar("http://a/", &[&long(4096)]).len(), 0);
    let path = |length: usize| format!("a=b; Path=/{}", "c".repeat(length));
    assert_eq!(sent(&mut jar("http://a/", &[&path(1023)]), "http://a/"), "");
    assert_eq!(sent(&mut jar("http://a/", &[&path(1024)]), "http://a/"), "a=b");
}

#[test]
fn longer_paths_come_first_then_older_cookies() {
    let set = ["a=1", "b=1; Path=/c/d", "c=1; Path=/c", "d=1", "e=1; Path=/c/d", "a=2"];
    let mut jar = jar("http://a/", &set);
    assert_eq!(sent(&mut jar, "http://a/c/d"), "b=1; e=1; c=1; a=2; d=1");
    assert_eq!(jar.len(), 5);
}

#[test]
fn cookies_are_replaced_and_removed() {
    let mut jar = jar("http://a.b/", &["a=1", "a=2; Domain=a.b", "a=3; Path=/c", "a=4", "A=5"]);
    assert_eq!(sent(&mut jar, "http://a.b/c"), "a=3; a=4; a=2; A=5");
    assert!(!jar.store(b"a=; Max-Age=0", &url("http://a.b/"), NOW));
    assert!(!jar.store(b"a=; Max-Age=0; Path=/c", &url("http://a.b/"), NOW));
    assert_eq!(sent(&mut jar, "http://a.b/c"), "a=2; A=5");
    jar.clear();
    assert!(jar.is_empty() && sent(&mut jar, "http://a.b/").is_empty());
}

#[test]
fn cookies_end() {
    let mut jar = jar("http://a/", &["a=b; Max-Age=10", "c=d", "e=f; Max-Age=99999999"]);
    let mut at = |now| jar.header(&url("http://a/"), now).unwrap_or_default();
    assert_eq!(at(NOW + 9), "a=b; c=d; e=f");
    assert_eq!(at(NOW + 10), "c=d; e=f");
    // None lasts for longer than 400 days.
    assert_eq!(at(NOW + 400 * 86_400 - 1), "c=d; e=f");
    assert_eq!(at(NOW + 400 * 86_400), "c=d");
    assert_eq!(at(u64::MAX), "c=d");
    assert_eq!(at(0), "a=b; c=d; e=f");
}

#[test]
fn no_one_between_hides_what_came_over_tls() {
    let set = ["a=1; Secure; Path=/b; Domain=c.d", "e=1; Path=/b"];
    for (from, over, kept) in [
        ("http://c.d/", "a=2; Path=/b", false),
        ("http://c.d/", "a=2; Path=/b/f", false),
        ("http://c.d/", "a=2; Path=/b; Domain=c.d", false),
        ("http://g.c.d/", "a=2; Path=/b", false),
        ("http://g.c.d/", "a=; Path=/b; Domain=c.d; Max-Age=0", false),
        ("http://c.d/", "a=2; Path=/", true),
        ("http://c.d/", "e=2; Path=/b", true),
        ("http://h.d/", "a=2; Path=/b", true),
        ("https://c.d/", "a=2; Path=/b; Domain=c.d", true),
    ] {
        let mut jar = jar("https://c.d/", &set);
        assert_eq!(jar.store(over.as_bytes(), &url(from), NOW), kept, "{from}: {over}");
        if !kept {
            assert_eq!(sent(&mut jar, "https://c.d/b"), "a=1; e=1");
        }
    }
    // Nor for what is below.
    let mut jar = jar("https://g.c.d/", &["a=1; Secure"]);
    assert!(!jar.store(b"a=2; Domain=c.d", &url("http://c.d/"), NOW));
}

#[test]
fn a_domain_has_fifty_cookies() {
    let mut jar =
        jar("http://a/", &["ended=1; Max-Age=1; Path=/x", "old=1; Path=/x", "used=1; Path=/y"]);
    let from = url("http://a/");
    for number in 0..47 {
        assert!(jar.store(format!("n{number}=1").as_bytes(), &from, NOW));
    }
    assert_eq!(jar.len(), 50);
    // Those that have ended go first.
    assert!(jar.store(b"m0=1", &from, NOW + 1));
    assert_eq!((jar.len(), sent(&mut jar, "http://a/y").contains("used=1")), (50, true));
    // Then those that were not used for the longest time.
    assert!(jar.store(b"m1=1", &from, NOW + 1));
    assert_eq!(jar.len(), 50);
    assert!(!sent(&mut jar, "http://a/x").contains("old"));
    assert!(sent(&mut jar, "http://a/y").contains("used"));
    // Another domain's stay.
    assert!(jar.store(b"a=1", &url("http://b/"), NOW + 1));
    assert_eq!(jar.len(), 51);
}

#[test]
fn a_jar_has_three_thousand_cookies() {
    let mut jar = CookieJar::new();
    for number in 0..3000 {
        let from = url(&format!("http://h{}/", number / 50));
        assert!(jar.store(format!("n{number}=1").as_bytes(), &from, NOW));
    }
    assert_eq!(jar.len(), 3000);
    assert!(sent(&mut jar, "http://h0/").starts_with("n0=1; "));
    assert!(jar.store(b"a=b", &url("http://a/"), NOW));
    assert_eq!(jar.len(), 3000);
    assert!(sent(&mut jar, "http://h0/").starts_with("n0=1; "));
    assert!(sent(&mut jar, "http://h1/").starts_with("n51=1; "));
}

#[test]
fn values_are_not_shown() {
    let jar = jar("http://a/", &["a=secret", "b=secret"]);
    assert_eq!(format!("{jar:?}"), r#"{"a": ["a", "b"]}"#);
}

proptest! {
    /// Whatever servers set, a request's field has nothing in it that ends it, and counts are right.
    #[test]
    fn nothing_is_injected(
        fields in prop::collection::vec(
            (
                "(a=b|\\PC{0,6})\
                 (;[ ]?(Domain|Path|Max-Age|Expires|Secure|x)=?[a-c./0-9-]{0,4}|\\PC){0,4}",
                0..4usize,
            ),
            0..12,
        ),
    ) {
        let urls = ["http://a.b/", "https://c.a.b/c/d", "unix:/a:/", "http://192.0.2.1/"].map(url);
        let mut jar = CookieJar::new();
        for (field, from) in &fields {
            jar.store(field.as_bytes(), &urls[*from], NOW);
        }
        prop_assert!(jar.len() <= fields.len());
        for url in &urls {
            if let Some(header) = jar.header(url, NOW) {
                prop_assert!(!header.contains(|c: char| c.is_ascii_control() && c != '\t'));
                prop_assert!(header.split("; ").count() <= jar.len());
            }
        }
    }
}
