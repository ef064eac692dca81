use proptest::collection::vec;
use proptest::prelude::*;

use super::super::multipart::{Boundary, Form, Limits, Multipart, Part};
use crate::error::ErrorKind;

/// A part as it was received.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    name: String,
    filename: Option<String>,
    content_type: Option<String>,
    data: Vec<u8>,
    ended: bool,
}

/// What comes of a body in pieces: its parts, and how it ends.
fn of_pieces<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    limits: Limits,
) -> (Vec<Seen>, Result<bool, u16>) {
    let mut seen = Vec::new();
    let end = read(pieces, limits, &mut seen);
    (seen, end)
}

fn read<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    limits: Limits,
    seen: &mut Vec<Seen>,
) -> Result<bool, u16> {
    let mut multipart = Multipart::new(Boundary::new("b").unwrap(), limits);
    let mut done = false;
    for mut piece in pieces {
        while let Some(part) = multipart.next(&mut piece).map_err(|why| why.status.code())? {
            assert!(!done, "something comes behind the end");
            match part {
                Part::Begin(head) => seen.push(Seen {
                    name: head.name.into(),
                    filename: head.filename.map(Into::into),
                    content_type: head.content_type.map(Into::into),
                    ..Seen::default()
                }),
                Part::Data(data) => {
                    assert!(!data.is_empty());
                    seen.last_mut().unwrap().data.extend_from_slice(data);
                }
                Part::End => seen.last_mut().unwrap().ended = true,
                Part::Done => done = true,
            }
        }
        assert!(piece.is_empty());
    }
    multipart.finish().map_err(|why| why.status.code())?;
    Ok(done)
}

/// The same in any pieces.
#[track_caller]
fn parts(body: &[u8]) -> (Vec<Seen>, Result<bool, u16>) {
    let limits = Limits::default();
    let whole = of_pieces([body], limits);
    assert_eq!(of_pieces(body.chunks(1), limits), whole, "byte by byte");
    for length in [2, 3, 5, 7, 11] {
        assert_eq!(of_pieces(body.chunks(length), limits), whole, "in pieces of {length}");
    }
    for at in 0..body.len() {
        let (one, other) = body.split_at(at);
        assert_eq!(of_pieces([one, other], limits), whole, "cut at {at}");
    }
    whole
}

fn part(name: &str, data: &[u8]) -> Seen {
    Seen { name: name.into(), data: data.into(), ended: true, ..Seen::default() }
}

fn file(name: &str, filename: &str, content_type: &str, data: &[u8]) -> Seen {
    let (filename, content_type) = (Some(filename.into()), Some(content_type.into()));
    Seen { filename, content_type, ..part(name, data) }
}

const HEAD: &str = "Content-Disposition: form-data; name=\"a\"\r\n\r\n";

#[test]
fn parts_are_found_in_whatever_pieces() {
    for (body, expected) in [
        ("--b--", vec![]),
        ("--b--\r\n", vec![]),
        ("--b--what follows\r\n--b\r\n", vec![]),
        ("before\r\n--b--", vec![]),
        ("\r\n--b--", vec![]),
        ("--c\r\n\r\n--b--", vec![]),
        ("--b\r\n{}1\r\n--b--\r\n", vec![part("a", b"1")]),
        ("--b\r\n{}\r\n--b--", vec![part("a", b"")]),
        // RFC 2046 5.1.1: the empty line's end may be the delimiter's.
        ("--b\r\n{}--b--", vec![part("a", b"")]),
        ("--b\r\n{}\r\n\r\n--b--", vec![part("a", b"\r\n")]),
        ("--b\r\n{}\r\n\r\n\r\n--b--", vec![part("a", b"\r\n\r\n")]),
        ("--b\r\n{}1\r\n--b\r\n{}2\r\n--b--", vec![part("a", b"1"), part("a", b"2")]),
        ("--b \t\r\n{}1\r\n--b\t\r\n{}2\r\n--b--", vec![part("a", b"1"), part("a", b"2")]),
        // What is nearly a delimiter.
        ("--b\r\n{}-\r\n--b--", vec![part("a", b"-")]),
        ("--b\r\n{}--\r\n--b--", vec![part("a", b"--")]),
        ("--b\r\n{}--c\r\n--b--", vec![part("a", b"--c")]),
        ("--b\r\n{}\r\n--\r\n--b--", vec![part("a", b"\r\n--")]),
        ("--b\r\n{}\r\r\n\n\r\n-b\r\n -b\r\n--b--", vec![part("a", b"\r\r\n\n\r\n-b\r\n -b")]),
        ("--b\r\n{}\r\n-\r\n--\r\n--b--", vec![part("a", b"\r\n-\r\n--")]),
        (
            "--b\r\n{}1\n--b--\r--b--\r\n--B--\r\n--b--",
            vec![part("a", b"1\n--b--\r--b--\r\n--B--")],
        ),
        ("--b\r\n{}1--b--\r\n--b--", vec![part("a", b"1--b--")]),
    ] {
        assert_eq!(parts(body.replace("{}", HEAD).as_bytes()), (expected, Ok(true)), "{body:?}");
    }
}

#[test]
fn heads_say_what_a_part_is() {
    let of = |head: &str| parts(format!("--b\r\n{head}\r\n\r\n1\r\n--b--").as_bytes()).0;
    for (head, expected) in [
        ("content-disposition:FORM-DATA;NAME=a", part("a", b"1")),
        ("Content-Disposition: form-data ; name = \"a\"", Seen::default()),
        ("Content-Disposition: form-data; name=\"\"", part("", b"1")),
        ("Content-Disposition: form-data; name=\"a; b=\\\"c\\\"\\\\\"", part("a; b=\"c\"\\", b"1")),
        ("Content-Disposition: form-data; name=\"\u{fc}%22\"", part("\u{fc}%22", b"1")),
        (
            "X: y\r\nContent-Type: image/png\r\n\
             Content-Disposition: form-data; name=\"a\"; filename=\"C:\\dir\\b.png\"",
            file("a", "C:\\dir\\b.png", "image/png", b"1"),
        ),
        (
            "Content-Disposition: form-data; filename=\"../b\"; name=a; filename*=UTF-8''c\r\n\
             Content-Type: ",
            file("a", "../b", "", b"1"),
        ),
    ] {
        let expected = if expected == Seen::default() { vec![] } else { vec![expected] };
        assert_eq!(of(head), expected, "{head}");
    }
}

#[test]
fn what_is_malformed_is_refused() {
    for body in [
        // Not from a beginning to an end.
        "",
        "b",
        "-",
        "--",
        "--b",
        "--b-",
        "--b\r",
        "--b\r\n",
        "--b\r\n{}",
        "--b\r\n{}1",
        "--b\r\n{}1\r\n--b",
        "--b\r\n{}1\r\n--b-",
        "--b\r\n{}1\r\n--b\r\n",
        "--b\r\n{}1--b--",
        "--b\r\n{}1\n--b--",
        "before--b--",
        "--B--",
        // Something else behind a boundary.
        "--bc--",
        "--b-c",
        "--b --",
        "--b\n{}1\r\n--b--",
        "--b\r{}1\r\n--b--",
        "--b\r \n{}1\r\n--b--",
        "--b c\r\n{}1\r\n--b--",
        "--b\r\n{}1\r\n--bc\r\n--b--",
        // Heads that are none.
        "--b\r\n\r\n1\r\n--b--",
        "--b\r\nA: b\r\n\r\n1\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\"\n\n1\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\"\nA: b\r\n\r\n1\r\n--b--",
        "--b\r\nContent-Disposition: form-data\r\n; name=\"a\"\r\n\r\n1\r\n--b--",
        "--b\r\nContent-Disposition: form-data;\r\n name=\"a\"\r\n\r\n1\r\n--b--",
        "--b\r\nContent-Disposition : form-data; name=\"a\"\r\n\r\n1\r\n--b--",
        "--b\r\n Content-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--",
        "--b\r\nA\rB: c\r\n{}1\r\n--b--",
        "--b\r\nA: b\rc\r\n{}1\r\n--b--",
        "--b\r\nA: \0\r\n{}1\r\n--b--",
        "--b\r\n: a\r\n{}1\r\n--b--",
        "--b\r\nno colon\r\n{}1\r\n--b--",
        // Parts that are no fields of a form.
        "--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--",
        "--b\r\nContent-Disposition: form-data; filename=\"a\"\r\n\r\n1\r\n--b--",
        "--b\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n1\r\n--b--",
        "--b\r\nContent-Disposition: \r\n\r\n1\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\"; name=\"c\"\r\n\r\n1\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=a; filename=c; filename=d\r\n\r\n1\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\\\"\r\n\r\n1\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\"c\r\n\r\n1\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=a; c\r\n\r\n1\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=a\r\n{}1\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=a\r\n\
         Content-Disposition: form-data; name=a\r\n\r\n1\r\n--b--",
    ] {
        let (seen, end) = parts(body.replace("{}", HEAD).as_bytes());
        assert_eq!(end, Err(400), "{body:?}");
        assert!(seen.len() <= 1, "{body:?}");
    }
    let not_text = b"--b\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\n1\r\n--b--";
    assert_eq!(parts(not_text).1, Err(400));
}

#[test]
fn what_is_cut_short_has_not_ended() {
    let body = format!("--b\r\n{HEAD}1\r\n--b--");
    for length in 0..body.len() {
        let (seen, end) = parts(&body.as_bytes()[..length]);
        assert_eq!(end, Err(400), "{length}");
        assert!(seen.iter().all(|part| !part.ended || length >= body.len() - 2), "{length}");
    }
}

#[test]
fn limits_hold() {
    let of = |body: &str, limits| {
        let body = body.replace("{}", HEAD);
        let whole = of_pieces([body.as_bytes()], limits).1;
        assert_eq!(of_pieces(body.as_bytes().chunks(1), limits).1, whole);
        whole
    };
    let default = Limits::default();
    let two = "--b\r\n{}1\r\n--b\r\n{}234\r\n--b--";
    assert_eq!(of(two, Limits { parts: 2, part: Some(3), ..default }), Ok(true));
    assert_eq!(of(two, Limits { parts: 1, ..default }), Err(413));
    assert_eq!(of(two, Limits { part: Some(2), ..default }), Err(413));
    assert_eq!(of(two, Limits { head: HEAD.len(), ..default }), Ok(true));
    assert_eq!(of(two, Limits { head: HEAD.len() - 1, ..default }), Err(431));
    let many = |number: usize| "--b\r\n{}1\r\n".repeat(number) + "--b--";
    assert_eq!(of(&many(1000), default), Ok(true));
    assert_eq!(of(&many(1001), default), Err(413));
    // What does not end is refused, and not kept.
    for (endless, status) in [
        ("x".repeat(20_000), 400),
        (format!("--b\r\n{}", "x".repeat(20_000)), 431),
        (format!("--b\r\n{}", "x: y\r\n".repeat(4000)), 431),
        (format!("--b{}", " ".repeat(20_000)), 431),
    ] {
        assert_eq!(of(&endless, default), Err(status));
    }
}

#[test]
fn boundaries_are_found_in_types() {
    for (value, boundary) in [
        ("multipart/form-data; boundary=b", Some("b")),
        ("Multipart/Form-Data;BOUNDARY=b", Some("b")),
        ("multipart/form-data; charset=utf-8; boundary=\"b c\" ; x=y", Some("b c")),
        (
            "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxk",
            Some("----WebKitFormBoundary7MA4YWxk"),
        ),
        // No token, but in use.
        ("multipart/form-data; boundary=a/b=c:d?", Some("a/b=c:d?")),
        ("multipart/form-data; boundary=\"'()+_,-./:=?\"", Some("'()+_,-./:=?")),
        ("multipart/form-data; boundary=\"a;b\"", None),
        ("", None),
        ("multipart/form-data", None),
        ("multipart/form-data; boundary", None),
        ("multipart/form-data; boundary=", None),
        ("multipart/form-data; boundary=\"\"", None),
        ("multipart/form-data; boundary=\"b", None),
        ("multipart/form-data; boundary=b\"c", None),
        ("multipart/form-data; boundary=\"b \"", None),
        ("multipart/form-data; boundary=\"b\r\n\"", None),
        ("multipart/form-data; boundary=\u{fc}", None),
        ("multipart/form-data; boundary=b; boundary=c", None),
        ("multipart/form-data; xboundary=b", None),
        ("multipart/mixed; boundary=b", None),
        ("text/plain; boundary=b", None),
        ("boundary=b", None),
    ] {
        let seen = Boundary::from_content_type(value);
        assert_eq!(seen.as_ref().map(Boundary::as_str), boundary, "{value}");
        if let Some(boundary) = seen {
            assert_eq!(Boundary::from_content_type(&boundary.content_type()), Some(boundary));
        }
    }
    assert!(Boundary::new("b".repeat(70)).is_ok());
    for wrong in ["", " ", "b ", "b\"", "b;", "\u{fc}", &"b".repeat(71)] {
        assert_eq!(Boundary::new(wrong).unwrap_err().kind(), ErrorKind::Invalid);
    }
    let random = Boundary::random(u128::MAX);
    assert_eq!(Boundary::from_content_type(&random.content_type()), Some(random.clone()));
    assert_ne!(random, Boundary::random(0));
}

#[test]
fn what_would_break_a_form_is_not_added() {
    let mut form = Form::new(Boundary::new("b").unwrap());
    let invalid = |result: Result<&mut Form, crate::Error>| {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Invalid);
    };
    invalid(form.text("a\r\nb", ""));
    invalid(form.text("a\0", ""));
    invalid(form.text("a", "1\r\n--b"));
    invalid(form.text("a", "--b"));
    invalid(form.file("a", "b\n", "c/d", ""));
    invalid(form.file("a", "b", "c/d\r\nX: y", ""));
    invalid(form.file("a", "b", "c/d", "--b--"));
    invalid(form.begin("a\n", None, None));
    assert!(form.take().is_empty());
    assert_eq!(of_pieces([&*form.finish()], Limits::default()), (vec![], Ok(true)));
}

#[test]
fn a_form_is_sent_in_pieces() {
    let mut form = Form::new(Boundary::new("b").unwrap());
    form.text("a", "1").unwrap().begin("c", Some("d"), None).unwrap();
    let begin = form.take();
    let end = form.finish();
    let seen = of_pieces([&*begin, b"2", b"3", &*end], Limits::default());
    let c = Seen { filename: Some("d".into()), ..part("c", b"23") };
    assert_eq!(seen, (vec![part("a", b"1"), c], Ok(true)));
}

/// Bytes of which many look like a delimiter.
fn data() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![8 => prop::sample::select(&b"\r\n--bb"[..]), 1 => any::<u8>()], 0..24)
}

proptest! {
    #[test]
    fn forms_arrive(
        sent in vec(("[^\\pC]{0,6}", prop::option::of("([\\\\\"]|[^\\pC]){0,6}"), data()), 0..4),
        lengths in vec(1..12usize, 1..6),
    ) {
        let mut form = Form::new(Boundary::new("b").unwrap());
        let mut expected = Vec::new();
        for (name, filename, data) in sent {
            let added = match &filename {
                Some(filename) => form.file(&name, filename, "c/d", &data),
                None => form.text(&name, &String::from_utf8_lossy(&data)),
            };
            let data = match filename {
                Some(_) => data,
                None => String::from_utf8_lossy(&data).into_owned().into(),
            };
            if added.is_ok() {
                let content_type = filename.as_ref().map(|_| "c/d".into());
                expected.push(Seen { filename, content_type, ..part(&name, &data) });
            }
        }
        let body = form.finish();
        let mut rest = &*body;
        let pieces = lengths.iter().cycle().map_while(|length| {
            let (piece, behind) = rest.split_at((*length).min(rest.len()));
            rest = behind;
            (!piece.is_empty()).then_some(piece)
        });
        prop_assert_eq!(of_pieces(pieces, Limits::default()), (expected, Ok(true)));
    }

    /// Whatever comes, it is the same in any pieces, and no data has a delimiter in it.
    #[test]
    fn cuts_make_no_difference(
        pieces in vec(prop_oneof![
            Just(b"\r\n--b".to_vec()), Just(b"--".to_vec()), Just(b"\r\n".to_vec()),
            Just(HEAD.as_bytes().to_vec()), data(),
        ], 0..10),
    ) {
        let body = [b"--b\r\n", HEAD.as_bytes(), &pieces.concat()].concat();
        for part in parts(&body).0 {
            prop_assert!(!part.data.windows(5).any(|bytes| bytes == b"\r\n--b"));
        }
    }
}
