use proptest::prelude::*;

use super::super::target::Target;
use super::super::url::Url;
use crate::error::ErrorKind;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

#[test]
fn urls_are_made_canonical() {
    for (text, shown) in [
        ("http://a.example", "http://a.example/"),
        ("HTTP://A.Example:80/", "http://a.example/"),
        ("https://a.example:443/b", "https://a.example/b"),
        ("http://a.example:8080?c", "http://a.example:8080/?c"),
        ("http://a.example:/", "http://a.example/"),
        ("http://a.example/b c/ü?d e=ü#f", "http://a.example/b%20c/%C3%BC?d%20e=%C3%BC"),
        ("http://a.example/b/../c/./%2e%2e/d", "http://a.example/d"),
        ("http://ü.example/", "http://xn--tda.example/"),
        ("http://[::1]:80/", "http://[::1]/"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http://user:secret@a.example/", "http://a.example/"),
        ("  http://a.example/\r\n", "http://a.example/"),
        ("http://a.example/\r\nb", "http://a.example/b"),
        ("http:a.example", "http://a.example/"),
        ("unix:/run/a.sock", "unix:/run/a.sock:/"),
        ("unix:/run/a.sock:/b/../c?d#e", "unix:/run/a.sock:/c?d"),
        ("unix:a.sock:/b", "unix:a.sock:/b"),
        ("unix:@a:/b c", "unix:@a:/b%20c"),
        ("unix:/run/a:b.sock:/c?u=http://d", "unix:/run/a:b.sock:/c?u=http://d"),
        ("memory:a:/b", "memory:a:/b"),
    ] {
        assert_eq!(url(text).to_string(), shown, "{text}");
        assert_eq!(url(shown).to_string(), shown);
        assert_eq!(format!("{:?}", url(text)), format!("Url({shown})"));
        assert_eq!(text.parse::<Url>().unwrap(), url(text));
    }
}

#[test]
fn parts_are_told() {
    for (text, address, authority, host, port, tls) in [
        ("http://a/b", "a:80", "a", Some("a"), Some(80), false),
        ("https://a/", "a:443", "a", Some("a"), Some(443), true),
        ("http://a:443/", "a:443", "a:443", Some("a"), Some(443), false),
        ("https://user@[::1]:8443/", "[::1]:8443", "[::1]:8443", Some("::1"), Some(8443), true),
        ("http://192.0.2.1/", "192.0.2.1:80", "192.0.2.1", Some("192.0.2.1"), Some(80), false),
        ("unix:/a.sock:/b", "unix:/a.sock", "localhost", None, None, false),
        ("memory:a", "memory:a", "localhost", None, None, false),
    ] {
        let url = url(text);
        assert_eq!((&*url.address(), url.authority()), (address, authority), "{text}");
        assert_eq!((url.host(), url.port(), url.is_tls()), (host, port, tls), "{text}");
    }
    assert_eq!(url("http://a/b?c").path(), "/b");
    assert_eq!(url("http://a/b?c").path_and_query(), "/b?c");
}

#[test]
fn users_are_told_apart_from_the_rest() {
    for (text, userinfo) in [
        ("http://a/", None),
        ("http://@a/", None),
        ("http://b@a/", Some(("b", ""))),
        ("http://b:c@a/", Some(("b", "c"))),
        ("http://:c@a/", Some(("", "c"))),
        ("http://b:c:d%40@a/", Some(("b", "c%3Ad%40"))),
        ("unix:/b:c@d.sock:/", None),
    ] {
        assert_eq!(url(text).userinfo(), userinfo, "{text}");
    }
}

#[test]
fn what_cannot_be_asked_for_is_refused() {
    for (text, why) in [
        ("", "no scheme"),
        ("a.example", "no scheme"),
        ("/a", "no scheme"),
        ("ftp://a/", "neither http nor https"),
        ("file:///etc/passwd", "neither http nor https"),
        ("localhost:80", "neither http nor https"),
        ("javascript:alert(1)", "neither http nor https"),
        ("http://", "no host"),
        ("http:///", "no host"),
        ("http://:80/", "no host"),
        ("http://a:b/", "port is none"),
        ("http://a:65536/", "port is none"),
        ("http://a:-1/", "port is none"),
        ("http://[::1/", "IPv6"),
        ("http://[g]/", "IPv6"),
        ("http://1.2.3.256/", "IPv4"),
        ("http://a b/", "character"),
        ("http://a%00/", "character"),
        ("http://a<b/", "character"),
        ("http://a`/", "character"),
        ("http://a,b/", "character"),
        ("http://a\"/", "character"),
        ("unix:", "no socket"),
        ("unix::/a", "no socket"),
        ("memory:", "no socket"),
        ("unix:/a\r\n:/b", "control character"),
    ] {
        let error = Url::parse(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressInvalid, "{text}");
        assert!(error.to_string().starts_with("cannot use the URL "), "{error}");
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[test]
fn no_password_is_shown() {
    for text in [
        "http://user:secret@a:b/",
        "http://user:secret@/",
        "http://user:sec@secret@a:b/",
        "ftp://user:secret@a/",
        "//user:secret@a/",
        "user:secret@a",
    ] {
        let error = Url::parse(text).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
    let shown = url("http://user:secret@a/");
    assert!(!format!("{shown} {shown:?} {}", shown.origin()).contains("secret"));
}

#[test]
fn redirects_are_joined() {
    for (from, location, to) in [
        ("http://a/b/c?d", "", "http://a/b/c?d"),
        ("http://a/b/c?d", "e", "http://a/b/e"),
        ("http://a/b/c?d", "../../../e", "http://a/e"),
        ("http://a/b/c?d", "/e#f", "http://a/e"),
        ("http://a/b/c?d", "?e", "http://a/b/c?e"),
        ("http://a/b/c?d", "//e", "http://e/"),
        ("http://a/b/c?d", "https://a/", "https://a/"),
        ("https://a/", "http://a/", "http://a/"),
        ("http://a/", "/b c\u{fc}", "http://a/b%20c%C3%BC"),
        ("http://a:8080/", "/b", "http://a:8080/b"),
        ("unix:/a.sock:/b/c", "d?e", "unix:/a.sock:/b/d?e"),
        ("unix:/a.sock:/b/c", "/d", "unix:/a.sock:/d"),
        ("unix:/a.sock:/b/c", "http://localhost/d", "unix:/a.sock:/d"),
        ("unix:/a.sock:/b/c", "http://localhost:80/d", "unix:/a.sock:/d"),
        ("unix:/a.sock:/b/c", "http://localhost:8080/d", "http://localhost:8080/d"),
        ("unix:/a.sock:/b/c", "https://localhost/d", "https://localhost/d"),
        ("unix:/a.sock:/b/c", "http://d/", "http://d/"),
        ("http://localhost/", "/b", "http://localhost/b"),
    ] {
        assert_eq!(url(from).join(location).unwrap().to_string(), to, "{from} -> {location}");
    }
    // Credentials stay with the origin they were given for.
    assert_eq!(url("http://b:c@a/").join("/d").unwrap().userinfo(), Some(("b", "c")));
    assert_eq!(url("http://b:c@a/").join("http://d/").unwrap().userinfo(), None);
    assert_eq!(url("http://b:c@a/").join("//d/").unwrap().userinfo(), None);
}

#[test]
fn nobody_redirects_elsewhere_than_to_hosts() {
    for location in [
        "unix:/run/docker.sock:/",
        "memory:a:/",
        "file:///etc/passwd",
        "ftp://a/",
        "javascript:alert(1)",
        "data:,a",
        "http://",
        "http://user:secret@a:b/",
    ] {
        for from in ["http://a/", "unix:/a.sock:/"] {
            let error = url(from).join(location).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AddressInvalid, "{location}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}

#[test]
fn origins_are_scheme_host_and_port() {
    for (one, other, same) in [
        ("http://a/", "http://A:80/b?c", true),
        ("http://a/", "http://user:secret@a/", true),
        ("http://a/", "https://a/", false),
        ("http://a/", "http://a:8080/", false),
        ("http://a/", "http://b/", false),
        ("http://a/", "http://b.a/", false),
        ("unix:/a:/b", "unix:/a:/c", true),
        ("unix:/a:/b", "unix:/b:/b", false),
        ("unix:/a", "memory:a", false),
        ("unix:/a", "http://localhost/", false),
    ] {
        let (one, other) = (url(one), url(other));
        assert_eq!((one.is_same_origin(&other), one.origin() == other.origin()), (same, same));
    }
}

proptest! {
    /// Whatever it is made from, what is sent of it is what a request's head may have.
    #[test]
    fn nothing_is_injected(
        base in "(https?://|unix:|memory:)[a-c\u{fc}]{1,3}(:/)?([a-z/.?#% \r\n\0\u{fc}\"<>@:]|\\PC){0,16}",
        location in "(https?:|/|//)?([a-z/.?#% \r\n\0\u{fc}\"<>@:]|\\PC){0,16}",
    ) {
        for url in Url::parse(&base).iter().flat_map(|url| [Some(url.clone()), url.join(&location).ok()]).flatten() {
            let sent = url.path_and_query();
            prop_assert!(matches!(Target::parse(sent), Some(Target::Origin { .. })), "{}", sent);
            let whole = format!("http://{}/", url.authority());
            prop_assert!(matches!(Target::parse(&whole), Some(Target::Absolute { .. })), "{}", whole);
            prop_assert_eq!(Url::parse(&url.to_string()).unwrap().to_string(), url.to_string());
        }
    }
}
