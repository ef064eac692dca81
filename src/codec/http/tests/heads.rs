//! What heads say of connections, and how often they are looked at.

use crate::codec::http::{
    HeadLimits, HeadScanner, Length, Method, RequestHead, ResponseHead, Slots, Status, Version,
};

#[test]
fn a_head_has_its_parts() {
    let bytes = b"\r\nPUT /a?b HTTP/1.0\r\nB: c\r\nd:\r\nb:  e \r\n\r\nbody";
    with_request(bytes, |head, consumed| {
        assert_eq!(
            (head.method, head.target, head.version),
            (Method::Put, "/a?b", Version::Http10)
        );
        let fields = [("B", b"c".as_slice()), ("d", b""), ("b", b"e")];
        assert!(head.headers.iter().eq(fields) && head.headers.len() == 3);
        assert_eq!(&bytes[consumed..], b"body");
        assert_eq!(head.headers.str("D"), Some(""));
        assert!(head.headers.all("b").eq([b"c", b"e"]));
        assert_eq!(head.headers.get("x"), None);
        assert_eq!(format!("{:?}", head.headers), r#"{"B": "c", "d": "", "b": "e"}"#);
    });
}

#[test]
fn a_value_that_is_no_text_is_no_string() {
    with_request(b"GET / HTTP/1.1\r\nHost: a\r\nB: \xff\r\n\r\n", |head, _| {
        assert_eq!(
            (head.headers.get("b"), head.headers.str("b")),
            (Some(b"\xff".as_slice()), None)
        );
    });
}

#[test]
fn tokens_are_found_in_lists_over_several_lines() {
    let bytes = b"GET / HTTP/1.1\r\nHost: a\r\nTE: b, c\td ,\r\nte:,E\r\n\r\n";
    with_request(bytes, |head, _| {
        for (token, found) in [("b", true), ("B", true), ("e", true), ("c\td", true), ("c", false)]
        {
            assert_eq!(head.headers.contains_token("Te", token), found, "{token}");
            assert_eq!(head.headers.to_fields().contains_token("Te", token), found, "{token}");
        }
    });
}

#[test]
fn the_target_says_who_is_asked_or_else_host() {
    for (request, host) in [
        ("GET / HTTP/1.1\r\nHost: a:1", Some("a:1")),
        ("GET http://b:2/c HTTP/1.1\r\nHost: a", Some("b:2")),
        ("GET HTTPS://[::1]?c HTTP/1.0", Some("[::1]")),
        ("CONNECT b:2 HTTP/1.1\r\nHost: a", Some("b:2")),
        ("OPTIONS * HTTP/1.1\r\nHost: ", Some("")),
        ("GET / HTTP/1.0", None),
    ] {
        let bytes = format!("{request}\r\n\r\n");
        with_request(bytes.as_bytes(), |head, _| assert_eq!(head.host(), host, "{request}"));
    }
}

#[test]
fn only_http_1_1_upgrades() {
    for (fields, upgrade) in [
        ("Connection: upgrade\r\nUpgrade: websocket", Some("websocket")),
        ("Upgrade: a/1, b\r\nConnection: keep-alive, Upgrade", Some("a/1, b")),
        ("Upgrade: a\r\nUpgrade: b\r\nConnection: upgrade", Some("a")),
        ("Upgrade: websocket", None),
        ("Connection: upgrade", None),
    ] {
        let request = format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n");
        with_request(request.as_bytes(), |head, _| assert_eq!(head.upgrade(), upgrade, "{fields}"));
        let old = request.replace("1.1", "1.0");
        with_request(old.as_bytes(), |head, _| assert_eq!(head.upgrade(), None, "{fields}"));
        for (status, upgrade) in [(101, upgrade), (200, None)] {
            let response = format!("HTTP/1.1 {status} A\r\n{fields}\r\n\r\n");
            with_response(response.as_bytes(), |head| assert_eq!(head.upgrade(), upgrade));
        }
    }
}

#[test]
fn only_who_has_a_body_to_send_waits_for_permission() {
    for (version, fields, waits) in [
        ("1.1", "Content-Length: 1", true),
        ("1.1", "Transfer-Encoding: chunked", true),
        ("1.1", "Content-Length: 0", false),
        ("1.1", "B: c", false),
        ("1.0", "Content-Length: 1", false),
    ] {
        let request =
            format!("POST / HTTP/{version}\r\nHost: a\r\nExpect: 100-continue\r\n{fields}\r\n\r\n");
        with_request(request.as_bytes(), |head, _| {
            assert_eq!(head.expects_continue(), waits, "{version} {fields}");
        });
    }
}

#[test]
fn what_was_asked_for_decides_whether_an_answer_has_a_body() {
    with_response(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", |head| {
        assert_eq!(head.length(Method::Get), Length::Exactly(5));
        assert_eq!(head.length(Method::Head), Length::None);
        assert_eq!(head.length(Method::Connect), Length::None);
        assert_eq!((head.status, head.reason), (Status::OK, "OK"));
    });
    with_response(b"HTTP/1.1 407 No\r\nContent-Length: 5\r\n\r\n", |head| {
        assert_eq!(head.length(Method::Connect), Length::Exactly(5));
    });
    with_response(b"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n", |head| {
        assert_eq!(head.length(Method::Get), Length::None);
    });
}

#[test]
fn limits_may_be_other_ones() {
    let limits = HeadLimits { line: 16, fields: 2, bytes: 64 };
    let status = |bytes: &str| {
        let parsed = RequestHead::parse(bytes.as_bytes(), &mut Slots::new(), &limits)
            .map(|parsed| parsed.map(|(_, consumed)| consumed));
        parsed.map_err(|rejection| rejection.status.code())
    };
    assert_eq!(status("GET /aa HTTP/1.1\r\nHost: a\r\n\r\n"), Ok(Some(29)));
    assert_eq!(status("GET /aaa HTTP/1.1\r\nHost: a\r\n\r\n"), Err(414));
    assert_eq!(status("GET /a HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n"), Ok(Some(34)));
    assert_eq!(status("GET /a HTTP/1.1\r\nHost: a\r\nB: c\r\nD: e\r\n\r\n"), Err(431));
    let longest = format!("GET /a HTTP/1.1\r\nHost: {}\r\n\r\n", "a".repeat(37));
    assert_eq!(status(&longest), Ok(Some(64)));
    assert_eq!(status(&longest[..63]), Ok(None));
    assert_eq!(status(&longest.replace("Host", "Hosts")), Err(431));
    // More room than there is for fields is no promise.
    let limits = HeadLimits { fields: usize::MAX, ..HeadLimits::default() };
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "B: c\r\n".repeat(255));
    assert!(RequestHead::parse(many.as_bytes(), &mut Slots::new(), &limits).is_ok());
    let more = many.replacen("B: c", "B: c\r\nB: c", 1);
    assert!(RequestHead::parse(more.as_bytes(), &mut Slots::new(), &limits).is_err());
}

#[test]
fn limits_of_nothing_let_nothing_through() {
    let limits = HeadLimits { line: 0, fields: 0, bytes: 0 };
    for bytes in ["G", "GET / HTTP/1.1\r\n\r\n", "\r\nGET / HTTP/1.0\r\n\r\n"] {
        assert!(RequestHead::parse(bytes.as_bytes(), &mut Slots::new(), &limits).is_err());
        assert!(ResponseHead::parse(b"HTTP/1.1 ", &mut Slots::new(), &limits).is_err());
    }
    let limits = HeadLimits { line: usize::MAX, fields: 0, bytes: usize::MAX };
    let old = b"GET / HTTP/1.0\r\n\r\n";
    assert!(RequestHead::parse(old, &mut Slots::new(), &limits).unwrap().is_some());
}

#[test]
fn a_head_that_comes_byte_by_byte_is_rarely_parsed() {
    let limits = HeadLimits::default();
    let field = format!("B: {}\r\n", "c".repeat(100));
    let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", field.repeat(90));
    let mut scanner = HeadScanner::new();
    let due = (1..=head.len()).filter(|len| scanner.is_due(&head.as_bytes()[..*len], &limits));
    // Each time it has doubled, where the first line would be too long, and at its end.
    let due = due.collect::<Vec<_>>();
    assert_eq!(
        due,
        [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 8194, head.len()]
    );
    scanner.reset();
    assert!(scanner.is_due(b"G", &limits));
}

#[test]
fn a_head_is_looked_at_where_it_is_too_long() {
    let limits = HeadLimits { line: 100, fields: 10, bytes: 200 };
    let mut scanner = HeadScanner::new();
    let due = (1..=250).filter(|len| scanner.is_due(&vec![b'a'; *len], &limits));
    assert_eq!(due.collect::<Vec<_>>(), [1, 2, 4, 8, 16, 32, 64, 102, 200]);
}

#[test]
fn an_empty_line_is_seen_however_it_is_cut() {
    for end in ["\r\n\r\n", "\n\n", "\n\r\n", "\r\n\n", "\r\n\r\r\n"] {
        let head = format!("GET / HTTP/1.1{end}");
        for first in 11..head.len() {
            let mut scanner = HeadScanner::new();
            let bytes = head.as_bytes();
            assert!(scanner.is_due(&bytes[..first], &HeadLimits::default()));
            assert!(scanner.is_due(bytes, &HeadLimits::default()), "{end:?} cut at {first}");
        }
    }
}

fn with_request(bytes: &[u8], check: impl FnOnce(RequestHead<'_>, usize)) {
    let mut slots = Slots::new();
    let parsed = RequestHead::parse(bytes, &mut slots, &HeadLimits::default());
    let (head, consumed) = parsed.unwrap().unwrap();
    check(head, consumed);
}

fn with_response(bytes: &[u8], check: impl FnOnce(ResponseHead<'_>)) {
    let mut slots = Slots::new();
    let parsed = ResponseHead::parse(bytes, &mut slots, &HeadLimits::default());
    check(parsed.unwrap().unwrap().0);
}
