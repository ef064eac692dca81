use std::borrow::Cow;

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::query::{encode, pairs, percent_decode, percent_encode, value};

#[test]
fn what_is_malformed_is_not_decoded() {
    for text in [
        "%",
        "%2",
        "a%",
        "a%2",
        "%%",
        "%%20",
        "%2g",
        "%g2",
        "% 2",
        "%+2",
        "%-1",
        "%0x20",
        "%u0041",
        "%ff",
        "%c3",
        "%c3%28",
        "%ed%a0%80",
        "%f8%88%80%80%80",
        "%c0%af",
        "ü%c3",
        "%é",
        "%2é",
    ] {
        assert_eq!(percent_decode(text), None, "{text}");
    }
}

#[test]
fn decoding_happens_once() {
    for (text, decoded) in [
        ("", ""),
        ("+", "+"),
        ("ü", "ü"),
        ("ü%C3%bc", "üü"),
        ("%2e%2E%2f", "../"),
        ("%252e", "%2e"),
        ("%00", "\0"),
        ("%25", "%"),
        ("%f0%9f%90%9f", "🐟"),
    ] {
        assert_eq!(percent_decode(text).as_deref(), Some(decoded));
    }
    assert!(matches!(percent_decode("plain"), Some(Cow::Borrowed("plain"))));
}

#[test]
fn every_text_has_pairs() {
    for (text, expected) in [
        ("", &[][..]),
        ("&", &[]),
        ("&&&", &[]),
        ("=", &[("", "")]),
        ("a", &[("a", "")]),
        ("=a", &[("", "a")]),
        ("a=b=c", &[("a", "b=c")]),
        ("a+b=c+d", &[("a b", "c d")]),
        ("a%2Bb=%26%3D", &[("a+b", "&=")]),
        ("a=%", &[("a", "%")]),
        ("a=%zz", &[("a", "%zz")]),
        ("a=%ff", &[("a", "\u{fffd}")]),
        ("a=1&a=2", &[("a", "1"), ("a", "2")]),
        ("a=1;b=2", &[("a", "1;b=2")]),
        ("ü=é", &[("ü", "é")]),
    ] {
        let seen = pairs(text).collect::<Vec<_>>();
        let expected = expected.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        assert_eq!(seen, expected.collect::<Vec<_>>(), "{text}");
    }
}

#[test]
fn the_first_pair_of_a_name_counts() {
    assert_eq!(value("a=1&b+c=%32&a=3", "b c").as_deref(), Some("2"));
    assert_eq!(value("a=1&b=2&a=3", "a").as_deref(), Some("1"));
    assert_eq!(value("a=1", "A"), None);
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(text in any::<String>()) {
        let encoded = percent_encode(&text);
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte);
        prop_assert!(encoded.bytes().all(allowed));
        prop_assert_eq!(percent_decode(&encoded).unwrap(), &*text);
    }

    #[test]
    fn pairs_arrive(sent in vec((any::<String>(), any::<String>()), 0..6)) {
        let encoded = encode(sent.iter().map(|(name, value)| (name, value)));
        prop_assert!(encoded.is_ascii());
        let seen = pairs(&encoded).map(|(name, value)| (name.into_owned(), value.into_owned()));
        prop_assert_eq!(seen.collect::<Vec<_>>(), sent);
    }

    #[test]
    fn any_text_is_looked_at(text in "[%a-f0-9&=+ü]{0,12}") {
        if let Some(decoded) = percent_decode(&text) {
            prop_assert!(decoded.len() <= text.len());
        }
        pairs(&text).for_each(drop);
    }
}
