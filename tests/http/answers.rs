//! What goes back for what comes.

use std::sync::mpsc::channel;
use std::time::Duration;

use sockeye::http::{self, Limits, Method, Request, Response, Status};
use sockeye::testing::{Harness, Side};
use sockeye::{ErrorKind, Server};

use crate::answer::{Answer, get, post, post_chunked};
use crate::common::{LIMIT, Peer, Setting, eventually};
use crate::on_all_streams;

on_all_streams!(requests_are_answered_in_order, a_shutdown_lets_requests_finish);

fn tell(request: &mut Request<'_>) -> String {
    format!("{} {} {:?}", request.method(), request.target(), request.text())
}

fn requests_are_answered_in_order(setting: Setting) {
    let service = setting.service();
    let server = setting.serve(&service, http::server(tell));
    let mut peer = Peer::new(&server);
    let mut requests = String::new();
    for number in 0..1000 {
        requests += &get(&format!("/{number}"), "");
        requests += &post_chunked(&format!("/{number}"), "abc");
        requests += &post(&format!("/{number}"), "abc");
    }
    peer.send(requests + &get("/last", "Connection: close\r\n"));
    let answers = Answer::all(peer.receive_to_end());
    let mut texts = answers.iter().map(Answer::text);
    for number in 0..1000 {
        assert_eq!(texts.next(), Some(&*format!("GET /{number} Some(\"\")")));
        assert_eq!(texts.next(), Some(&*format!("POST /{number} Some(\"abc\")")));
        assert_eq!(texts.next(), Some(&*format!("POST /{number} Some(\"abc\")")));
    }
    assert_eq!(texts.next(), Some("GET /last Some(\"\")"));
    // A turn is counted at its end.
    eventually("all is counted", || {
        let stats = server.metrics().stats;
        (stats.messages_received, stats.messages_sent) == (3001, 3001)
    });
}

#[test]
fn an_answer_is_written_like_this() {
    let mut peer = Harness::new(http::server(|_: &mut Request<'_>| {
        Response::text("hello").header("X-One", "1").with_status(Status::CREATED)
    }));
    let answer = String::from_utf8(peer.feed(get("/", ""))).unwrap();
    let (date, rest): (Vec<&str>, Vec<&str>) =
        answer.split_inclusive("\r\n").partition(|line| line.starts_with("Date: "));
    let wanted = "HTTP/1.1 201 Created\r\nContent-Type: text/plain; charset=utf-8\r\nX-One: 1\r\n\
                  Content-Length: 5\r\n\r\nhello";
    assert_eq!(rest.concat(), wanted);
    let date = date.concat();
    let date = date.trim_end().strip_prefix("Date: ").unwrap();
    assert!(http::date::parse(date).is_some(), "{date}");
}

#[test]
fn versions_and_fields_say_whether_the_connection_stays() {
    for (request, said, stays) in [
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", None, true),
        ("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", Some("close"), false),
        ("GET / HTTP/1.0\r\n\r\n", Some("close"), false),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", Some("keep-alive"), true),
    ] {
        let mut peer = Harness::new(http::server(tell));
        let answer = Answer::only(peer.feed(request));
        assert_eq!((answer.field("connection"), !peer.is_finished()), (said, stays), "{request}");
    }
    // The handler may want the end, too.
    let close = |_: &mut Request<'_>| Response::ok().header("Connection", "close");
    let mut peer = Harness::new(http::server(close));
    assert_eq!(Answer::only(peer.feed(get("/", ""))).field("connection"), Some("close"));
    assert!(peer.is_finished());
}

#[test]
fn some_answers_have_no_body() {
    let status = |request: &mut Request<'_>| {
        let code: u16 = request.raw_path()[1..].parse().unwrap();
        Response::text("some text").with_status(Status::new(code).unwrap())
    };
    let mut peer = Harness::new(http::server(status));
    let mut ask = |method: &str, code: u16| {
        let answer = peer.feed(format!("{method} /{code} HTTP/1.1\r\nHost: x\r\n\r\n"));
        let method = method.parse::<Method>().unwrap();
        let mut rest = &answer[..];
        let answer = Answer::take(&mut rest, method);
        assert!(rest.is_empty());
        (answer.status, answer.field("content-length").map(String::from), answer.body.len())
    };
    assert_eq!(ask("GET", 200), (200, Some("9".into()), 9));
    assert_eq!(ask("HEAD", 200), (200, Some("9".into()), 0));
    assert_eq!(ask("GET", 204), (204, None, 0));
    assert_eq!(ask("GET", 304), (304, None, 0));
    assert_eq!(ask("HEAD", 404), (404, Some("9".into()), 0));
    // What is no answer is none.
    assert_eq!(ask("GET", 100).0, 500);
}

#[test]
fn answers_given_later_come_in_order() {
    let (given, taken) = channel();
    let protocol = http::server(move |request: &mut Request<'_>| {
        if request.raw_path() == "/now" {
            return Response::text("now");
        }
        let (response, later) = Response::later();
        given.send(later).unwrap();
        response.map(|response| response.header("Changed", "yes"))
    });
    let mut peer = Harness::new(protocol);
    assert_eq!(peer.feed(get("/later", "") + &get("/now", "")), b"");
    taken.recv().unwrap().answer((Status::CREATED, "later"));
    let answers = Answer::all(peer.take());
    assert_eq!((answers[0].status, answers[0].text()), (201, "later"));
    assert_eq!(answers[0].field("changed"), Some("yes"));
    assert_eq!((answers[1].status, answers[1].text()), (200, "now"));
    // Who forgets to answer has answered.
    peer.feed(get("/later", ""));
    drop(taken.recv().unwrap());
    assert_eq!(Answer::only(peer.take()).status, 500);
    // Who is gone needs none, and that can be seen.
    peer.feed(get("/later", ""));
    let later = taken.recv().unwrap();
    assert!(!later.is_closed());
    peer.reset();
    assert!(later.is_closed());
    later.answer("nobody hears");
}

#[test]
fn a_client_that_has_finished_sending_gets_its_answer() {
    let (given, taken) = channel();
    let mut peer = Harness::new(http::server(move |_: &mut Request<'_>| {
        let (response, later) = Response::later();
        given.send(later).unwrap();
        response
    }));
    peer.feed(get("/", ""));
    assert_eq!(peer.finish(), b"");
    taken.recv().unwrap().answer("here");
    let answer = Answer::only(peer.take());
    assert_eq!((answer.text(), answer.field("connection")), ("here", Some("close")));
    assert!(peer.closed().is_some());
}

#[test]
fn a_panic_is_answered_and_nobody_else_notices() {
    let mut peer = Harness::new(http::server(|request: &mut Request<'_>| {
        assert!(request.raw_path() != "/bad", "that went wrong");
        "good"
    }));
    let answers = Answer::all(peer.feed(get("/", "") + &get("/bad", "") + &get("/", "")));
    assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [200, 500]);
    assert_eq!(answers[1].field("connection"), Some("close"));
    assert!(peer.is_finished());
}

#[test]
fn no_field_says_more_than_it_seems_to() {
    for (name, value) in
        [("X", "a\r\nSet-Cookie: b"), ("X", "a\nb"), ("X\r\n", "a"), ("X y", "a"), ("X", "a\0")]
    {
        let mut peer = Harness::new(http::server(move |_: &mut Request<'_>| {
            Response::text("secret").header(name, value)
        }));
        let answer = Answer::only(peer.feed(get("/", "")));
        assert_eq!((answer.status, answer.text(), answer.field("set-cookie")), (500, "", None));
    }
    // What concerns the connection is the server's to say.
    let mut peer = Harness::new(http::server(|_: &mut Request<'_>| {
        Response::text("hello").header("Content-Length", "3").header("Transfer-Encoding", "chunked")
    }));
    assert_eq!(Answer::only(peer.feed(get("/", ""))).text(), "hello");
}

#[test]
fn trace_gives_back_what_was_sent_but_for_secrets() {
    let mut peer = Harness::new(http::server(|request: &mut Request<'_>| Response::trace(request)));
    let trace =
        "TRACE /a HTTP/1.1\r\nHost: x\r\ncookie: a=b\r\nAuthorization: Basic x\r\nA:  b\r\n\r\n";
    let answer = Answer::only(peer.feed(trace));
    assert_eq!(answer.field("content-type"), Some("message/http"));
    assert_eq!(answer.text(), "TRACE /a HTTP/1.1\r\nHost: x\r\nA:  b\r\n\r\n");
}

/// Neither do they grow the queue without bound, nor are they read without bound.
#[test]
fn requests_are_held_up_by_who_reads_no_answers() {
    let protocol = http::server(|_: &mut Request<'_>| "x".repeat(900));
    let limits = sockeye::Limits::default().marks(10_000, 100_000);
    let mut peer = Harness::new(Side::new(protocol).limits(limits).capacity(1000));
    peer.pause();
    peer.feed(get("/", "").repeat(10_000));
    let queued = peer.handle().pending();
    assert!((100_000..200_000).contains(&queued), "{queued}");
    assert!(peer.unsent() > 200_000, "{}", peer.unsent());
    let mut answer = Vec::new();
    while peer.unsent() > 0 || peer.handle().pending() > 0 {
        answer.extend(peer.resume());
    }
    answer.extend(peer.take());
    assert_eq!(Answer::all(answer).len(), 10_000);
}

fn a_shutdown_lets_requests_finish(setting: Setting) {
    let (given, taken) = channel();
    let service = setting.service();
    let server = setting.serve(
        &service,
        http::server(move |request: &mut Request<'_>| match request.raw_path() {
            "/now" => Response::text("now"),
            _ => {
                let (response, later) = Response::later();
                given.send(later).unwrap();
                response
            }
        }),
    );
    let [mut idle, mut busy] = [(); 2].map(|()| Peer::new(&server));
    idle.send(get("/now", ""));
    let head = idle.receive(17);
    assert_eq!(head, b"HTTP/1.1 200 OK\r\n");
    busy.send(get("/later", ""));
    let later = taken.recv_timeout(LIMIT).unwrap();
    let stopping = std::thread::spawn({
        let server = Server::clone(&server);
        move || server.shutdown(LIMIT)
    });
    idle.receive_to_end();
    later.answer("at last");
    let answer = Answer::only(busy.receive_to_end());
    assert_eq!(answer.text(), "at last");
    drop((idle, busy));
    stopping.join().unwrap().unwrap();
    eventually("all are gone", || server.connections() == 0);
    assert_eq!(server.metrics().closed.because("shutdown"), 2);
}

#[test]
fn limits_hold_for_each_head() {
    let limits = Limits::default().line(100).fields(3).head(300).keep_alive(Duration::from_secs(1));
    for (request, status) in [
        (get(&format!("/{}", "x".repeat(80)), ""), 200),
        (get(&format!("/{}", "x".repeat(100)), ""), 414),
        (get("/", "A: b\r\nC: d\r\n"), 200),
        (get("/", "A: b\r\nC: d\r\nE: f\r\n"), 431),
        (get("/", &format!("A: {}\r\n", "b".repeat(300))), 431),
    ] {
        let mut peer = Harness::new(http::server_with(limits.clone(), tell));
        assert_eq!(Answer::only(peer.feed(&request)).status, status, "{request}");
    }
}

#[test]
fn a_request_tells_what_was_asked() {
    let mut peer = Harness::new(http::server(|request: &mut Request<'_>| {
        assert_eq!((request.raw_path(), request.raw_query()), ("/a%20b", "c=d+e&f=%26&c=2"));
        assert_eq!(request.path(), "/a b");
        assert_eq!(request.query("c").as_deref(), Some("d e"));
        assert_eq!(request.query("f").as_deref(), Some("&"));
        assert_eq!(request.query("g"), None);
        assert_eq!(request.queries().count(), 3);
        assert_eq!(request.host(), "host:80");
        assert_eq!(request.cookie("b"), Some("c=d"));
        assert_eq!(request.cookies().count(), 2);
        assert_eq!(request.headers().len(), 4);
        assert!(request.is_content("application/x-www-form-urlencoded"));
        assert_eq!(request.form().collect::<Vec<_>>(), [("k".into(), "v w".into())]);
        "as it should be"
    }));
    let answer = Answer::only(peer.feed(
        "POST http://host:80/a%20b?c=d+e&f=%26&c=2 HTTP/1.1\r\nHost: other\r\nContent-Length: 5\r\n\
         Cookie: a=1; b=c=d\r\nContent-Type: application/x-www-form-urlencoded; charset=utf-8\r\n\r\nk=v+w",
    ));
    assert_eq!(answer.text(), "as it should be");
}

/// The reason of a connection's end and the errors on the way are told.
#[test]
fn a_field_that_cannot_be_sent_is_reported() {
    let (told, errors) = channel();
    let service = sockeye::Service::builder().threads(1).start().unwrap();
    struct Teller(std::sync::mpsc::Sender<sockeye::Error>);
    impl sockeye::server::Events for Teller {
        fn on_error(&self, error: &sockeye::Error) {
            self.0.send(error.clone()).unwrap();
        }
    }
    let bad = |_: &mut Request<'_>| Response::ok().header("A", "b\nc");
    let builder = Server::builder(&service, http::server(bad)).events(Teller(told));
    let server = builder.listen("127.0.0.1:0").unwrap();
    let mut peer = Peer::new(&server);
    peer.send(get("/", "Connection: close\r\n"));
    assert_eq!(Answer::only(peer.receive_to_end()).status, 500);
    let error = errors.recv_timeout(LIMIT).unwrap();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("set a field"), "{error}");
}
