//! Fields that are made, names of methods, statuses.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::prop_assert_eq;

use super::reader::owned;
use crate::codec::http::{Fields, InvalidField, Method, Status};

#[test]
fn no_field_reaches_into_the_next() {
    let mut fields = Fields::new();
    fields.append("A", "b").unwrap();
    for value in ["\r\nB: c", "\nB: c", "\r", "a\0", "\x7f", "a\x0bb", "\u{1}"] {
        assert_eq!(fields.append("B", value), Err(InvalidField::Value), "{value:?}");
        assert_eq!(fields.insert("A", value), Err(InvalidField::Value), "{value:?}");
    }
    for name in ["", " ", "B ", " B", "B:", "B: c", "B\r\nC", "B\n", "ä", "B\0", "(B)", "B/C"] {
        assert_eq!(fields.append(name, ""), Err(InvalidField::Name), "{name:?}");
        assert_eq!(fields.insert(name, ""), Err(InvalidField::Name), "{name:?}");
    }
    assert_eq!(fields.as_bytes(), b"A: b\r\n");
}

#[test]
fn fields_are_kept_as_they_are_sent() {
    let mut fields = Fields::new();
    fields.append("A", " b\t").unwrap();
    fields.append("c", "").unwrap();
    fields.append("D", "é: \tf".as_bytes()).unwrap();
    assert_eq!(fields.as_bytes(), "A: b\r\nc: \r\nD: é: \tf\r\n".as_bytes());
    assert_eq!((fields.len(), fields.str("C"), fields.str("d")), (3, Some(""), Some("é: \tf")));
    assert_eq!(format!("{fields:?}"), r#"{"A": "b", "c": "", "D": "\xc3\xa9: \tf"}"#);
    fields.clear();
    assert!(fields.is_empty() && !fields.contains("A"));
    assert_eq!(fields, Fields::new());
}

#[test]
fn methods_are_tokens_of_some_bytes() {
    for name in ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"] {
        let method = name.parse::<Method>().unwrap();
        assert!(method.as_str() == name && !matches!(method, Method::Other(_)));
    }
    for name in ["get", "M", "ABCDEFGHIJKLMNO", "M-SEARCH"] {
        let method = name.parse::<Method>().unwrap();
        assert!(matches!(method, Method::Other(other) if other.as_str() == name));
        assert!(!method.is_safe() && !method.is_idempotent());
        assert_eq!(
            (method.to_string(), format!("{method:?}")),
            (name.into(), format!("Other({name:?})"))
        );
    }
    for name in ["", "ABCDEFGHIJKLMNOP", "A B", "A\0", "ä", "A:"] {
        assert!(name.parse::<Method>().is_err(), "{name:?}");
    }
}

#[test]
fn statuses_are_known_by_their_class() {
    let classes = |code| {
        let status = Status::new(code).unwrap();
        [
            status.is_informational(),
            status.is_success(),
            status.is_redirection(),
            status.is_client_error(),
            status.is_server_error(),
        ]
    };
    for (code, class) in [(100, 0), (199, 0), (204, 1), (302, 2), (499, 3), (500, 4), (599, 4)] {
        assert!(classes(code).iter().enumerate().all(|(at, is)| *is == (at == class)), "{code}");
    }
    assert_eq!(classes(999), [false; 5]);
    assert_eq!((Status::new(99), Status::new(1000)), (None, None));
    assert_eq!(
        (Status::IM_USED.to_string(), format!("{:?}", Status::OK)),
        ("226 IM Used".into(), "Status(200)".into())
    );
    assert_eq!(Status::new(299).unwrap().to_string(), "299");
}

/// What is done to fields.
#[derive(Clone, Debug)]
enum Step {
    Insert(String, Vec<u8>),
    Append(String, Vec<u8>),
    Remove(String),
}

proptest! {
    #[test]
    fn fields_are_a_list(steps in vec(step(), 0..20)) {
        let (mut fields, mut model) = (Fields::new(), Vec::<(String, Vec<u8>)>::new());
        for step in steps {
            match step {
                Step::Insert(name, value) => {
                    if fields.insert(&name, &value).is_ok() {
                        model.retain(|(other, _)| !other.eq_ignore_ascii_case(&name));
                        model.push((name, value.trim_ascii().into()));
                    }
                }
                Step::Append(name, value) => {
                    if fields.append(&name, &value).is_ok() {
                        model.push((name, value.trim_ascii().into()));
                    }
                }
                Step::Remove(name) => {
                    let before = model.len();
                    model.retain(|(other, _)| !other.eq_ignore_ascii_case(&name));
                    prop_assert_eq!(fields.remove(&name), model.len() < before);
                }
            }
            prop_assert_eq!(owned(fields.iter()), &*model);
            prop_assert_eq!(fields.len(), model.len());
            for (name, _) in &model {
                let all = model.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
                prop_assert_eq!(
                    fields.all(&name.to_uppercase()).collect::<Vec<_>>(),
                    all.map(|(_, value)| &**value).collect::<Vec<_>>()
                );
            }
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let name = prop_oneof!["[aAbB]{1,2}", "[ -~]{0,3}", Just("é".to_string())];
    let value = prop_oneof![
        "[ -~\t]{0,8}".prop_map(String::into_bytes),
        vec(any::<u8>(), 0..4),
        Just(b"a\r\nB: c".to_vec()),
    ];
    (0..5, name, value).prop_map(|(what, name, value)| match what {
        0 => Step::Remove(name),
        1 => Step::Insert(name, value),
        _ => Step::Append(name, value),
    })
}
