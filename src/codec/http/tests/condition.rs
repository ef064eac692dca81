use super::super::condition::{Outcome, Validators, evaluate, evaluate_absent, range_applies};
use super::super::etag::ETag;
use Outcome::{NotModified, PreconditionFailed, Proceed};

const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const THEN: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const AFTER: &str = "Sunday, 06-Nov-94 08:49:38 GMT";

/// Of a request with these fields, for a resource of [`THEN`] with the tag `a`: GET, and PUT.
fn outcomes(fields: &[(&str, &'static str)]) -> [Outcome; 2] {
    let etag = ETag::strong("a").unwrap();
    of(fields, &Validators { etag: Some(&etag), modified: Some(784_111_777) })
}

fn of(fields: &[(&str, &'static str)], current: &Validators<'_>) -> [Outcome; 2] {
    let header = |name: &str| fields.iter().find(|field| field.0 == name).map(|field| field.1);
    [true, false].map(|get_or_head| evaluate(get_or_head, header, current))
}

#[test]
fn each_condition_counts() {
    for (name, value, get, put) in [
        ("if-match", "\"a\"", Proceed, Proceed),
        ("if-match", "\"b\", \"a\"", Proceed, Proceed),
        ("if-match", "*", Proceed, Proceed),
        ("if-match", "\"b\"", PreconditionFailed, PreconditionFailed),
        ("if-match", "W/\"a\"", PreconditionFailed, PreconditionFailed),
        ("if-match", "", PreconditionFailed, PreconditionFailed),
        ("if-match", "a", PreconditionFailed, PreconditionFailed),
        ("if-none-match", "\"a\"", NotModified, PreconditionFailed),
        ("if-none-match", "W/\"a\"", NotModified, PreconditionFailed),
        ("if-none-match", "\"b\", \"a\"", NotModified, PreconditionFailed),
        ("if-none-match", "*", NotModified, PreconditionFailed),
        ("if-none-match", "\"b\"", Proceed, Proceed),
        ("if-none-match", "a", Proceed, Proceed),
        ("if-modified-since", BEFORE, Proceed, Proceed),
        ("if-modified-since", THEN, NotModified, Proceed),
        ("if-modified-since", AFTER, NotModified, Proceed),
        ("if-modified-since", "yesterday", Proceed, Proceed),
        ("if-unmodified-since", BEFORE, PreconditionFailed, PreconditionFailed),
        ("if-unmodified-since", THEN, Proceed, Proceed),
        ("if-unmodified-since", AFTER, Proceed, Proceed),
        ("if-unmodified-since", "yesterday", Proceed, Proceed),
        ("if-range", "\"b\"", Proceed, Proceed),
    ] {
        assert_eq!(outcomes(&[(name, value)]), [get, put], "{name}: {value}");
    }
    assert_eq!(outcomes(&[]), [Proceed; 2]);
}

/// RFC 9110 13.2.2.
#[test]
fn tags_count_before_dates_and_wishes_before_knowledge() {
    for (fields, get, put) in [
        ([("if-match", "\"a\""), ("if-unmodified-since", BEFORE)], Proceed, Proceed),
        (
            [("if-match", "\"b\""), ("if-unmodified-since", AFTER)],
            PreconditionFailed,
            PreconditionFailed,
        ),
        ([("if-none-match", "\"b\""), ("if-modified-since", AFTER)], Proceed, Proceed),
        (
            [("if-none-match", "\"a\""), ("if-modified-since", BEFORE)],
            NotModified,
            PreconditionFailed,
        ),
        ([("if-match", "\"a\""), ("if-none-match", "\"a\"")], NotModified, PreconditionFailed),
        (
            [("if-match", "\"b\""), ("if-none-match", "\"a\"")],
            PreconditionFailed,
            PreconditionFailed,
        ),
        ([("if-match", "\"a\""), ("if-modified-since", THEN)], NotModified, Proceed),
        (
            [("if-unmodified-since", BEFORE), ("if-modified-since", THEN)],
            PreconditionFailed,
            PreconditionFailed,
        ),
    ] {
        assert_eq!(outcomes(&fields), [get, put], "{fields:?}");
    }
}

#[test]
fn a_resource_may_have_no_validators() {
    for (name, value, get, put) in [
        ("if-match", "*", Proceed, Proceed),
        ("if-match", "\"a\"", PreconditionFailed, PreconditionFailed),
        ("if-none-match", "*", NotModified, PreconditionFailed),
        ("if-none-match", "\"a\"", Proceed, Proceed),
        ("if-modified-since", AFTER, Proceed, Proceed),
        ("if-unmodified-since", BEFORE, Proceed, Proceed),
    ] {
        assert_eq!(of(&[(name, value)], &Validators::default()), [get, put], "{name}: {value}");
    }
}

#[test]
fn what_does_not_exist_matches_nothing() {
    for (name, outcome) in [
        ("if-match", PreconditionFailed),
        ("if-none-match", Proceed),
        ("if-unmodified-since", Proceed),
        ("if-modified-since", Proceed),
    ] {
        assert_eq!(evaluate_absent(|asked| (asked == name).then_some("*")), outcome, "{name}");
    }
}

#[test]
fn ranges_apply_to_the_very_same_version() {
    let (strong, weak) = (ETag::strong("a").unwrap(), ETag::weak("a").unwrap());
    let strong = Validators { etag: Some(&strong), modified: Some(784_111_777) };
    let weak = Validators { etag: Some(&weak), modified: None };
    for (if_range, of_strong) in [
        ("\"a\"", true),
        (THEN, true),
        ("W/\"a\"", false),
        ("\"b\"", false),
        ("\"a\", \"b\"", false),
        ("*", false),
        (BEFORE, false),
        (AFTER, false),
        ("", false),
        ("a", false),
        ("yesterday", false),
    ] {
        assert_eq!(range_applies(if_range, &strong), of_strong, "{if_range}");
        assert!(!range_applies(if_range, &weak), "{if_range}");
        assert!(!range_applies(if_range, &Validators::default()), "{if_range}");
    }
}
