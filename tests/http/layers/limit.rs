use std::sync::mpsc;
use std::time::Duration;

use sockeye::http::layers::Limit;
use sockeye::http::{self, BodyReader, Later, Request, Response, Router};

use crate::answer::{Answer, get};
use crate::asking::Asker;

/// A router whose answers are given by the test, and how.
fn slow(limit: &Limit) -> (Router, mpsc::Receiver<Later>) {
    let (given, taken) = mpsc::channel();
    let given_too = given.clone();
    let later = move |_: &mut Request<'_>| {
        let (response, later) = Response::later();
        given.send(later).unwrap();
        response
    };
    let streamed = http::streamed(move |_: &mut Request<'_>, _: BodyReader, later: Later| {
        given_too.send(later).unwrap();
    });
    let router =
        Router::new().get("/", later).post("/", streamed).put("/", |_: &mut Request<'_>| "put");
    (router.layer(limit.clone()), taken)
}

#[test]
fn so_many_are_let_in_at_a_time() {
    let limit = Limit::new(2).retry_after(Duration::from_secs(7));
    let (one, first) = slow(&limit);
    let (two, _second) = slow(&limit);
    let (three, _third) = slow(&limit);
    let [mut one, mut two, mut three] = [one, two, three].map(Asker::new);
    assert_eq!(one.0.feed(get("/", "")), b"");
    assert_eq!(two.0.feed("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"), b"");
    assert_eq!(limit.inside(), 2);
    let answer = three.ask("GET /");
    assert_eq!((answer.status, answer.field("retry-after")), (503, Some("7")));
    assert_eq!(three.ask_with("PUT /", &[], b"body").status, 503);
    first.recv().unwrap().answer("done");
    assert_eq!(Answer::only(one.0.take()).text(), "done");
    assert_eq!(limit.inside(), 1);
    assert_eq!(three.ask_with("PUT /", &[], b"body").text(), "put");
    assert_eq!(limit.inside(), 1);
    // Who goes away makes room as well.
    drop(two);
    assert_eq!(limit.inside(), 0);
}

#[test]
fn a_body_that_is_gathered_takes_no_place() {
    let limit = Limit::new(1);
    let [mut one, mut two] = [slow(&limit).0, slow(&limit).0].map(Asker::new);
    assert_eq!(one.0.feed("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na"), b"");
    assert_eq!(limit.inside(), 0);
    assert_eq!(two.ask_with("PUT /", &[], b"a").text(), "put");
    assert_eq!(Answer::only(one.0.feed("b")).text(), "put");
}

#[test]
fn a_panic_makes_room() {
    let limit = Limit::new(1);
    let broken = |_: &mut Request<'_>| -> &'static str { panic!("as told") };
    let mut site = Asker::new(Router::new().get("/", broken).layer(limit.clone()));
    assert_eq!(site.ask("GET /").status, 500);
    assert_eq!(limit.inside(), 0);
}
