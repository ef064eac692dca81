use std::time::Duration;

use proptest::prelude::*;

use super::super::cookie::{Cookie, SameSite, cookies};
use crate::error::ErrorKind;

fn seen(header: &[u8]) -> Vec<(&str, &str)> {
    cookies(header).collect()
}

#[test]
fn requests_bring_pairs() {
    for (header, pairs) in [
        (&b""[..], &[][..]),
        (b";", &[]),
        (b"a=b", &[("a", "b")]),
        (b"a=b; c=d", &[("a", "b"), ("c", "d")]),
        (b"a=b;c=d;", &[("a", "b"), ("c", "d")]),
        (b" a = b \t;\tc=d", &[("a", "b"), ("c", "d")]),
        (b"a=b==; c==", &[("a", "b=="), ("c", "=")]),
        (b"a=", &[("a", "")]),
        (b"a=\"b\"", &[("a", "\"b\"")]),
        (b"a=b c", &[("a", "b c")]),
        (b"a=1; a=2", &[("a", "1"), ("a", "2")]),
        (b"$Version=1; a=b", &[("$Version", "1"), ("a", "b")]),
        ("ü=é".as_bytes(), &[("ü", "é")]),
        // What is no pair is left out, and nothing else.
        (b"a; b=c", &[("b", "c")]),
        (b"=a; b=c", &[("b", "c")]),
        (b" =; b=c", &[("b", "c")]),
        (b"a=\xff; b=c; \xff=d", &[("b", "c")]),
    ] {
        assert_eq!(seen(header), pairs, "{}", header.escape_ascii());
    }
}

#[test]
fn attributes_are_written_out() {
    let cookie = || Cookie::new("a", "b");
    for (cookie, header) in [
        (cookie(), "a=b; Path=/; HttpOnly; SameSite=Lax"),
        (Cookie::new("a", ""), "a=; Path=/; HttpOnly; SameSite=Lax"),
        (Cookie::new("a", "\"b=c\""), "a=\"b=c\"; Path=/; HttpOnly; SameSite=Lax"),
        (cookie().path("/c d"), "a=b; Path=/c d; HttpOnly; SameSite=Lax"),
        (cookie().domain("c.example"), "a=b; Path=/; Domain=c.example; HttpOnly; SameSite=Lax"),
        (
            cookie().max_age(Duration::from_millis(1999)),
            "a=b; Path=/; Max-Age=1; HttpOnly; SameSite=Lax",
        ),
        (
            cookie().expires(784_111_777),
            "a=b; Path=/; Expires=Sun, 06 Nov 1994 08:49:37 GMT; HttpOnly; SameSite=Lax",
        ),
        (cookie().http_only(false), "a=b; Path=/; SameSite=Lax"),
        (cookie().secure(true), "a=b; Path=/; Secure; HttpOnly; SameSite=Lax"),
        (cookie().same_site(SameSite::Strict), "a=b; Path=/; HttpOnly; SameSite=Strict"),
        (
            cookie().same_site(SameSite::None).secure(true).partitioned(),
            "a=b; Path=/; Secure; HttpOnly; Partitioned; SameSite=None",
        ),
        (
            Cookie::removal("a"),
            "a=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax",
        ),
        (
            Cookie::new("__Host-a", "b").secure(true),
            "__Host-a=b; Path=/; Secure; HttpOnly; SameSite=Lax",
        ),
        (
            Cookie::new("__Secure-a", "b").secure(true).path("/c"),
            "__Secure-a=b; Path=/c; Secure; HttpOnly; SameSite=Lax",
        ),
    ] {
        assert_eq!(cookie.header().unwrap(), header);
        assert_eq!(cookie.to_string(), header);
    }
}

#[test]
fn what_is_malformed_is_not_set() {
    let cookie = || Cookie::new("a", "b");
    let value = |value: &str| Cookie::new("a", value);
    for (cookie, why) in [
        (Cookie::new("", "b"), "no token"),
        (Cookie::new("a b", "b"), "no token"),
        (Cookie::new("a=", "b"), "no token"),
        (Cookie::new("a;", "b"), "no token"),
        (Cookie::new("a\r\n", "b"), "no token"),
        (Cookie::new("ü", "b"), "no token"),
        (value("b c"), "its value"),
        (value("b;c"), "its value"),
        (value("b,c"), "its value"),
        (value("b\\c"), "its value"),
        (value("b\"c"), "its value"),
        (value("\""), "its value"),
        (value("\"b"), "its value"),
        (value("b\r\nSet-Cookie: c=d"), "its value"),
        (value("b\0"), "its value"),
        (value("b\x7f"), "its value"),
        (value("ü"), "its value"),
        (value(&"b".repeat(4096)), "over 4096"),
        (cookie().path(""), "its path"),
        (cookie().path("c"), "its path"),
        (cookie().path("/c; Domain=d"), "its path"),
        (cookie().path("/c\n"), "its path"),
        (cookie().path("/ü"), "its path"),
        (cookie().path("/c "), "its path"),
        (cookie().path(format!("/{}", "c".repeat(1024))), "over 1024"),
        (cookie().domain(""), "its domain"),
        (cookie().domain("."), "its domain"),
        (cookie().domain("c..d"), "its domain"),
        (cookie().domain("c d"), "its domain"),
        (cookie().domain("c;d"), "its domain"),
        (cookie().domain("c:80"), "its domain"),
        (cookie().domain("[::1]"), "its domain"),
        (cookie().domain("ü.example"), "its domain"),
        (cookie().domain("c\r\n"), "its domain"),
        (cookie().same_site(SameSite::None), "SameSite=None"),
        (cookie().partitioned(), "Partitioned"),
        (Cookie::new("__Secure-a", "b"), "for secure cookies"),
        (Cookie::new("__HOST-a", "b"), "for secure cookies"),
        (Cookie::new("__Host-a", "b").secure(true).path("/c"), "of a whole host"),
        (Cookie::new("__Host-a", "b").secure(true).domain("c"), "of a whole host"),
    ] {
        let error = cookie.header().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains(why), "{error}");
        let shown = cookie.to_string();
        assert!(shown.starts_with("<cannot set the cookie ") && !shown.contains(['\r', '\n']));
    }
}

#[test]
fn a_cookie_may_be_as_long_as_browsers_keep() {
    assert!(Cookie::new("a", "b".repeat(4095)).header().is_ok());
    assert!(Cookie::new("a", "b").path(format!("/{}", "c".repeat(1023))).header().is_ok());
    assert!(Cookie::new("a", "b").domain(".c.example").header().is_ok());
}

proptest! {
    #[test]
    fn what_is_set_comes_back(name in "[!#-+a-zA-Z._]{1,8}", value in "\"?[!#-+./0-:<-~=]{0,12}\"?") {
        if let Ok(header) = Cookie::new(&*name, &*value).header() {
            let (pair, _) = header.split_once("; ").unwrap();
            prop_assert_eq!(seen(pair.as_bytes()), [(&*name, &*value)]);
            let twice = format!("{pair}; {pair}");
            prop_assert_eq!(seen(twice.as_bytes()).len(), 2);
        }
    }

    /// Whatever is put into a cookie, its field has no more attributes than it should.
    #[test]
    fn nothing_is_injected(texts in prop::array::uniform4("([/a-c=]|[; \r\n\0\"]|\\PC){0,5}")) {
        let [name, value, path, domain] = &texts;
        let cookie = Cookie::new(name, value).path(path).domain(domain);
        if let Ok(header) = cookie.header() {
            prop_assert_eq!(header.split(';').count(), 5, "{}", header);
            prop_assert!(header.bytes().all(|byte| matches!(byte, b' '..=b'~')));
        }
    }

    #[test]
    fn any_bytes_are_looked_at(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        for (name, _) in cookies(&bytes) {
            prop_assert!(!name.is_empty() && !name.contains([';', '=']));
        }
    }
}
