//! Messages of HTTP, and values in them.

use sockeye::http::parse::{BodyDecoder, HeadLimits, Part, RequestHead, Slots};
use sockeye::http::{Fields, Method, Status, Url, query};

pub(crate) fn a_request() {
    let head = "POST /a?b=%C3%BC HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for end in 0..head.len() {
        parsed(&head[..end], |head| assert!(head.is_none()));
    }
    let length = parsed(head, |head| {
        let head = head.expect("it is complete");
        assert_eq!((head.method, head.target), (Method::Post, "/a?b=%C3%BC"));
        head.length()
    });
    let mut decoder = BodyDecoder::new(length, 1024).expect("it is within the limit");
    let mut body = Vec::new();
    for mut piece in b"5\r\nHello\r\n1\r\n!\r\n0\r\n\r\n".chunks(1) {
        while let Some(Part::Data(data)) = decoder.next(&mut piece).expect("it is well-formed") {
            body.extend_from_slice(data);
        }
    }
    assert!(decoder.is_done());
    assert_eq!(body, b"Hello!");
    let twice = "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n";
    let refused = RequestHead::parse(twice.as_bytes(), &mut Slots::new(), &HeadLimits::default())
        .map(|_| ())
        .map_err(|rejection| rejection.status);
    assert_eq!(refused, Err(Status::BAD_REQUEST));
}

fn parsed<T>(bytes: &str, see: impl FnOnce(Option<RequestHead<'_>>) -> T) -> T {
    let mut slots = Slots::new();
    let parsed = RequestHead::parse(bytes.as_bytes(), &mut slots, &HeadLimits::default());
    see(parsed.expect("it is well-formed").map(|(head, _)| head))
}

pub(crate) fn values() {
    assert_eq!(query::value("b=%C3%BC", "b").as_deref(), Some("ü"));
    let url = Url::parse("https://Exämple.org/a b").expect("it is a URL");
    assert_eq!(url.to_string(), "https://xn--exmple-cua.org/a%20b");
    assert!(Url::parse("https://").is_err());
    assert!(Fields::new().append("a", "\r\n").is_err());
}
