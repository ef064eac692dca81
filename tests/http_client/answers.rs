//! What is an answer, and what is none.

use std::sync::mpsc::channel;

use sockeye::http::{Status, Version};
use sockeye::{ErrorKind, raw};

use crate::common::{LIMIT, Setting};
use crate::on_tcp;
use crate::scene::{Scene, assert_failed};

on_tcp!(
    heads_are_read_whatever_the_pieces,
    informational_answers_are_skipped,
    answers_without_a_body,
    every_framing_is_understood,
    what_is_no_answer_is_refused,
    another_protocol_is_refused,
    another_protocol_is_spoken_if_asked_for,
    heads_are_bounded,
    trailers_are_kept,
);

fn heads_are_read_whatever_the_pieces(setting: Setting) {
    let scene = Scene::new(setting);
    let answer = b"HTTP/1.1 201 Made so\r\nX-One: 1\r\nx-one: 2\r\nContent-Length: 5\r\n\r\nhello";
    for step in [1, 2, 7] {
        let reply = scene.get("/");
        let mut wire = scene.accept();
        wire.head();
        for piece in answer.chunks(step) {
            wire.say(piece);
        }
        let answer = reply.wait(LIMIT).unwrap();
        assert_eq!((answer.status(), answer.version()), (Status::CREATED, Version::Http11));
        assert_eq!(answer.headers().all("X-ONE").collect::<Vec<_>>(), [b"1", b"2"]);
        assert_eq!(answer.text().unwrap(), "hello");
        wire.0.reset();
    }
}

fn informational_answers_are_skipped(setting: Setting) {
    let scene = Scene::new(setting);
    let early = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n";
    let answer = format!(
        "HTTP/1.1 100 Continue\r\n\r\n{early}{early}HTTP/1.1 102 \r\n\r\n\
         HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    );
    let answer = scene.ask(answer).unwrap();
    assert_eq!((answer.text().unwrap(), answer.header("link")), ("ok", None));
}

fn answers_without_a_body(setting: Setting) {
    let scene = Scene::new(setting);
    // Were one expected, the next answer would be it.
    let reply = scene.client.head(scene.url("/")).start();
    let mut wire = scene.accept();
    wire.head();
    wire.say("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nContent-Encoding: gzip\r\n\r\n");
    let answer = reply.wait(LIMIT).unwrap();
    assert_eq!(answer.header("content-length"), Some("1000"));
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    for status in ["204 No Content", "304 Not Modified"] {
        let reply = scene.get("/");
        wire.head();
        wire.say(format!("HTTP/1.1 {status}\r\nETag: \"a\"\r\n\r\n"));
        let answer = reply.wait(LIMIT).unwrap();
        assert_eq!((answer.status().to_string(), answer.bytes().len()), (status.to_owned(), 0));
    }
    let reply = scene.get("/");
    wire.answer("there");
    assert_eq!(reply.wait(LIMIT).unwrap().text().unwrap(), "there");
}

fn every_framing_is_understood(setting: Setting) {
    let scene = Scene::new(setting);
    let framings = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\n\r\nhello",
        "HTTP/1.0 200 OK\r\n\r\nhello",
        "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
        "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nhe\r\n03\r\nllo\r\n0\r\n\r\n",
    ];
    for framing in framings {
        assert_eq!(scene.ask(framing).unwrap().text().unwrap(), "hello", "{framing}");
    }
}

fn what_is_no_answer_is_refused(setting: Setting) {
    let scene = Scene::new(setting);
    let answers = [
        "hello\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nBad Name: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\n\nhello",
        "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
    ];
    for answer in answers {
        let result = scene.ask(answer);
        assert_failed(result, ErrorKind::Invalid, "the server has sent");
    }
}

fn another_protocol_is_refused(setting: Setting) {
    let scene = Scene::new(setting);
    let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
    assert_failed(scene.ask(answer), ErrorKind::Unsupported, "unasked");
}

fn another_protocol_is_spoken_if_asked_for(setting: Setting) {
    let scene = Scene::new(setting);
    let (told, heard) = channel();
    let told = move |session: &mut raw::Session<'_>, data: &[u8]| {
        session.send([b"heard ", data].concat());
        told.send(data.to_vec()).unwrap();
    };
    let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: Echo\r\n\r\n";
    let reply = scene.client.get(scene.url("/")).upgrade("echo", told.clone()).start();
    let mut wire = scene.accept();
    let head = wire.head();
    assert!(head.contains("\r\nUpgrade: echo\r\n"), "{head}");
    assert!(head.contains("\r\nConnection: upgrade\r\n"), "{head}");
    wire.say(format!("{answer}first"));
    let switched = reply.wait(LIMIT).unwrap();
    assert_eq!(switched.status(), Status::SWITCHING_PROTOCOLS);
    assert_eq!(heard.recv_timeout(LIMIT).unwrap(), b"first");
    wire.0.expect("heard first");
    // It is none of the client's any more, and lives longer than that.
    assert_eq!(scene.client.connections(), 0);
    let reply = scene.client.get(scene.url("/")).upgrade("echo", told.clone()).start();
    let mut other = scene.accept();
    other.answer("not today");
    assert_eq!(reply.wait(LIMIT).unwrap().text().unwrap(), "not today");
    let reply = scene.client.get(scene.url("/")).upgrade("another", told).start();
    other.head();
    other.say(answer);
    assert_failed(reply.wait(LIMIT), ErrorKind::Unsupported, "unasked");
    drop(scene.client);
    wire.say("second");
    wire.0.expect("heard second");
    wire.0.finish();
    wire.0.expect_end();
}

fn heads_are_bounded(setting: Setting) {
    let scene = Scene::with(setting, |builder| builder.head_limit(1000));
    let field = |len: usize| format!("HTTP/1.1 204 \r\nA: {}\r\n\r\n", "x".repeat(len));
    assert_eq!(scene.ask(field(900)).unwrap().status(), Status::NO_CONTENT);
    assert_failed(scene.ask(field(1100)), ErrorKind::Invalid, "the server has sent");
    let many = format!("HTTP/1.1 204 \r\n{}\r\n", "a:\r\n".repeat(200));
    assert_failed(scene.ask(many), ErrorKind::Invalid, "the server has sent");
}

fn trailers_are_kept(setting: Setting) {
    let scene = Scene::new(setting);
    let chunks = "2\r\nhi\r\n0\r\nX-Sum: 7\r\n\r\n";
    let answer =
        scene.ask(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"));
    let answer = answer.unwrap();
    assert_eq!((answer.text().unwrap(), answer.trailers().str("x-sum")), ("hi", Some("7")));
    assert_eq!(answer.header("x-sum"), None);
}
