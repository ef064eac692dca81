use proptest::prelude::*;

use super::super::accept::{preferred_encoding, preferred_media};

#[test]
fn encodings_are_chosen_by_quality_then_by_the_servers_order() {
    for (header, chosen) in [
        ("br, gzip", Some("br")),
        ("gzip, br", Some("br")),
        ("gzip", Some("gzip")),
        ("GZip", Some("gzip")),
        ("x-gzip", Some("gzip")),
        ("gzip;q=1.0, br;q=0.999", Some("gzip")),
        ("gzip ; q=0.5 , br\t;\tq=0.4", Some("gzip")),
        ("gzip;Q=0.001", Some("gzip")),
        ("gzip;q=0", Some("identity")),
        ("gzip;q=0.000, br;q=0.", Some("identity")),
        ("deflate", Some("identity")),
        ("", Some("identity")),
        ("identity", Some("identity")),
        ("identity;q=0.5, gzip;q=0.4", Some("identity")),
        ("identity;q=0.4, gzip;q=0.4", Some("gzip")),
        ("*", Some("br")),
        ("*;q=0.5, br;q=0.1", Some("gzip")),
        ("*;q=0, br;q=0.1", Some("br")),
        ("*;q=0, identity;q=0.1", Some("identity")),
        ("gzip, *;q=0", Some("gzip")),
        ("*;q=0", None),
        ("identity;q=0", None),
        ("identity;q=0, zstd", None),
        ("br;q=0, gzip;q=0, identity;q=0", None),
        ("gzip;q=0, gzip;q=0.5", Some("gzip")),
        // What is malformed has not been said.
        ("gzip;q=2", Some("identity")),
        ("gzip;q=1.001", Some("identity")),
        ("gzip;q=0.1234", Some("identity")),
        ("gzip;q=-1", Some("identity")),
        ("gzip;q=+1", Some("identity")),
        ("gzip;q=.5", Some("identity")),
        ("gzip;q=", Some("identity")),
        ("gzip;q", Some("identity")),
        ("gzip;", Some("identity")),
        ("gzip;level=1", Some("identity")),
        ("gzip;q=1;q=1", Some("identity")),
        ("gzip br", Some("identity")),
        ("gzip;q=nan, br;q=0.1", Some("br")),
        (",,;,=,", Some("identity")),
    ] {
        let offers = ["br", "gzip", "identity"];
        let seen = preferred_encoding(Some(header), &offers).map(|at| offers[at]);
        assert_eq!(seen, chosen, "{header}");
    }
}

#[test]
fn without_a_field_a_body_is_left_as_it_is() {
    assert_eq!(preferred_encoding(None, &["br", "identity"]), Some(1));
    assert_eq!(preferred_encoding(None, &["br", "gzip"]), Some(0));
    assert_eq!(preferred_encoding(None, &[]), None);
    assert_eq!(preferred_encoding(Some("gzip"), &["br"]), None);
}

#[test]
fn types_are_chosen_by_the_closest_range() {
    for (header, chosen) in [
        ("text/html", Some("text/html; charset=utf-8")),
        ("TEXT/Html", Some("text/html; charset=utf-8")),
        ("*/*", Some("application/json")),
        ("text/*", Some("text/plain")),
        ("text/html, */*;q=0.8", Some("text/html; charset=utf-8")),
        ("text/*;q=0.9, text/plain;q=0.1", Some("text/html; charset=utf-8")),
        ("*/*, application/json;q=0", Some("text/plain")),
        ("*/*;q=0, text/plain;q=0.1", Some("text/plain")),
        ("text/html;charset=utf-8", Some("text/html; charset=utf-8")),
        ("text/html;charset=\"UTF-8\";q=0.5", Some("text/html; charset=utf-8")),
        ("text/html;charset=utf-8;q=0.1, text/html, text/plain;q=0.5", Some("text/plain")),
        ("text/html;level=1", None),
        ("text/html;level=1, text/plain;q=0.1", Some("text/plain")),
        ("text/plain;q=0.5;ext=\"a,b\", text/html;q=0.4", Some("text/plain")),
        ("text/plain;a=\"b,text/html,c\", application/json;q=0.1", Some("application/json")),
        ("image/png", None),
        ("image/*;q=1", None),
        ("*/*;q=0", None),
        // What is malformed has not been said.
        ("", Some("application/json")),
        ("text", Some("application/json")),
        ("text/", Some("application/json")),
        ("/html", Some("application/json")),
        ("*/html", Some("application/json")),
        ("text/html;q=5", Some("application/json")),
        ("text/html;q=5, text/plain", Some("text/plain")),
        ("*", Some("application/json")),
    ] {
        let offers = ["application/json", "text/plain", "text/html; charset=utf-8"];
        let seen = preferred_media(Some(header), &offers).map(|at| offers[at]);
        assert_eq!(seen, chosen, "{header}");
    }
    assert_eq!(preferred_media(None, &["a/b", "c/d"]), Some(0));
    assert_eq!(preferred_media(None, &[]), None);
    assert_eq!(preferred_media(Some("*/*"), &["no type", "a/b"]), Some(1));
}

proptest! {
    #[test]
    fn any_text_is_looked_at(text in "([a-c*]{1,2}/?[a-c*]{0,2}|[;, q=\"01.\\\\ü]){0,12}") {
        let offers = ["a", "b/c", "a/b;c=1"];
        prop_assert!(preferred_encoding(Some(&text), &offers).is_none_or(|at| at < offers.len()));
        prop_assert!(preferred_media(Some(&text), &offers).is_none_or(|at| at < offers.len()));
    }
}
