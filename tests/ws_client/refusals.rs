//! Servers that answer with something else.

use sockeye::client::State;
use sockeye::http::{Response, Status};
use sockeye::{Backoff, ErrorKind};

use crate::common::{LIMIT, SHORT, Setting};
use crate::scene::{Scene, World, echo};
use crate::{on_all_streams, on_tcp};

on_all_streams!(a_refusal_is_told);
on_tcp!(
    bodies_are_gathered_however_they_end,
    a_long_body_is_cut,
    a_body_that_does_not_end_is_waited_for_in_time,
    other_answers_are_refusals,
    a_refusal_for_good_is_not_asked_again,
    a_refusal_for_now_is_asked_again,
    who_gives_up_hears_of_no_refusal,
    a_panic_in_on_refused_is_an_error,
);

fn a_refusal_is_told(setting: Setting) {
    let refuse = echo().check(|_| Err(Response::error(Status::FORBIDDEN, "Sign in first\n")));
    let world = World::new(setting, refuse);
    let (builder, told) = world.client("/");
    let client = builder.connect(&world.service).unwrap();
    let error = client.wait_connected(LIMIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    let said = error.to_string();
    assert!(said.starts_with("cannot connect to "), "{said}");
    assert!(said.contains("the peer has sent 403 Forbidden instead of an upgrade"), "{said}");
    told.expect("refused 403 Forbidden: Sign in first\n");
    assert_eq!(told.rest(), [""; 0]);
}

fn bodies_are_gathered_however_they_end(setting: Setting) {
    let scene = Scene::new(setting);
    let table = [
        ("HTTP/1.1 503 \r\nContent-Length: 4\r\n\r\nbusy", "busy"),
        ("HTTP/1.1 503 \r\nContent-Length: 4\r\n\r\nbusy and more", "busy"),
        ("HTTP/1.1 503 \r\n\r\nuntil the end", "until the end"),
        (
            "HTTP/1.1 503 \r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbu\r\n2\r\nsy\r\n0\r\n\r\n",
            "busy",
        ),
        ("HTTP/1.1 503 \r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbu\r\nwrong", "bu"),
        ("HTTP/1.1 503 \r\nContent-Length: 100\r\n\r\ncut off", "cut off"),
        ("HTTP/1.1 503 \r\nContent-Length: 0\r\n\r\n", ""),
    ];
    for (answer, body) in table {
        let (error, told) = scene.ask(|_| answer.to_owned());
        assert_eq!(error.kind(), ErrorKind::Refused, "{answer}");
        told.expect(&format!("refused 503 Service Unavailable: {body}"));
    }
}

fn a_long_body_is_cut(setting: Setting) {
    let scene = Scene::new(setting);
    for head in ["Content-Length: 100000", "A: b"] {
        let (_, told) =
            scene.ask(|_| format!("HTTP/1.1 500 \r\n{head}\r\n\r\n{}", "x".repeat(100_000)));
        assert_eq!(told.next().len(), "refused 500 Internal Server Error: ".len() + (64 << 10));
    }
}

fn a_body_that_does_not_end_is_waited_for_in_time(setting: Setting) {
    let scene = Scene::new(setting);
    let (builder, told) = scene.client();
    let client = builder.connect_timeout(SHORT).connect(&scene.service).unwrap();
    let mut wire = scene.accept();
    wire.head();
    wire.say("HTTP/1.1 500 \r\nContent-Length: 5\r\n\r\nhal");
    assert_eq!(client.wait_connected(LIMIT).unwrap_err().kind(), ErrorKind::Refused);
    told.expect("refused 500 Internal Server Error: hal");
}

fn other_answers_are_refusals(setting: Setting) {
    let scene = Scene::new(setting);
    for (line, words) in [
        ("200 OK", "200 OK"),
        ("204 No Content", "204 No Content"),
        ("301 Moved\r\nLocation: ws://a/", "301 Moved Permanently"),
        ("401 Unauthorized\r\nWWW-Authenticate: Basic", "401 Unauthorized"),
        ("426 Upgrade\r\nSec-WebSocket-Version: 14", "426 Upgrade Required"),
    ] {
        let (error, told) = scene.ask(|_| format!("HTTP/1.1 {line}\r\n\r\n"));
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(error.to_string().contains(words), "{error}");
        told.expect(&format!("refused {words}: "));
    }
}

fn backoff() -> Backoff {
    Backoff::default().first(SHORT / 10)
}

fn refuse(scene: &Scene, status: u16) {
    let mut wire = scene.accept();
    wire.head();
    wire.0.send_last(format!("HTTP/1.1 {status} \r\nContent-Length: 0\r\n\r\n"));
}

fn a_refusal_for_good_is_not_asked_again(setting: Setting) {
    let scene = Scene::new(setting);
    for status in [400, 401, 403, 404, 426, 451] {
        let (builder, told) = scene.client();
        let client = builder.reconnect(backoff()).connect(&scene.service).unwrap();
        refuse(&scene, 503);
        refuse(&scene, status);
        assert_eq!(client.wait_connected(LIMIT).unwrap_err().kind(), ErrorKind::Refused);
        assert_eq!(client.state(), State::Disconnected);
        assert!(told.next().starts_with("refused 503"));
        told.expect("attempt 1");
        assert!(told.next().starts_with(&format!("refused {status}")));
        assert_eq!(told.rest(), [""; 0]);
        // The program may know better.
        client.connect();
        refuse(&scene, 500);
        assert!(told.next().starts_with("refused 500"));
        told.expect("attempt 1");
        let mut wire = scene.accept();
        wire.agree("");
        client.wait_connected(LIMIT).unwrap();
        told.expect("open / None");
    }
}

fn a_refusal_for_now_is_asked_again(setting: Setting) {
    let scene = Scene::new(setting);
    let (builder, told) = scene.client();
    let client = builder.reconnect(backoff()).connect(&scene.service).unwrap();
    let statuses = [408, 425, 429, 500, 503, 302, 200];
    for (at, status) in statuses.into_iter().enumerate() {
        refuse(&scene, status);
        assert!(told.next().starts_with(&format!("refused {status}")));
        told.expect(&format!("attempt {}", at + 1));
    }
    let mut wire = scene.accept();
    wire.agree("");
    client.wait_connected(LIMIT).unwrap();
    told.expect("open / None");
}

fn who_gives_up_hears_of_no_refusal(setting: Setting) {
    let scene = Scene::new(setting);
    let (builder, told) = scene.client();
    let client = builder.reconnect(backoff()).connect(&scene.service).unwrap();
    let mut wire = scene.accept();
    wire.head();
    wire.say("HTTP/1.1 500 \r\nContent-Length: 5\r\n\r\nhal");
    client.close(1000, "");
    client.wait_disconnected(LIMIT).unwrap();
    wire.0.receive_what_comes();
    assert_eq!(told.rest(), [""; 0]);
}

struct Panics;

impl sockeye::ws::Handler for Panics {
    fn on_refused(&mut self, refusal: &sockeye::ws::Refusal) {
        panic!("refused with {}", refusal.status());
    }
}

fn a_panic_in_on_refused_is_an_error(setting: Setting) {
    let scene = Scene::new(setting);
    let client = sockeye::ws::client(&scene.url, Panics).reconnect(backoff());
    let client = client.connect(&scene.service).unwrap();
    refuse(&scene, 503);
    // It goes on as it would.
    let mut wire = scene.accept();
    wire.agree("");
    client.wait_connected(LIMIT).unwrap();
}
