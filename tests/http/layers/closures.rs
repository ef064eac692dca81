//! Layers of the program's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use sockeye::http::{
    self, BodyReader, Handler, IntoResponse, Later, Layer, Next, Receiver, Reception, Request,
    Response, Router, Status, layers,
};
use sockeye::raw;

use crate::answer::Answer;
use crate::asking::Asker;

/// Counts the bytes as they come, and tells of each piece.
struct Count(usize);

impl Receiver for Count {
    fn on_data(&mut self, _: &mut raw::Session<'_>, data: &[u8]) -> Option<Response> {
        self.0 += data.len();
        (data == b"stop").then(|| "stopped".into_response())
    }

    fn on_end(self: Box<Self>, _: &mut Request<'_>) -> Response {
        Response::text(format!("{} in pieces", self.0))
    }
}

struct Counting(Arc<AtomicUsize>);

impl Handler for Counting {
    fn handle(&self, request: &mut Request<'_>) -> Response {
        Response::text(format!("{} as a whole", request.body().len()))
    }

    fn begin(&self, _: &mut Request<'_>) -> Reception {
        self.0.fetch_add(1, Ordering::Relaxed);
        Reception::Each(Box::new(Count(0)))
    }
}

fn refuse(request: &mut Request<'_>, next: Next<'_>) -> Response {
    match request.header("x-ok") {
        Some(_) => next.run(request),
        None => Status::FORBIDDEN.into(),
    }
}

#[test]
fn no_body_gets_around_a_closure() {
    let begun = Arc::new(AtomicUsize::new(0));
    let mut site = Asker::new(Router::new().post("/", Counting(begun.clone())).layer(refuse));
    assert_eq!(site.ask_with("POST /", &[], b"12345").status, 403);
    let answer = site.ask_with("POST /", &["X-Ok: 1"], b"12345");
    assert_eq!((answer.status, answer.text()), (200, "5 as a whole"));
    assert_eq!(begun.load(Ordering::Relaxed), 0);
}

#[test]
fn a_closure_is_called_once_for_a_request() {
    let called = Arc::new(AtomicUsize::new(0));
    let count = called.clone();
    let layer = move |request: &mut Request<'_>, next: Next<'_>| {
        count.fetch_add(1, Ordering::Relaxed);
        next.run(request).map(|answer| answer.header("Around", "yes"))
    };
    let router =
        Router::new().post("/", |request: &mut Request<'_>| format!("{:?}", request.text()));
    let mut site = Asker::new(router.layer(layer));
    for (at, line, body, status) in [
        (1, "POST /", &b"abc"[..], 200),
        (2, "POST /", b"", 200),
        (3, "POST /none", b"abc", 404),
        (4, "GET /none", b"", 404),
        (5, "PUT /", b"abc", 405),
    ] {
        let answer = site.ask_with(line, &[], body);
        assert_eq!((answer.status, answer.field("around")), (status, Some("yes")), "{line}");
        assert_eq!(called.load(Ordering::Relaxed), at, "{line}");
    }
}

#[test]
fn pieces_pass_checks_and_changes() {
    let begun = Arc::new(AtomicUsize::new(0));
    let check =
        |request: &mut Request<'_>| request.header("x-ok").map(drop).ok_or(Status::FORBIDDEN);
    let router = || {
        Router::new()
            .post("/", Counting(begun.clone()))
            .layer(layers::after(|answer| answer.header("After", "yes")))
            .layer(layers::before(check))
    };
    let mut site = Asker::new(router());
    let answer = site.ask_with("POST /", &["X-Ok: 1"], b"12345");
    assert_eq!((answer.text(), answer.field("after")), ("5 in pieces", Some("yes")));
    let answer = Asker::new(router()).ask_with("POST /", &["X-Ok: 1"], b"stop");
    assert_eq!((answer.text(), answer.field("after")), ("stopped", Some("yes")));
    let answer = site.ask_with("POST /", &["X-Ok: 1"], b"");
    assert_eq!((answer.text(), answer.field("after")), ("0 as a whole", Some("yes")));
    assert_eq!(begun.load(Ordering::Relaxed), 2);
    // Before the body, and before the handler has begun.
    let answer = site.ask_with("POST /", &["Content-Length: 5", "Expect: 100-continue"], b"");
    assert_eq!((answer.status, answer.field("after")), (403, Some("yes")));
    assert_eq!(begun.load(Ordering::Relaxed), 2);
}

#[test]
fn answers_from_other_threads_are_changed_when_they_come() {
    let (given, taken) = mpsc::channel::<Later>();
    let streamed = http::streamed(move |_: &mut Request<'_>, _: BodyReader, later: Later| {
        given.send(later).unwrap();
    });
    let after = layers::after(|answer: Response| {
        let status = answer.status().code().to_string();
        answer.header("After", status)
    });
    let mut site = Asker::new(Router::new().any("/", streamed).layer(after));
    for request in [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na",
    ] {
        assert_eq!(site.0.feed(request), b"");
        taken.recv().unwrap().answer(Status::CREATED);
        let answer = Answer::only(site.0.take());
        assert_eq!((answer.status, answer.field("after")), (201, Some("201")), "{request}");
    }
}

#[test]
fn layers_see_parameters_and_hand_values_on() {
    struct Who(String);
    let layer = |request: &mut Request<'_>, next: Next<'_>| {
        let who = request.param("id").unwrap_or_default().into_owned();
        request.insert(Who(who + request.state::<&str>().unwrap()));
        next.run(request)
    };
    let router = Router::new().any("/{id}", |request: &mut Request<'_>| {
        format!("{:?}", request.get::<Who>().map(|who| &*who.0))
    });
    let mut site = Asker::new(router.state("!").layer(layer));
    assert_eq!(site.ask("GET /me").text(), "Some(\"me!\")");
    assert_eq!(site.ask_with("POST /me", &[], b"body").text(), "Some(\"me!\")");
}

/// With a `begin` of its own.
struct Late;

impl Layer for Late {
    fn handle(&self, request: &mut Request<'_>, next: Next<'_>) -> Response {
        next.run(request).map(|answer| answer.header("Late", "yes"))
    }

    fn begin(&self, request: &mut Request<'_>, next: Next<'_>) -> Reception {
        match request.header("x-ok") {
            Some(_) => next.begin(request),
            None => Reception::answer((Status::FORBIDDEN, "late")),
        }
    }
}

#[test]
fn what_an_inner_layer_answers_goes_through_the_outer_ones() {
    let begun = Arc::new(AtomicUsize::new(0));
    let outer = |request: &mut Request<'_>, next: Next<'_>| {
        next.run(request).map(|answer| answer.header("Outer", "yes"))
    };
    let router = Router::new().post("/", Counting(begun.clone())).layer(outer).layer(Late);
    let mut site = Asker::new(router);
    let answer = site.ask_with("POST /", &[], b"12345");
    assert_eq!(
        (answer.text(), answer.field("outer"), answer.field("late")),
        ("late", Some("yes"), None)
    );
    let answer = site.ask_with("POST /", &["X-Ok: 1"], b"12345");
    assert_eq!((answer.text(), answer.field("outer")), ("5 as a whole", Some("yes")));
    assert_eq!((answer.field("late"), begun.load(Ordering::Relaxed)), (Some("yes"), 0));
}
