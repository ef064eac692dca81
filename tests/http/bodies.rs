//! Bodies in pieces, both ways, and what happens when they are cut off.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use sockeye::http::{
    self, Body, BodyReader, BodySender, Fields, Handler, Later, Receiver, Reception, Request,
    Response, Status,
};
use sockeye::raw::Session;
use sockeye::testing::{Harness, Side};
use sockeye::{Bytes, CloseReason, Limits, Service, Violation};

use crate::answer::{Answer, get, post, post_chunked};
use crate::common::{Peer, Setting, eventually, serve};
use crate::{on_all_streams, on_tcp};

on_all_streams!(bodies_go_through_threads, a_body_that_is_cut_off_is_told_of);
on_tcp!(a_long_body_takes_little_memory);

/// The bytes of a body, the same each time.
fn letters(len: usize) -> Vec<u8> {
    (0..len).map(|at| b'a' + (at % 23) as u8).collect()
}

/// Reads the body in one thread, and sends it back from there.
fn mirror() -> impl Handler {
    http::streamed(|_: &mut Request<'_>, mut body: BodyReader, later: Later| {
        thread::spawn(move || {
            let mut all = Vec::new();
            body.read_to_end(&mut all).unwrap();
            let (response, mut sender) = Response::stream("text/plain");
            later.answer(response);
            all.chunks(10_000).for_each(|piece| sender.write_all(piece).unwrap());
            sender.finish();
        });
    })
}

fn bodies_go_through_threads(setting: Setting) {
    let service = setting.service();
    let server = setting.serve(&service, http::server(mirror()));
    let mut peer = Peer::new(&server);
    let mut sender = peer.another_handle();
    let body = letters(2_000_000);
    thread::scope(|scope| {
        scope.spawn(|| {
            let head =
                format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len());
            sender.send(head);
            sender.send(&body);
            let fields = "Connection: close\r\n";
            sender.send(get("/", fields));
        });
        let answers = Answer::all(peer.receive_what_comes());
        assert_eq!(answers.len(), 2);
        assert!(answers[0].body == body && answers[1].body.is_empty());
    });
}

/// Takes each piece, and tells what became of it.
struct Pieces(Sender<String>);

impl Handler for Pieces {
    fn handle(&self, _: &mut Request<'_>) -> Response {
        unreachable!("there are bodies only")
    }

    fn begin(&self, _: &mut Request<'_>) -> Reception {
        Reception::Each(Box::new(Piece { told: self.0.clone(), bytes: 0 }))
    }
}

struct Piece {
    told: Sender<String>,
    bytes: usize,
}

impl Receiver for Piece {
    fn on_data(&mut self, _: &mut Session<'_>, data: &[u8]) -> Option<Response> {
        self.bytes += data.len();
        data.contains(&b'!').then(|| Response::error(Status::FORBIDDEN, "No shouting"))
    }

    fn on_end(self: Box<Self>, request: &mut Request<'_>) -> Response {
        let trailer = request.trailers().and_then(|fields| fields.str("sum").map(String::from));
        self.told.send(format!("{} bytes, {trailer:?}", self.bytes)).unwrap();
        Response::ok()
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let _ = self.told.send("dropped".into());
    }
}

#[test]
fn a_receiver_gets_pieces_and_trailers() {
    let (told, tells) = channel();
    let mut peer = Harness::new(http::server(Pieces(told)));
    let chunked = post_chunked("/", "abc").replace("0\r\n\r\n", "0\r\nSum: 6\r\n\r\n");
    assert_eq!(Answer::only(peer.feed(&chunked)).status, 200);
    assert_eq!(tells.recv().unwrap(), "3 bytes, Some(\"6\")");
    assert_eq!(tells.recv().unwrap(), "dropped");
    // It may have enough of it before the end; then nobody knows where the next request begins.
    let answer =
        Answer::only(peer.feed("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhey!"));
    assert_eq!((answer.status, answer.field("connection")), (403, Some("close")));
    assert_eq!(tells.recv().unwrap(), "dropped");
    assert!(peer.is_finished());
}

#[test]
fn a_body_is_asked_for_by_who_is_waited_for() {
    let mut peer = Harness::new(http::server(|request: &mut Request<'_>| request.body().to_vec()));
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    assert_eq!(peer.feed(head), b"HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(Answer::only(peer.feed("hello")).text(), "hello");
    // Who does not wait is not asked.
    assert_eq!(Answer::only(peer.feed(head.to_owned() + "hello")).text(), "hello");
    assert!(peer.closed().is_none());
}

#[test]
fn a_body_that_is_not_wanted_is_not_asked_for() {
    struct Never;
    impl Handler for Never {
        fn handle(&self, _: &mut Request<'_>) -> Response {
            Response::ok()
        }
        fn begin(&self, _: &mut Request<'_>) -> Reception {
            Reception::answer((Status::FORBIDDEN, "No"))
        }
    }
    let mut peer = Harness::new(http::server(Never));
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    let answer = Answer::only(peer.feed(head));
    assert_eq!((answer.status, answer.field("connection")), (403, Some("close")));
    assert!(peer.is_finished());
    // One that is there already is skipped.
    let mut peer = Harness::new(http::server(Never));
    let answers = Answer::all(peer.feed(post("/", "hello") + &get("/", "")));
    assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [403, 200]);
}

#[test]
fn a_body_that_is_too_long_is_refused_at_its_head() {
    let limits = http::Limits::default().body(10);
    let echo = |request: &mut Request<'_>| request.body().to_vec();
    for (body, status) in [("0123456789", 200), ("0123456789a", 413)] {
        for request in [post("/", body), post_chunked("/", body)] {
            let mut peer = Harness::new(http::server_with(limits.clone(), echo));
            let answer = Answer::only(peer.feed(request));
            assert_eq!(answer.status, status);
            assert_eq!(peer.is_finished(), status == 413);
        }
    }
}

fn a_body_that_is_cut_off_is_told_of(setting: Setting) {
    let (told, tells) = channel();
    let service = setting.service();
    let handler = http::streamed(move |_: &mut Request<'_>, mut body: BodyReader, later: Later| {
        let told = told.clone();
        thread::spawn(move || {
            let failed = io::copy(&mut body, &mut io::sink()).unwrap_err();
            told.send(failed.to_string()).unwrap();
            drop(later);
        });
    });
    let server = setting.serve(&service, http::server(handler));
    let mut peer = Peer::new(&server);
    peer.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello");
    peer.finish();
    peer.receive_what_comes();
    let failed = tells.recv().unwrap();
    assert!(failed.contains("an end in the middle of a message"), "{failed}");
}

#[test]
fn a_cut_body_is_never_taken_for_whole() {
    for request in [post("/", "hello"), post_chunked("/", "hello")] {
        let head = request.find("\r\n\r\n").unwrap() + 4;
        for end in head..request.len() {
            let mut peer = Harness::new(http::server(|_: &mut Request<'_>| {
                unreachable!("it is not complete");
                #[expect(unreachable_code, reason = "what a handler returns")]
                ""
            }));
            assert_eq!(peer.feed(&request[..end]), b"");
            peer.finish();
            let reason = peer.closed().unwrap();
            assert!(matches!(reason, CloseReason::Protocol(Violation::Incomplete)), "{reason:?}");
        }
    }
}

/// Sends a body of this length from a thread, to a client who reads what the handler has sent.
fn a_long_body_takes_little_memory(setting: Setting) {
    const LEN: usize = 64 << 20;
    let service = setting.service();
    let server = setting.serve(
        &service,
        http::server(|_: &mut Request<'_>| {
            let piece = Bytes::from(letters(64 << 10));
            Response::content(
                "text/plain",
                Body::pieces(std::iter::repeat_n(piece, LEN >> 16).map(Ok)),
            )
        }),
    );
    let mut peer = Peer::new(&server);
    peer.send(get("/", "Connection: close\r\n"));
    let (mut received, mut most) = (0, 0);
    while received < LEN {
        received += peer.receive(1 << 16).len();
        most = most.max(server.metrics().queued_most);
    }
    assert!((1..1 << 20).contains(&most), "{most} bytes were queued");
    peer.receive_what_comes();
}

#[test]
fn a_body_that_ends_too_early_cuts_the_connection() {
    let short = |_: &mut Request<'_>| Response::ok().with_body(Body::reader(&b"hello"[..], 6));
    let mut peer = Harness::new(http::server(short));
    let answer = String::from_utf8(peer.feed(get("/", ""))).unwrap();
    assert!(!answer.ends_with("\r\n\r\n") || peer.is_reset(), "{answer}");
    assert!(matches!(peer.closed(), Some(CloseReason::Aborted)));
    // One that goes on is cut to what was said.
    let long = |_: &mut Request<'_>| Response::ok().with_body(Body::reader(&b"hello"[..], 4));
    let mut peer = Harness::new(http::server(long));
    assert_eq!(Answer::only(peer.feed(get("/", ""))).text(), "hell");
    assert_eq!(Answer::only(peer.feed(get("/", ""))).text(), "hell");
}

#[test]
fn a_sender_that_is_dropped_cuts_the_connection() {
    let (given, senders) = channel::<BodySender>();
    let mut peer = Harness::new(http::server(move |_: &mut Request<'_>| {
        let (response, sender) = Response::stream("text/plain");
        given.send(sender).unwrap();
        response
    }));
    peer.feed(get("/", ""));
    let sender = senders.recv().unwrap();
    assert!(sender.send("some").is_queued());
    assert_eq!(peer.take(), b"4\r\nsome\r\n");
    drop(sender);
    peer.run();
    assert!(peer.is_reset());
    // The other way round the sender is told.
    let (given, senders) = channel::<BodySender>();
    let mut peer = Harness::new(http::server(move |_: &mut Request<'_>| {
        let (response, sender) = Response::stream("text/plain");
        given.send(sender).unwrap();
        response
    }));
    peer.feed(get("/", ""));
    let sender = senders.recv().unwrap();
    peer.reset();
    eventually("the sender is told", || sender.is_closed());
}

#[test]
fn trailers_go_behind_chunks() {
    let mut peer = Harness::new(http::server(|_: &mut Request<'_>| {
        let (response, sender) = Response::stream("text/plain");
        sender.send("body");
        let mut trailers = Fields::new();
        trailers.insert("Sum", "4").unwrap();
        sender.finish_with(trailers);
        response
    }));
    let answer = Answer::only(peer.feed(get("/", "")));
    assert_eq!((answer.text(), answer.trailers.str("sum")), ("body", Some("4")));
}

/// A source that has nothing to say, and does not end, holds up nobody else.
#[test]
fn empty_pieces_are_not_asked_for_without_end() {
    let said = Arc::new(AtomicBool::new(false));
    let handler = move |request: &mut Request<'_>| {
        if request.raw_path() == "/say" {
            said.store(true, Ordering::Relaxed);
            return Response::ok();
        }
        let said = Arc::clone(&said);
        let pieces = std::iter::from_fn(move || match said.load(Ordering::Relaxed) {
            true => None,
            false => Some(Ok(Bytes::new())),
        });
        Response::ok().with_body(Body::pieces(pieces))
    };
    let service = Service::builder().threads(1).start().unwrap();
    let server = serve(&service, http::server(handler));
    let [mut waits, mut says] = [(); 2].map(|()| Peer::new(&server));
    waits.send(get("/", "Connection: close\r\n"));
    says.send(get("/say", "Connection: close\r\n"));
    assert_eq!(Answer::only(says.receive_to_end()).status, 200);
    assert_eq!(Answer::only(waits.receive_to_end()).body, b"");
}

/// What is written ahead of a client that takes nothing is bounded.
#[test]
fn a_slow_client_holds_up_the_source() {
    let (told, tells) = channel();
    let protocol = http::server(move |_: &mut Request<'_>| {
        let told = told.clone();
        let pieces = std::iter::from_fn(move || {
            told.send(()).unwrap();
            Some(Ok(letters(10_000).into()))
        });
        Response::ok().with_body(Body::pieces(pieces.take(1000)))
    });
    let limits = Limits::default().marks(10_000, 100_000);
    let mut peer = Harness::new(Side::new(protocol).limits(limits).capacity(1000));
    peer.pause();
    peer.feed(get("/", ""));
    assert!((9..=11).contains(&tells.try_iter().count()));
    let mut answer = Vec::new();
    while tells.try_recv().is_ok() || answer.len() < 10_000_000 {
        answer.extend(peer.resume());
    }
    assert_eq!(Answer::only(answer).body.len(), 10_000_000);
}
