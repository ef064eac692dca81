//! What goes back for what comes.

use sockeye::http::{self, Request, Response, Status};
use sockeye::testing::Harness;

/// Without the date, which is another each time.
fn undated(answer: Vec<u8>) -> String {
    let text = String::from_utf8(answer).unwrap();
    text.split_inclusive("\r\n").filter(|line| !line.starts_with("Date: ")).collect()
}

fn hello(request: &mut Request<'_>) -> Response {
    Response::text(format!("{} {} {:?}", request.method(), request.target(), request.text()))
}

#[test]
fn a_request_is_answered() {
    let mut peer = Harness::new(http::server(hello));
    let answer = undated(peer.feed("GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n"));
    let wanted = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\
                  Content-Length: 18\r\n\r\nGET /a?b Some(\"\")";
    assert_eq!(answer.replace("17", "18"), wanted);
    let answer = undated(peer.feed("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"));
    assert!(answer.ends_with("POST / Some(\"hello\")"), "{answer}");
    let chunked = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\
                   3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    for byte in chunked.as_bytes()[..chunked.len() - 1].chunks(1) {
        assert_eq!(peer.feed(byte), b"");
    }
    let answer = undated(peer.feed("\n"));
    assert!(answer.ends_with("POST / Some(\"abcde\")"), "{answer}");
    assert!(peer.closed().is_none());
}

#[test]
fn what_is_no_request_is_answered_and_closed() {
    let mut peer = Harness::new(http::server(hello));
    let answer = undated(peer.feed("GET / HTTP/1.1\r\n\r\n"));
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    assert!(answer.contains("Connection: close\r\n"), "{answer}");
    assert!(peer.is_finished());
}

#[test]
fn answers_given_later_come_in_order() {
    let (given, taken) = std::sync::mpsc::channel();
    let protocol = http::server(move |request: &mut Request<'_>| {
        if request.raw_path() == "/now" {
            return Response::text("now");
        }
        let (response, later) = Response::later();
        given.send(later).unwrap();
        response
    });
    let mut peer = Harness::new(protocol);
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(peer.feed(get("/later") + &get("/now")), b"");
    taken.recv().unwrap().answer((Status::CREATED, "later"));
    let answer = undated(peer.take());
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nnow"), "{answer}");
    drop(peer.feed(get("/later")));
    drop(taken.recv().unwrap());
    assert!(undated(peer.take()).starts_with("HTTP/1.1 500 "));
}

#[test]
fn bodies_are_streamed() {
    let protocol = http::server(|_: &mut Request<'_>| {
        let (response, body) = Response::stream("text/plain");
        assert!(body.send("one").is_queued() && body.send("two").is_queued());
        body.finish();
        response
    });
    let mut peer = Harness::new(protocol);
    let answer = undated(peer.feed("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    let wanted = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n\
                  3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n";
    assert_eq!(answer, wanted);
    let answer = undated(peer.feed("GET / HTTP/1.0\r\n\r\n"));
    let wanted = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nonetwo";
    assert_eq!(answer, wanted);
    assert!(peer.is_finished());
}
