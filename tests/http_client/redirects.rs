//! Where one is sent instead.

use sockeye::ErrorKind;
use sockeye::http::{Body, Request, Response, Status};

use crate::common::{LIMIT, Setting, Stream};
use crate::on_tcp;
use crate::scene::{Scene, World, assert_failed, ok};

on_tcp!(
    methods_and_bodies_follow_the_rules,
    loops_end,
    redirections_may_be_answers,
    credentials_stay_with_their_origin,
    tls_is_not_left,
    what_leads_nowhere_is_an_error,
    bodies_of_redirections_are_skipped,
);

/// Redirects `/303/path` to `/path` with 303, and tells what it is asked otherwise.
fn turn(request: &mut Request<'_>) -> Response {
    let target = request.target();
    match target[1..].split_once('/').and_then(|(code, rest)| Some((code.parse().ok()?, rest))) {
        Some((code, rest)) => Response::redirect(Status::new(code).unwrap(), format!("/{rest}"))
            .with_body("over there"),
        None => {
            let (method, media) = (request.method(), request.header("content-type"));
            Response::text(format!("{method} {target} {:?} {media:?}", request.text().unwrap()))
        }
    }
}

fn methods_and_bodies_follow_the_rules(setting: Setting) {
    let world = World::new(setting, turn);
    let cases = [
        ("POST", 301, "GET /x \"\" None"),
        ("POST", 302, "GET /x \"\" None"),
        ("POST", 303, "GET /x \"\" None"),
        ("POST", 307, "POST /x \"body\" Some(\"a/b\")"),
        ("POST", 308, "POST /x \"body\" Some(\"a/b\")"),
        ("PUT", 301, "PUT /x \"body\" Some(\"a/b\")"),
        ("PUT", 303, "GET /x \"\" None"),
        ("DELETE", 302, "DELETE /x \"body\" Some(\"a/b\")"),
    ];
    for (method, code, wanted) in cases {
        let call = world.client.request(method.parse().unwrap(), world.url(&format!("/{code}/x")));
        let answer = call.body("body").header("Content-Type", "a/b").send().unwrap();
        assert_eq!(answer.text().unwrap(), wanted, "{method} {code}");
        assert_eq!(answer.url().to_string(), world.url("/x"));
    }
    let answer = world.client.head(world.url("/303/x")).send().unwrap();
    assert_eq!((answer.status(), answer.bytes().len()), (Status::OK, 0));
    let answer = world.client.get(world.url("/301/302/303/307/308/x?y")).send().unwrap();
    assert_eq!(answer.text().unwrap(), "GET /x?y \"\" None");
    assert_eq!(world.server.metrics().opened, 1);
}

fn loops_end(setting: Setting) {
    let world = World::new(setting, |_: &mut Request<'_>| Response::redirect(Status::FOUND, "/"));
    let result = world.client.get(world.url("/")).send();
    assert_failed(result, ErrorKind::LimitReached, "more than 10 times");
    assert_eq!(world.server.metrics().opened, 1);
    let result = world.client.get(world.url("/")).redirects(1).send();
    assert_failed(result, ErrorKind::LimitReached, "more than 1 times");
}

fn redirections_may_be_answers(setting: Setting) {
    let world = World::new(setting, turn);
    let answer = world.client.get(world.url("/302/x")).redirects(0).send().unwrap();
    assert_eq!((answer.status(), answer.header("location")), (Status::FOUND, Some("/x")));
    assert_eq!(answer.text().unwrap(), "over there");
    // What cannot be sent twice.
    let body = Body::reader(&b"once"[..], 4);
    let answer = world.client.put(world.url("/307/x")).body(body).send().unwrap();
    assert_eq!(answer.status(), Status::TEMPORARY_REDIRECT);
    // It is not sent again where the method changes.
    let body = Body::reader(&b"once"[..], 4);
    let answer = world.client.post(world.url("/303/x")).body(body).send().unwrap();
    assert_eq!(answer.text().unwrap(), "GET /x \"\" None");
    let world = World::new(setting, |_: &mut Request<'_>| Status::FOUND);
    assert_eq!(world.client.get(world.url("/")).send().unwrap().status(), Status::FOUND);
}

fn credentials_stay_with_their_origin(setting: Setting) {
    let (here, there) = (Scene::new(setting), Scene::new(setting));
    let secrets = ["Authorization: Basic", "Cookie: a=b", "Proxy-Authorization: c"];
    let url = here.url("/").replace("http://", "http://me:secret@");
    let call = here.client.get(url).header("Cookie", "a=b").header("Proxy-Authorization", "c");
    let reply = call.header("X-Other", "d").start();
    let mut wire = here.accept();
    let head = wire.head();
    assert!(secrets.iter().all(|secret| head.contains(secret)), "{head}");
    wire.say("HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n");
    let head = wire.head();
    assert!(head.starts_with("GET /next ") && secrets.iter().all(|secret| head.contains(secret)));
    // Another port is somebody else, whatever name he has.
    let location = there.url("/last").replace("http://", "http://me:secret@");
    wire.say(format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"));
    let mut wire = there.accept();
    let head = wire.answer("there");
    assert!(!secrets.iter().any(|secret| head.contains(secret)), "{head}");
    assert!(head.contains("\r\nX-Other: d\r\n") && head.starts_with("GET /last "), "{head}");
    assert_eq!(reply.wait(LIMIT).unwrap().text().unwrap(), "there");
}

fn tls_is_not_left(setting: Setting) {
    let plain = World::new(setting, |_: &mut Request<'_>| "in the clear");
    let url = plain.url("/");
    let tls = Setting { stream: Stream::Tls, ..setting };
    let secure =
        World::new(tls, move |_: &mut Request<'_>| Response::redirect(Status::FOUND, &url));
    let result = secure.client.get(secure.url("/")).send();
    assert_failed(result, ErrorKind::Invalid, "away from TLS");
    let lax = crate::scene::client(&secure.service).redirect_to_plain(true).build().unwrap();
    assert_eq!(lax.get(secure.url("/")).send().unwrap().text().unwrap(), "in the clear");
    let url = secure.url("/");
    let up =
        World::new(setting, move |_: &mut Request<'_>| Response::redirect(Status::FOUND, &url));
    let result = up.client.get(up.url("/")).send();
    assert_failed(result, ErrorKind::Invalid, "away from TLS");
}

fn what_leads_nowhere_is_an_error(setting: Setting) {
    for location in ["http://", "ftp://a/", "unix:/run/a.sock:/", "http://a:b/"] {
        let scene = Scene::new(setting);
        let answer = format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\n\r\n");
        assert_failed(scene.ask(answer), ErrorKind::Invalid, "a Location that is no URL");
    }
}

fn bodies_of_redirections_are_skipped(setting: Setting) {
    let scene = Scene::new(setting);
    let reply = scene.get("/");
    let mut wire = scene.accept();
    wire.head();
    let body = "x".repeat(10_000);
    wire.say(format!("HTTP/1.1 302 \r\nLocation: /a\r\nContent-Length: 10000\r\n\r\n{body}"));
    assert!(wire.head().starts_with("GET /a "));
    // Not if they are long: then the connection is not worth it.
    let endless = "HTTP/1.1 302 \r\nLocation: /b\r\nContent-Length: 100000000\r\n\r\n";
    wire.say(endless);
    let mut wire = scene.accept();
    assert!(wire.head().starts_with("GET /b "));
    wire.say("HTTP/1.1 302 \r\nLocation: /c\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n");
    wire.say("x".repeat(70_000));
    let mut wire = scene.accept();
    assert!(wire.head().starts_with("GET /c "));
    wire.say(ok("at last"));
    let answer = reply.wait(LIMIT).unwrap();
    assert_eq!((answer.text().unwrap(), answer.url().path()), ("at last", "/c"));
}
