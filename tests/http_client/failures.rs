//! Connections that are refused, die or are cut, time limits, and who gives up.

use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use sockeye::ErrorKind;
use sockeye::http::{Client, Method, Request, Response, Status};

use crate::common::{Hanging, LIMIT, SHORT, Setting, eventually, free_addr};
use crate::scene::{Scene, World, assert_failed, ok};
use crate::{on_all_streams, on_sockets, on_streams_with_resets, on_tcp};

on_all_streams!(cut_heads_and_bodies_are_errors, a_reply_that_is_dropped_closes);
on_sockets!(the_service_ends);
on_streams_with_resets!(a_reset_says_so);
on_tcp!(
    a_refused_connection_fails_at_once,
    a_name_that_does_not_resolve_fails,
    a_connection_that_is_not_made_in_time_fails,
    a_slow_head_fails,
    a_slow_body_fails,
    requests_that_wait_have_their_time_too,
    an_early_answer_is_taken,
    a_function_is_told_of_failures,
    a_panic_in_a_function_harms_nobody,
);

fn cut_heads_and_bodies_are_errors(setting: Setting) {
    let scene = Scene::new(setting);
    assert_failed(scene.ask(""), ErrorKind::Closed, "before an answer: closed by the peer");
    for head in ["H", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\n\r"] {
        assert_failed(scene.ask(head), ErrorKind::Closed, "in the middle of the answer's head");
    }
    let bodies = [
        "Content-Length: 6\r\n\r\nhello",
        "Content-Length: 6\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: x\r\n",
    ];
    for body in bodies {
        let result = scene.ask(format!("HTTP/1.1 200 OK\r\n{body}"));
        assert_failed(result, ErrorKind::Closed, "in the middle of the answer: closed by the peer");
    }
}

fn a_reset_says_so(setting: Setting) {
    let scene = Scene::new(setting);
    let reply = scene.get("/");
    let mut wire = scene.accept();
    wire.head();
    // Without a length: an end would be the body's, but this is none.
    wire.say("HTTP/1.1 200 OK\r\n\r\nhello");
    wire.0.reset();
    assert_failed(reply.wait(LIMIT), ErrorKind::Closed, "reset by the peer");
}

fn a_refused_connection_fails_at_once(setting: Setting) {
    let service = setting.service();
    let client = Client::new(&service).unwrap();
    let addr = free_addr();
    let result = client.get(format!("http://{addr}/")).send();
    assert_failed(result, ErrorKind::Refused, &format!("cannot connect to {addr}"));
    // Many at once each get the reason, though there may be few connections.
    let client = Client::builder(&service).connections(2).build().unwrap();
    let get = |_| client.get(format!("http://{addr}/")).start();
    let replies = (0..100).map(get).collect::<Vec<_>>();
    for reply in replies {
        assert_failed(reply.wait(LIMIT), ErrorKind::Refused, "cannot connect to");
    }
    eventually("nothing is left", || client.connections() == 0);
    let unix = client.get("unix:/nowhere/at/all.sock:/").send();
    assert!(crate::scene::failed(unix).1.contains("connect to unix:/nowhere/at/all.sock"));
}

fn a_name_that_does_not_resolve_fails(setting: Setting) {
    let service = setting.service();
    let client = Client::new(&service).unwrap();
    let result = client.get("http://nobody.invalid/").send();
    assert_failed(result, ErrorKind::Unresolved, "nobody.invalid");
}

fn a_connection_that_is_not_made_in_time_fails(setting: Setting) {
    let service = setting.service();
    let hanging = Hanging::new();
    let client = Client::builder(&service).connect_timeout(SHORT).build().unwrap();
    let url = format!("http://{}/", hanging.addr);
    assert_failed(client.get(&url).send(), ErrorKind::TimedOut, "connect to");
    let patient = client.get(&url).connect_timeout(LIMIT).timeout(SHORT);
    assert_failed(patient.send(), ErrorKind::TimedOut, "get an answer from");
}

fn a_slow_head_fails(setting: Setting) {
    let scene = Scene::new(setting);
    let reply = scene.client.get(scene.url("/")).head_timeout(SHORT).start();
    let mut wire = scene.accept();
    wire.head();
    // Informational answers do not prolong it.
    wire.say("HTTP/1.1 103 \r\n\r\nHTTP/1.1 200 OK\r\n");
    assert_failed(reply.wait(LIMIT), ErrorKind::TimedOut, "the head of the answer");
    wire.0.receive_what_comes();
}

fn a_slow_body_fails(setting: Setting) {
    let scene = Scene::new(setting);
    let begun = Instant::now();
    let reply = scene.client.get(scene.url("/")).timeout(2 * SHORT).start();
    let mut wire = scene.accept();
    wire.head();
    wire.say("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello");
    assert_failed(reply.wait(LIMIT), ErrorKind::TimedOut, "not complete in time");
    assert!(begun.elapsed() >= 2 * SHORT);
    wire.0.receive_what_comes();
}

fn requests_that_wait_have_their_time_too(setting: Setting) {
    let scene = Scene::with(setting, |builder| builder.connections(1).waiting(2));
    let first = scene.get("/1");
    let mut wire = scene.accept();
    assert!(wire.head().starts_with("GET /1 "));
    let second = scene.client.get(scene.url("/2")).timeout(SHORT).start();
    let third = scene.get("/3");
    let fourth = scene.get("/4");
    assert_failed(fourth.wait(LIMIT), ErrorKind::LimitReached, "too many requests wait");
    assert_failed(second.wait(LIMIT), ErrorKind::TimedOut, "get an answer from");
    wire.say(ok("one"));
    assert_eq!(first.wait(LIMIT).unwrap().text().unwrap(), "one");
    assert!(wire.answer("three").starts_with("GET /3 "));
    assert_eq!(third.wait(LIMIT).unwrap().text().unwrap(), "three");
}

fn an_early_answer_is_taken(setting: Setting) {
    let scene = Scene::new(setting);
    // More than all buffers on the way hold, of which the server reads nothing.
    let endless = std::iter::repeat_with(|| Ok(vec![b'x'; 64 << 10].into()));
    let body = sockeye::http::Body::pieces(endless);
    let reply = scene.client.put(scene.url("/")).body(body).start();
    let mut wire = scene.accept();
    wire.head();
    wire.say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!");
    let answer = reply.wait(LIMIT).unwrap();
    assert_eq!((answer.status(), answer.text().unwrap()), (Status::CONTENT_TOO_LARGE, "no!"));
    // The rest is not sent: the connection ends.
    drop(wire);
    eventually("it is gone", || scene.client.connections() == 0);
}

fn a_reply_that_is_dropped_closes(setting: Setting) {
    let scene = Scene::new(setting);
    let reply = scene.get("/");
    let mut wire = scene.accept();
    wire.head();
    drop(reply);
    wire.0.receive_what_comes();
    eventually("it is gone", || scene.client.connections() == 0);
    // One that waits is never sent.
    let scene = Scene::with(setting, |builder| builder.connections(1));
    let first = scene.get("/1");
    let mut wire = scene.accept();
    wire.head();
    drop(scene.get("/2"));
    let third = scene.get("/3");
    wire.say(ok("one"));
    assert_eq!(first.wait(LIMIT).unwrap().text().unwrap(), "one");
    assert!(wire.answer("three").starts_with("GET /3 "));
    assert_eq!(third.wait(LIMIT).unwrap().text().unwrap(), "three");
}

fn the_service_ends(setting: Setting) {
    let scene = Scene::with(setting, |builder| builder.connections(1));
    let sent = scene.get("/1");
    let mut wire = scene.accept();
    wire.head();
    let waiting = scene.get("/2");
    scene.service.stop().unwrap();
    assert_failed(sent.wait(LIMIT), ErrorKind::Closed, "shut down");
    let (kind, _) = crate::scene::failed(waiting.wait(LIMIT));
    assert!(matches!(kind, ErrorKind::Closed | ErrorKind::Stopped), "{kind:?}");
    assert_failed(scene.get("/3").wait(LIMIT), ErrorKind::Stopped, "connect");
}

fn a_function_is_told_of_failures(setting: Setting) {
    let scene = Scene::new(setting);
    let (told, results) = channel();
    let calls = [
        scene.client.get("http://"),
        scene.client.get(format!("http://{}/", free_addr())),
        scene.client.request(Method::Connect, scene.url("/")),
        scene.client.get(scene.url("/")).timeout(SHORT),
    ];
    let kinds =
        [ErrorKind::AddressInvalid, ErrorKind::Refused, ErrorKind::Invalid, ErrorKind::TimedOut];
    for (call, kind) in calls.into_iter().zip(kinds) {
        let (told, service) = (told.clone(), scene.service.clone());
        call.then(move |answer| {
            told.send((crate::scene::failed(answer).0, service.is_service_thread())).unwrap();
        });
        assert_eq!(results.recv_timeout(LIMIT).unwrap(), (kind, true));
    }
    scene.service.stop().unwrap();
    scene.client.get(scene.url("/")).then(move |answer| {
        told.send((crate::scene::failed(answer).0, false)).unwrap();
    });
    assert_eq!(results.recv_timeout(LIMIT).unwrap().0, ErrorKind::Stopped);
}

fn a_panic_in_a_function_harms_nobody(setting: Setting) {
    let (told, panics) = channel();
    let told = std::sync::Mutex::new(told);
    let service = setting
        .builder()
        .on_error(move |error| told.lock().unwrap().send(error.clone()).unwrap())
        .start()
        .unwrap();
    let hello = |_: &mut Request<'_>| Response::text("hello");
    let builder = sockeye::Server::builder(&service, sockeye::http::server(hello));
    let server = builder.listen("127.0.0.1:0").unwrap();
    let client = Client::new(&service).unwrap();
    let url = format!("http://{}/", server.local_addr());
    for _ in 0..3 {
        client.get(&url).then(|_| panic!("a function's panic"));
        let error = panics.recv_timeout(LIMIT).unwrap();
        assert_eq!(error.kind(), ErrorKind::Panicked);
        assert_eq!(client.get(&url).send().unwrap().text().unwrap(), "hello");
    }
    assert_eq!(server.metrics().opened, 1);
}

#[test]
fn a_client_goes_on_when_its_service_does() {
    let world = World::new(crate::setting!(ThreadPool, Tcp), |_: &mut Request<'_>| "hello");
    for _ in 0..3 {
        assert_eq!(world.client.get(world.url("/")).send().unwrap().text().unwrap(), "hello");
        world.service.restart().unwrap();
        assert_eq!(world.client.connections(), 0);
    }
}

#[test]
fn a_limit_that_no_clock_can_hold_is_none() {
    let world = World::new(crate::setting!(LoopPerThread, Tcp), |_: &mut Request<'_>| "hello");
    let call = world.client.get(world.url("/")).timeout(Duration::MAX).head_timeout(Duration::MAX);
    assert_eq!(call.connect_timeout(Duration::MAX).send().unwrap().text().unwrap(), "hello");
}
