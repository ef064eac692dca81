//! The log of a server's answers. A program has one logger, so that this is a program of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![cfg(feature = "http")]

use std::sync::{Mutex, PoisonError, mpsc};

use log::kv::{self, VisitSource};
use log::{Level, LevelFilter, Log, Metadata, Record};
use sockeye::http::{
    self, BodyReader, Later, Request, Response, Router, Status, layers::AccessLog,
};
use sockeye::testing::Harness;

/// Keeps the records about access.
struct Kept(Mutex<Vec<String>>);

static KEPT: Kept = Kept(Mutex::new(Vec::new()));

impl Log for Kept {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        matches!(metadata.target(), "sockeye::access" | "mine") && metadata.level() <= Level::Info
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let mut line = format!("{} {} {}", record.target(), record.level(), record.args());
            let _ = record.key_values().visit(&mut Pairs(&mut line));
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    }

    fn flush(&self) {}
}

struct Pairs<'a>(&'a mut String);

impl<'kvs> VisitSource<'kvs> for Pairs<'_> {
    fn visit_pair(&mut self, key: kv::Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        *self.0 += &format!(" {key}={value}");
        Ok(())
    }
}

/// The only record, without how long it took, and without the peer.
#[track_caller]
fn taken(peer: &Harness) -> String {
    let mut kept = KEPT.0.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(kept.len(), 1, "{kept:?}");
    let line = kept.remove(0).replace(&peer.handle().peer_addr().unwrap().to_string(), "PEER");
    let words = line.split(' ').map(|word| match word.strip_suffix("us") {
        Some(micros) if micros.parse::<u64>().is_ok() => "TIME",
        _ if word.starts_with("micros=") => "micros=TIME",
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

fn site(log: AccessLog) -> (Router, mpsc::Receiver<Later>) {
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
    let stream = |_: &mut Request<'_>| {
        let (response, body) = Response::stream("text/plain");
        body.finish();
        response
    };
    let broken = |_: &mut Request<'_>| -> &'static str { panic!("as told") };
    let router = Router::new().get("/", "hello").get("/later", later).get("/stream", stream);
    (router.post("/", streamed).put("/", "put").get("/broken", broken).layer(log), taken)
}

/// One after another: there is one logger.
#[test]
fn each_answer_is_written_down_when_it_is_given() {
    log::set_logger(&KEPT).unwrap();
    log::set_max_level(LevelFilter::Trace);
    let (router, later) = site(AccessLog::new());
    let mut peer = Harness::new(http::server(router));
    let record = |line: &str, status: &str, bytes: &str| {
        let (method, path) = line.split_once(' ').unwrap();
        let known = if bytes == "-" { "None" } else { bytes };
        format!(
            "sockeye::access INFO PEER \"{line} HTTP/1.1\" {status} {bytes} TIME peer=PEER \
             method={method} path={path} status={status} bytes={known} micros=TIME"
        )
    };
    let ask = |line: &str, body: &str| {
        let len = body.len();
        format!("{line} HTTP/1.1\r\nHost: x\r\nContent-Length: {len}\r\n\r\n{body}")
    };
    peer.feed(ask("GET /?secret", ""));
    assert_eq!(taken(&peer), record("GET /", "200", "5"));
    peer.feed(ask("HEAD /", ""));
    assert_eq!(taken(&peer), record("HEAD /", "200", "0"));
    peer.feed(ask("PUT /", "body"));
    assert_eq!(taken(&peer), record("PUT /", "200", "3"));
    peer.feed(ask("PUT /none", "body"));
    assert_eq!(taken(&peer), record("PUT /none", "404", "9"));
    peer.feed(ask("GET /stream", ""));
    assert_eq!(taken(&peer), record("GET /stream", "200", "-"));
    for line in ["GET /later", "POST /"] {
        peer.feed(ask(line, if line == "POST /" { "body" } else { "" }));
        assert!(KEPT.0.lock().unwrap().is_empty());
        later.recv().unwrap().answer((Status::CREATED, "so late"));
        peer.take();
        assert_eq!(taken(&peer), record(line, "201", "7"));
    }
    // Who does not read a body has the connection closed.
    peer.finish();
    peer.reconnect();
    peer.feed(ask("GET /broken", ""));
    assert_eq!(taken(&peer), record("GET /broken", "500", "-"));

    let (router, _later) = site(AccessLog::default().target("mine"));
    let mut peer = Harness::new(http::server(router));
    peer.feed(ask("GET /later", ""));
    peer.reset();
    let gone = record("GET /later", "0", "-").replace("sockeye::access", "mine");
    assert_eq!(taken(&peer), gone);

    let (router, _later) = site(AccessLog::new().level(Level::Debug));
    drop(Harness::new(http::server(router)).feed(ask("GET /", "")));
    assert!(KEPT.0.lock().unwrap().is_empty());
}
