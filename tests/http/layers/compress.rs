use std::io::Read;

use flate2::read::{GzDecoder, ZlibDecoder};
use sockeye::Bytes;
use sockeye::http::layers::Compress;
use sockeye::http::{Body, Request, Response, Router, Status};

use crate::answer::{Answer, get};
use crate::asking::Asker;

fn text(len: usize) -> String {
    "Call me Ishmael. ".chars().cycle().take(len).collect()
}

fn gunzipped(answer: &Answer) -> String {
    let mut text = String::new();
    match answer.field("content-encoding") {
        Some("gzip") => GzDecoder::new(&*answer.body).read_to_string(&mut text).unwrap(),
        Some("deflate") => ZlibDecoder::new(&*answer.body).read_to_string(&mut text).unwrap(),
        _ => return answer.text().into(),
    };
    text
}

/// Answers with that, whatever is asked.
fn site(answer: fn() -> Response) -> Asker {
    let answering = move |_: &mut Request<'_>| answer();
    Asker::new(Router::new().any("/", answering).layer(Compress::new()))
}

fn ask(answer: fn() -> Response) -> Answer {
    site(answer).ask_with("GET /", &["Accept-Encoding: gzip"], b"")
}

#[test]
fn the_client_says_how() {
    let mut site = site(|| Response::text(text(5000)));
    for (accepted, coding) in [
        ("gzip, deflate, br", Some("gzip")),
        ("deflate", Some("deflate")),
        ("gzip;q=0.5, deflate;q=0.8", Some("deflate")),
        ("x-gzip", Some("gzip")),
        ("*", Some("gzip")),
        ("gzip;q=0", None),
        ("identity, gzip;q=0.5", None),
        ("br", None),
        ("", None),
    ] {
        let answer = site.ask_with("GET /", &[&format!("Accept-Encoding: {accepted}")], b"");
        assert_eq!(answer.field("content-encoding"), coding, "{accepted}");
        assert_eq!(answer.field("vary"), Some("Accept-Encoding"), "{accepted}");
        assert_eq!(gunzipped(&answer), text(5000), "{accepted}");
        let len = answer.body.len().to_string();
        assert_eq!(answer.field("content-length"), Some(&*len), "{accepted}");
        assert_eq!(coding.is_some(), answer.body.len() < 200, "{accepted}");
    }
    assert_eq!(gunzipped(&site.ask("GET /")), text(5000));
    let answer = site.ask_with("PUT /", &["Accept-Encoding: gzip"], b"body");
    assert_eq!(answer.field("content-encoding"), Some("gzip"));
}

#[test]
fn long_bodies_and_streams_go_in_chunks() {
    fn pieces() -> Response {
        let pieces = (0..10).map(|_| Ok(Bytes::from(text(1000))));
        Response::content("text/plain", Body::pieces(pieces))
    }
    fn stream() -> Response {
        let (response, body) = Response::stream("text/plain");
        for _ in 0..10 {
            assert!(body.send(text(1000)).is_queued());
        }
        let mut trailers = sockeye::http::Fields::new();
        trailers.insert("X-Trailer", "there").unwrap();
        body.finish_with(trailers);
        response
    }
    for (answer, wanted) in [
        (site(|| Response::text(text(1 << 20))), text(1 << 20)),
        (site(pieces), text(1000).repeat(10)),
        (site(stream), text(1000).repeat(10)),
        (site(|| Response::content("text/plain", Body::reader(&b"abc"[..], None))), "abc".into()),
    ] {
        let mut site = answer;
        let answer = site.ask_with("GET /", &["Accept-Encoding: gzip"], b"");
        assert_eq!(answer.field("transfer-encoding"), Some("chunked"));
        assert_eq!(answer.field("content-encoding"), Some("gzip"));
        assert_eq!(gunzipped(&answer), wanted);
        assert!(answer.body.len() < 20_000);
        assert!(answer.trailers.is_empty() || answer.trailers.str("x-trailer") == Some("there"));
    }
    assert!(ask(stream).trailers.contains("x-trailer"));
}

#[test]
fn pieces_of_a_stream_do_not_wait() {
    let (given, taken) = std::sync::mpsc::channel();
    let events = move |_: &mut Request<'_>| {
        let (response, body) = Response::stream("text/event-stream");
        given.send(body).unwrap();
        response
    };
    let mut site = Asker::new(Router::new().get("/", events).layer(Compress::new()));
    let mut answer = site.0.feed(get("/", "Accept-Encoding: gzip\r\n"));
    let body = taken.recv().unwrap();
    for event in ["data: 1\n\n", "data: 2\n\n"] {
        assert!(body.send(event).is_queued());
        let more = site.0.take();
        assert!(!more.is_empty());
        answer.extend(more);
    }
    body.finish();
    answer.extend(site.0.take());
    assert_eq!(gunzipped(&Answer::only(answer)), "data: 1\n\ndata: 2\n\n");
}

#[test]
fn a_body_that_is_cut_off_stays_cut_off() {
    let (response, body) = Response::stream("text/plain");
    let response = std::sync::Mutex::new(Some(response));
    let once = move |_: &mut Request<'_>| response.lock().unwrap().take();
    let mut site = Asker::new(Router::new().get("/", once).layer(Compress::new()));
    let answer = site.0.feed(get("/", "Accept-Encoding: gzip\r\n"));
    assert!(answer.ends_with(b"\r\n\r\n"));
    drop(body);
    assert!(!site.0.take().ends_with(b"0\r\n\r\n"));
    assert!(site.0.is_reset());
}

#[test]
fn what_must_not_be_changed_is_not() {
    let answers: [fn() -> Response; 10] = [
        || Response::content("image/png", text(5000)),
        || Response::text(text(1023)),
        || Response::new(Status::OK).with_body(text(5000)),
        || Response::text(text(5000)).header("Content-Encoding", "br"),
        || Response::text(text(5000)).with_status(Status::PARTIAL_CONTENT),
        || Response::text(text(5000)).header("Cache-Control", "public, No-Transform"),
        || Response::text(text(5000)).header("Repr-Digest", "sha-256=:AA==:"),
        || Response::new(Status::NOT_MODIFIED).header("Content-Type", "text/plain"),
        || Response::new(Status::NO_CONTENT).header("Content-Type", "text/plain"),
        || Response::text(Body::reader(&b"abc"[..], 3)),
    ];
    for (at, answer) in answers.into_iter().enumerate() {
        let plain = site(answer).ask("GET /");
        let answer = ask(answer);
        assert_eq!(answer.field("content-encoding"), plain.field("content-encoding"), "{at}");
        assert_eq!((&answer.body, answer.field("vary")), (&plain.body, None), "{at}");
    }
}

#[test]
fn what_does_not_become_shorter_stays_as_it_is() {
    fn noise() -> Response {
        let mut state = 1_u64;
        let bytes = (0..2000).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        });
        Response::content("text/plain", bytes.collect::<Vec<_>>())
    }
    let answer = ask(noise);
    assert_eq!((answer.field("content-encoding"), answer.body.len()), (None, 2000));
    assert_eq!(answer.field("vary"), Some("Accept-Encoding"));
}

#[test]
fn tags_become_weak_and_variants_are_told() {
    let answer =
        ask(|| Response::text(text(5000)).header("ETag", "\"1\"").header("Vary", "Origin"));
    assert_eq!(answer.field("etag"), Some("W/\"1\""));
    assert_eq!(answer.fields.all("vary").collect::<Vec<_>>(), [&b"Origin"[..], b"Accept-Encoding"]);
    let answer = ask(|| {
        Response::text(text(5000)).header("ETag", "W/\"1\"").header("Vary", "accept-encoding")
    });
    assert_eq!(answer.field("etag"), Some("W/\"1\""));
    assert_eq!(answer.fields.all("vary").count(), 1);
    let plain = site(|| Response::text(text(5000)).header("ETag", "\"1\"")).ask("GET /");
    assert_eq!(plain.field("etag"), Some("\"1\""));
}

#[test]
fn head_does_not_say_a_wrong_length() {
    let mut site = site(|| Response::text(text(5000)));
    let answer = site.ask_with("HEAD /", &["Accept-Encoding: gzip"], b"");
    assert_eq!(answer.field("content-encoding"), Some("gzip"));
    assert_eq!((answer.field("content-length"), answer.body.len()), (None, 0));
    assert_eq!(site.ask("HEAD /").field("content-length"), Some("5000"));
}

#[test]
fn answers_given_later_are_compressed() {
    let later = |_: &mut Request<'_>| {
        let (response, later) = Response::later();
        later.answer(text(5000));
        response
    };
    let mut site = Asker::new(Router::new().get("/", later).layer(Compress::new().level(1)));
    let answer = site.ask_with("GET /", &["Accept-Encoding: gzip"], b"");
    assert_eq!((answer.field("content-encoding"), gunzipped(&answer)), (Some("gzip"), text(5000)));
}

#[test]
fn an_old_client_gets_it_until_the_end() {
    let mut site = site(|| Response::text(text(1 << 20)));
    let answer = site.0.feed("GET / HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n");
    let answer = Answer::only(answer);
    assert_eq!((answer.field("transfer-encoding"), gunzipped(&answer).len()), (None, 1 << 20));
    assert!(site.0.is_finished());
}
