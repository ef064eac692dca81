use proptest::collection::vec;
use proptest::prelude::*;

use super::super::etag::ETag;
use crate::error::ErrorKind;

fn tag(text: &str) -> ETag {
    ETag::parse(text).unwrap()
}

#[test]
fn tags_are_read_as_they_are_written() {
    for (text, weak, inside) in [
        ("\"\"", false, ""),
        ("W/\"\"", true, ""),
        ("\"a\"", false, "a"),
        ("W/\"a\"", true, "a"),
        ("\"W/a,b;c\\\"", false, "W/a,b;c\\"),
        ("\"ü\"", false, "ü"),
    ] {
        let tag = tag(text);
        assert_eq!((tag.is_weak(), tag.tag(), &*tag.to_string()), (weak, inside, text));
    }
}

#[test]
fn what_is_no_tag_is_refused() {
    for text in [
        "",
        "*",
        "a",
        "\"",
        "\"a",
        "a\"",
        "'a'",
        "w/\"a\"",
        "W\"a\"",
        "W/a",
        "W/ \"a\"",
        "/\"a\"",
        "\"a\"b",
        "\"a\" ",
        " \"a\"",
        "\"a\",\"b\"",
        "\"a b\"",
        "\"a\tb\"",
        "\"a\r\nb\"",
        "\"\0\"",
        "\"\x7f\"",
        "\"\u{85}\"",
    ] {
        assert_eq!(ETag::parse(text), None, "{text:?}");
    }
}

#[test]
fn only_what_can_be_read_is_made() {
    for text in ["a\"b", "a b", "a\r\nb", "\0"] {
        let error = ETag::strong(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().starts_with(&format!("cannot make an entity tag of {text:?}")));
        assert_eq!(ETag::weak(text).unwrap_err().kind(), ErrorKind::Invalid);
    }
    assert_eq!(ETag::strong("a").unwrap(), tag("\"a\""));
    assert_eq!(ETag::weak("a").unwrap(), tag("W/\"a\""));
}

/// The table of RFC 9110 8.8.3.2.
#[test]
fn tags_compare_strongly_or_weakly() {
    for (one, other, strongly, weakly) in [
        ("W/\"1\"", "W/\"1\"", false, true),
        ("W/\"1\"", "W/\"2\"", false, false),
        ("W/\"1\"", "\"1\"", false, true),
        ("\"1\"", "\"1\"", true, true),
        ("\"a\"", "\"A\"", false, false),
    ] {
        for (one, other) in [(tag(one), tag(other)), (tag(other), tag(one))] {
            assert_eq!(one.strongly_matches(&other), strongly);
            assert_eq!(one.weakly_matches(&other), weakly);
        }
    }
}

#[test]
fn lists_are_searched_up_to_what_is_no_tag() {
    for (list, strongly, weakly) in [
        ("*", true, true),
        (" * ", true, true),
        ("\"a\"", true, true),
        ("W/\"a\"", false, true),
        ("\"b\",\"a\"", true, true),
        ("\"b\" \t,\t \"a\" ", true, true),
        (",, \"b\",, ,\"a\",", true, true),
        ("\"b,\", \"a\"", true, true),
        ("W/\"a\", \"a\"", true, true),
        ("", false, false),
        (",", false, false),
        ("\"b\"", false, false),
        ("\"b,\"a\"", false, false),
        ("a", false, false),
        ("a, \"a\"", false, false),
        ("*, \"a\"", false, false),
        ("\"b\" \"a\"", false, false),
        ("\"a\" x", false, false),
        ("\"b\", *", false, false),
        ("w/\"a\"", false, false),
        ("\"a", false, false),
    ] {
        let tag = tag("\"a\"");
        assert_eq!((tag.strongly_in(list), tag.weakly_in(list)), (strongly, weakly), "{list}");
    }
    assert!(!ETag::weak("a").unwrap().strongly_in("\"a\""));
}

proptest! {
    #[test]
    fn every_tag_is_found_in_its_list(
        tags in vec((any::<bool>(), "[!#-~ü]{0,6}"), 1..6), blanks in "[ \t,]{0,3}",
    ) {
        let tags = tags.into_iter().map(|(weak, text)| {
            if weak { ETag::weak(text) } else { ETag::strong(text) }.unwrap()
        });
        let tags = tags.collect::<Vec<_>>();
        let texts = tags.iter().map(ToString::to_string).collect::<Vec<_>>();
        let list = format!("{blanks}{}{blanks}", texts.join(&format!("{blanks},")));
        for tag in &tags {
            prop_assert_eq!(&ETag::parse(&tag.to_string()).unwrap(), tag);
            prop_assert!(tag.weakly_in(&list), "{}", list);
            prop_assert_eq!(
                tag.strongly_in(&list),
                tags.iter().any(|other| other.strongly_matches(tag)),
            );
        }
        prop_assert!(!ETag::strong("€").unwrap().weakly_in(&list));
    }

    #[test]
    fn any_text_is_looked_at(text in "[W/\"a, *\\PC]{0,12}") {
        let tag = ETag::parse(&text);
        prop_assert!(tag.is_none_or(|tag| tag.to_string() == text && tag.weakly_in(&text)));
    }
}
