use proptest::prelude::*;

use super::super::params::{parameter, split};

#[test]
fn separators_in_quotation_marks_separate_nothing() {
    for (text, pieces) in [
        ("", &[][..]),
        (",, ,\t,", &[]),
        ("a", &["a"]),
        (" a ,\tb,", &["a", "b"]),
        ("a=\"b,c\", d", &["a=\"b,c\"", "d"]),
        ("\"a\\\",b\",c", &["\"a\\\",b\"", "c"]),
        ("\"a\\\\\",b", &["\"a\\\\\"", "b"]),
        ("a\\,b", &["a\\", "b"]),
        ("\"a,b", &["\"a,b"]),
        ("ü,é", &["ü", "é"]),
    ] {
        assert_eq!(split(text, ',').collect::<Vec<_>>(), pieces, "{text}");
    }
}

#[test]
fn values_may_be_quoted() {
    for (text, name, value) in [
        ("a=b", "a", "b"),
        ("a=\"\"", "a", ""),
        ("a=\"b c\"", "a", "b c"),
        ("a=\"b=\"", "a", "b="),
        ("a=\"\\\"b\\\\\"", "a", "\"b\\"),
        ("a=\"C:\\dir\\file\"", "a", "C:\\dir\\file"),
        ("a=\"ü\"", "a", "ü"),
    ] {
        assert_eq!(parameter(text), Some((name, value.into())), "{text}");
    }
    for text in [
        "",
        "a",
        "=",
        "=b",
        "a=",
        "a =b",
        "a= b",
        "a=b c",
        "a=b\"",
        "a=\"",
        "a=\"b",
        "a=\"b\\\"",
        "a=\"b\"c",
        "a=\"b\"c\"",
        "a b=c",
        "a=ü",
        "ü=a",
        "\"a\"=b",
    ] {
        assert_eq!(parameter(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_looked_at(text in "[a=\"\\\\,; ü]{0,16}") {
        for piece in split(&text, ',') {
            prop_assert!(!piece.is_empty() && text.contains(piece));
            parameter(piece);
        }
    }

    #[test]
    fn what_is_quoted_is_read(value in "\\PC*") {
        let quoted = format!("a=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
        prop_assert_eq!(parameter(&quoted), Some(("a", value.into())));
        prop_assert_eq!(split(&quoted, ';').count(), 1);
    }
}
