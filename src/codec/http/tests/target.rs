use proptest::prelude::*;

use super::super::target::{Target, is_device, safe_path};

fn origin<'a>(path: &'a str, query: Option<&'a str>) -> Target<'a> {
    Target::Origin { path, query }
}

fn absolute<'a>(authority: &'a str, path: &'a str, query: Option<&'a str>) -> Target<'a> {
    Target::Absolute { scheme: "http", authority, path, query }
}

#[test]
fn forms_are_told_apart() {
    for (text, target) in [
        ("/", origin("/", None)),
        ("//evil.example/", origin("//evil.example/", None)),
        ("/a/b?c=d?e", origin("/a/b", Some("c=d?e"))),
        ("/?", origin("/", Some(""))),
        ("/a?u=http://b/", origin("/a", Some("u=http://b/"))),
        ("/%2e%2e/\"<>\\^`{|}", origin("/%2e%2e/\"<>\\^`{|}", None)),
        ("http://a.example", absolute("a.example", "/", None)),
        ("http://a.example?q", absolute("a.example", "/", Some("q"))),
        ("http://a.example:80/b?c", absolute("a.example:80", "/b", Some("c"))),
        ("http://a.example:/", absolute("a.example:", "/", None)),
        ("http://[::1]:8080/", absolute("[::1]:8080", "/", None)),
        ("http://[::1]", absolute("[::1]", "/", None)),
        ("http://a.example/b@c", absolute("a.example", "/b@c", None)),
        (
            "HTTPS://a/",
            Target::Absolute { scheme: "HTTPS", authority: "a", path: "/", query: None },
        ),
        ("a.example:443", Target::Authority("a.example:443")),
        ("192.0.2.1:65535", Target::Authority("192.0.2.1:65535")),
        ("[2001:db8::1]:1", Target::Authority("[2001:db8::1]:1")),
        ("*", Target::Asterisk),
    ] {
        assert_eq!(Target::parse(text), Some(target), "{text}");
    }
}

#[test]
fn what_is_no_target_is_refused() {
    for text in [
        "",
        "a",
        "a.example",
        "a/b",
        "**",
        "*/",
        "?a",
        "/a b",
        "/a\tb",
        "/a\r\nb",
        "/a\0",
        "/\x7f",
        "/ü",
        "/a#b",
        "http://a/#b",
        "://a/",
        "ftp://a/",
        "ws://a/",
        "file:///etc/passwd",
        "http:/a",
        "http:a",
        "http://",
        "http:///a",
        "http://:80/",
        "http://?q",
        "http://user@a/",
        "http://user:secret@a/",
        "http://a,b/",
        "http://a:b/",
        "http://a:80:80/",
        "http://a:65536/",
        "http://a:+80/",
        "http://[::1/",
        "http://[::1]a/",
        "http://[::1]]/",
        "http://[]/",
        "http://[fe80::1%25eth0]/",
        "http://::1/",
        "http://a\\b/",
        "http://a\"/",
        "a:",
        ":80",
        "a:b",
        "a:99999",
        "a:-1",
        "a:80/",
        "user@a:80",
        "[::1]",
        "[::1]:",
        "[::1]80",
        "::1:80",
    ] {
        assert_eq!(Target::parse(text), None, "{text}");
    }
}

#[test]
fn paths_and_queries_are_found_in_both_forms() {
    for text in ["/a?b", "http://c/a?b"] {
        let target = Target::parse(text).unwrap();
        assert_eq!((target.path(), target.query()), (Some("/a"), Some("b")));
    }
    for target in [Target::Asterisk, Target::Authority("a:1")] {
        assert_eq!((target.path(), target.query()), (None, None));
    }
}

#[test]
fn files_are_found_below_their_folder() {
    for (path, safe) in [
        ("", ""),
        ("/", ""),
        ("//", ""),
        ("/a", "a"),
        ("a", "a"),
        ("/a/", "a"),
        ("/%61", "a"),
        ("/a+b", "a+b"),
        ("/a%20b", "a b"),
        ("/%C3%BC", "ü"),
        ("/ü", "ü"),
        ("/.hidden", ".hidden"),
        ("/..hidden", "..hidden"),
        ("/a..b", "a..b"),
        ("/a.tar.gz", "a.tar.gz"),
        ("/%252e%252e/a", "%2e%2e/a"),
        ("/~root", "~root"),
        ("/ a", " a"),
    ] {
        assert_eq!(safe_path(path).as_deref(), Some(safe), "{path}");
    }
}

/// Who has looked at the path's beginning, a route say, has seen another one.
#[test]
fn a_file_has_one_path() {
    for path in
        ["///", "/.", "/./", "/./a", "/a/.", "//a", "/a//", "/a//b", "//a///b", "/%2e/a", "a/./b"]
    {
        assert_eq!(safe_path(path), None, "{path}");
    }
}

#[test]
fn ways_out_of_the_folder_are_refused() {
    for path in [
        "..",
        "/..",
        "/../",
        "/a/..",
        "/a/../b",
        "/a/../../b",
        "/%2e%2e/a",
        "/.%2e/a",
        "/%2E./a",
        "/..%2fa",
        "/..%2Fa",
        "/a%2f..%2fb",
        "/a%2fb",
        "/..%5ca",
        "/..\\a",
        "/a\\b",
        "\\\\host\\share",
        "/...",
        "/....",
        "/.. ",
        "/..%20",
        "/.%20.",
        "/a.",
        "/a%20",
        "/%00",
        "/a%00.html",
        "/a\0",
        "/a%0d%0ab",
        "/a\x1b",
        "/a%7f",
        "/a%c2%85",
        "/C:",
        "/C:/Windows",
        "/c%3a/a",
        "C:a",
        "/a.txt::$DATA",
        "/%",
        "/%2",
        "/%zz",
        "/%ff",
        "/%c0%ae%c0%ae/a",
        "/%e0%80%ae",
    ] {
        assert_eq!(safe_path(path), None, "{path}");
    }
}

#[test]
fn paths_have_a_length() {
    let segment = |length: usize| format!("/{}", "a".repeat(length));
    assert!(safe_path(&segment(255)).is_some());
    assert_eq!(safe_path(&segment(256)), None);
    // Encoded it may be longer.
    assert!(safe_path(&format!("/{}", "%61".repeat(255))).is_some());
    assert!(safe_path(&segment(127).repeat(32)).is_some());
    assert_eq!(safe_path(&format!("{}/", segment(127).repeat(32))), None);
}

#[test]
fn names_of_devices_are_known() {
    for name in ["con", "NUL", "nul.txt", "Aux.tar.gz", "COM1", "lpt9.a", "com¹", "prn ", "CONIN$"]
    {
        assert!(is_device(name), "{name}");
        assert_eq!(safe_path(name).is_none(), cfg!(windows) || name.ends_with(' '));
    }
    for name in ["", ".con", "console", "com", "com10", "comx", "a.nul", "lpt", "null"] {
        assert!(!is_device(name), "{name}");
    }
}

proptest! {
    #[test]
    fn no_path_leads_out(path in "([/.%2ef5c\\\\: a-z]|%2e|%2f|\\.\\./|\\PC){0,24}") {
        if let Some(safe) = safe_path(&path) {
            prop_assert!(!safe.starts_with('/') && !safe.contains(['\\', ':', '\0']));
            let mut names = safe.split('/');
            prop_assert!(safe.is_empty() || names.all(|name| !matches!(name, "" | "." | "..")));
            // What is decoded is not looked at as if it were encoded.
            if !safe.contains('%') {
                prop_assert_eq!(safe_path(&safe), Some(safe));
            }
        }
    }

    #[test]
    fn the_parts_of_a_target_are_the_target(text in "(https?://|/|\\*)?[!-~]{0,20}") {
        match Target::parse(&text) {
            Some(Target::Origin { path, query }) => {
                prop_assert_eq!(join(path, query), text);
            }
            Some(Target::Absolute { scheme, authority, path, query }) => {
                let whole = format!("{scheme}://{authority}{}", join(path, query));
                let rootless = format!("{scheme}://{authority}{}", &join(path, query)[1..]);
                prop_assert!(text == whole || text == rootless);
            }
            Some(Target::Authority(authority)) => prop_assert_eq!(authority, &*text),
            Some(Target::Asterisk) => prop_assert_eq!("*", &*text),
            None => {}
        }
    }
}

fn join(path: &str, query: Option<&str>) -> String {
    query.map_or_else(|| path.into(), |query| format!("{path}?{query}"))
}
