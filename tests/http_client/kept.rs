//! Connections that are kept: for whom, how many, how long, and what becomes of those that die.

use sockeye::http::{Body, Request, Response, Status};
use sockeye::{ErrorKind, Server};

use crate::common::{LIMIT, SHORT, Setting, eventually};
use crate::scene::{Scene, World, assert_failed, client, ok};
use crate::{on_all_streams, on_tcp};

on_all_streams!(
    a_request_on_a_dead_connection_is_sent_again,
    what_comes_unasked_closes,
    the_last_handle_closes_what_is_kept,
);
on_tcp!(
    what_may_have_happened_is_not_done_again,
    a_request_is_sent_again_once,
    an_answer_that_has_begun_is_not_asked_again,
    connections_that_end_are_not_kept,
    as_many_are_kept_as_may_be,
    none_is_kept_for_long,
    a_shutdown_waits_for_answers,
    total_connections_are_bounded,
);

/// A kept connection.
fn kept(scene: &Scene) -> crate::scene::Wire {
    let reply = scene.get("/");
    let mut wire = scene.accept();
    wire.answer("first");
    assert_eq!(reply.wait(LIMIT).unwrap().text().unwrap(), "first");
    wire
}

fn a_request_on_a_dead_connection_is_sent_again(setting: Setting) {
    let scene = Scene::new(setting);
    let mut wire = kept(&scene);
    let reply = scene.get("/again");
    // The server reads it, but does not answer.
    assert!(wire.head().starts_with("GET /again "));
    wire.0.finish();
    assert!(scene.accept().answer("second").starts_with("GET /again "));
    assert_eq!(reply.wait(LIMIT).unwrap().text().unwrap(), "second");
}

fn what_may_have_happened_is_not_done_again(setting: Setting) {
    let scene = Scene::new(setting);
    let calls = [
        scene.client.post(scene.url("/")).body("x"),
        scene.client.patch(scene.url("/")).body("x"),
        scene.client.request("PURGE".parse().unwrap(), scene.url("/")),
        // Not there any more.
        scene.client.put(scene.url("/")).body(Body::reader(&b"x"[..], 1)),
    ];
    for call in calls {
        let mut wire = kept(&scene);
        let reply = call.start();
        wire.head();
        wire.0.finish();
        assert_failed(reply.wait(LIMIT), ErrorKind::Closed, "before an answer");
        scene.listener.assert_nobody_waits();
    }
    let mut wire = kept(&scene);
    let reply = scene.client.put(scene.url("/")).body("again").start();
    wire.head();
    wire.0.finish();
    let mut wire = scene.accept();
    wire.head();
    wire.0.expect("again");
    wire.say(ok("done"));
    assert_eq!(reply.wait(LIMIT).unwrap().text().unwrap(), "done");
}

fn a_request_is_sent_again_once(setting: Setting) {
    let scene = Scene::new(setting);
    let mut wire = kept(&scene);
    let reply = scene.get("/");
    wire.head();
    wire.0.finish();
    let mut wire = scene.accept();
    wire.head();
    wire.0.finish();
    assert_failed(reply.wait(LIMIT), ErrorKind::Closed, "before an answer");
    scene.listener.assert_nobody_waits();
    // Nor is one on a connection that has served nobody before.
    assert_failed(scene.ask(""), ErrorKind::Closed, "before an answer");
    scene.listener.assert_nobody_waits();
}

fn an_answer_that_has_begun_is_not_asked_again(setting: Setting) {
    let scene = Scene::new(setting);
    for begun in
        ["H", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"]
    {
        let mut wire = kept(&scene);
        let reply = scene.get("/");
        wire.head();
        wire.say(begun);
        wire.0.finish();
        assert_failed(reply.wait(LIMIT), ErrorKind::Closed, "in the middle");
        scene.listener.assert_nobody_waits();
    }
}

fn what_comes_unasked_closes(setting: Setting) {
    let scene = Scene::new(setting);
    let mut wire = kept(&scene);
    wire.say(ok("for nobody"));
    eventually("it is gone", || scene.client.connections() == 0);
    let reply = scene.get("/");
    scene.accept().answer("asked for");
    assert_eq!(reply.wait(LIMIT).unwrap().text().unwrap(), "asked for");
    eventually("it is gone", || scene.client.connections() == 0);
    // In one piece with an answer.
    let reply = scene.get("/");
    let mut wire = scene.accept();
    wire.head();
    wire.say(ok("asked for") + &ok("for nobody"));
    assert_eq!(reply.wait(LIMIT).unwrap().text().unwrap(), "asked for");
    let reply = scene.get("/");
    scene.accept().answer("next");
    assert_eq!(reply.wait(LIMIT).unwrap().text().unwrap(), "next");
}

fn connections_that_end_are_not_kept(setting: Setting) {
    let scene = Scene::new(setting);
    let last = [
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    ];
    for answer in last {
        let reply = scene.get("/");
        let mut wire = scene.accept();
        wire.head();
        wire.say(answer);
        reply.wait(LIMIT).unwrap();
        // The client says goodbye first.
        assert_eq!(wire.0.receive_to_end(), b"");
    }
    let reply = scene.get("/");
    let mut wire = scene.accept();
    wire.head();
    wire.say("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n");
    reply.wait(LIMIT).unwrap();
    let reply = scene.client.get(scene.url("/")).header("Connection", "close").start();
    wire.answer("last");
    reply.wait(LIMIT).unwrap();
    assert_eq!(wire.0.receive_to_end(), b"");
}

fn as_many_are_kept_as_may_be(setting: Setting) {
    let scene = Scene::with(setting, |builder| builder.kept_connections(2));
    let replies = [1, 2, 3, 4].map(|_| scene.get("/"));
    let mut wires = [1, 2, 3, 4].map(|_| scene.accept());
    for wire in &mut wires {
        wire.head();
    }
    for wire in &mut wires {
        wire.say(ok(""));
    }
    for reply in replies {
        reply.wait(LIMIT).unwrap();
    }
    eventually("two are kept", || {
        (scene.client.connections(), scene.client.kept_connections()) == (2, 2)
    });
}

fn none_is_kept_for_long(setting: Setting) {
    let scene = Scene::with(setting, |builder| builder.kept_for(SHORT));
    let mut wire = kept(&scene);
    assert_eq!(wire.0.receive_to_end(), b"");
    drop(wire);
    eventually("it is gone", || scene.client.connections() == 0);
}

fn the_last_handle_closes_what_is_kept(setting: Setting) {
    let Scene { client, listener, service: _service, url } = Scene::new(setting);
    let url = url + "/";
    let reply = client.get(&url).start();
    let mut first = crate::scene::Wire(listener.accept());
    first.answer("");
    reply.wait(LIMIT).unwrap();
    let other = client.clone();
    let begun = other.get(&url).start();
    first.head();
    let idle = other.get(&url).start();
    let mut second = crate::scene::Wire(listener.accept());
    second.answer("");
    idle.wait(LIMIT).unwrap();
    drop((client, other));
    assert_eq!(second.0.receive_to_end(), b"");
    // What is under way goes on, and its connection is not kept.
    first.say(ok("the last"));
    assert_eq!(begun.wait(LIMIT).unwrap().text().unwrap(), "the last");
    assert_eq!(first.0.receive_to_end(), b"");
}

fn a_shutdown_waits_for_answers(setting: Setting) {
    let scene = Scene::new(setting);
    let reply = scene.get("/");
    let mut wire = scene.accept();
    wire.head();
    let service = scene.service.clone();
    let shutdown = std::thread::spawn(move || service.shutdown(LIMIT));
    eventually("it shuts down", || !scene.service.is_running());
    wire.say(ok("in time"));
    assert_eq!(reply.wait(LIMIT).unwrap().text().unwrap(), "in time");
    assert_eq!(wire.0.receive_to_end(), b"");
    drop(wire);
    shutdown.join().unwrap().unwrap();
}

fn total_connections_are_bounded(setting: Setting) {
    let service = setting.service();
    let hello = |_: &mut Request<'_>| Response::text("hello");
    let servers = [0, 1, 2].map(|_| {
        let builder = Server::builder(&service, sockeye::http::server(hello));
        builder.listen("127.0.0.1:0").unwrap()
    });
    let client = client(&service).total_connections(2).build().unwrap();
    for round in 0..20 {
        let url = format!("http://{}/", servers[round % 3].local_addr());
        assert_eq!(client.get(url).send().unwrap().status(), Status::OK);
        assert!(client.connections() <= 3, "one may be on its way out");
    }
}

#[test]
fn a_server_that_restarts_is_found_again() {
    let setting = crate::setting!(ThreadPool, Tcp);
    let world = World::new(setting, |_: &mut Request<'_>| "hello");
    for _ in 0..3 {
        assert_eq!(world.client.get(world.url("/")).send().unwrap().text().unwrap(), "hello");
        world.server.restart().unwrap();
    }
}
