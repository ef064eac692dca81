//! Bodies of answers: limits, codings, JSON, text.

use std::io::Read;

use flate2::Compression;
use flate2::read::{DeflateEncoder, GzEncoder, ZlibEncoder};
use sockeye::ErrorKind;
use sockeye::http::{Request, Response};

use crate::common::Setting;
use crate::on_tcp;
use crate::scene::{Scene, World, assert_failed};

on_tcp!(
    gathered_bodies_are_bounded,
    packed_bodies_are_unpacked,
    bombs_are_defused,
    what_does_not_unpack_is_an_error,
    what_is_asked_packed_stays_so,
    text_and_json_are_read,
    large_bodies_go_both_ways,
);

fn gathered_bodies_are_bounded(setting: Setting) {
    let scene = Scene::with(setting, |builder| builder.body_limit(1000));
    let whole =
        |len: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n{}", "x".repeat(len));
    let chunked = |len: usize| {
        let chunk = format!("{len:x}\r\n{}\r\n0\r\n\r\n", "x".repeat(len));
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}")
    };
    let endless = |len: usize| format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(len));
    for answer in [whole, chunked, endless] {
        assert_eq!(scene.ask(answer(1000)).unwrap().bytes().len(), 1000);
        assert_failed(scene.ask(answer(1001)), ErrorKind::LimitReached, "body");
    }
    // One that only says so.
    let huge = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", u64::MAX);
    assert_failed(scene.ask(huge), ErrorKind::LimitReached, "body");
}

fn packed_bodies_are_unpacked(setting: Setting) {
    let scene = Scene::new(setting);
    let text = "some text, some more text, ".repeat(1000);
    for (coding, packed) in packed(text.as_bytes()) {
        let answer = scene.ask(answer(coding, &packed)).unwrap();
        assert_eq!(answer.text().unwrap(), text, "{coding}");
        assert_eq!(answer.header("content-encoding"), None);
        assert_eq!(answer.header("content-length"), None);
    }
    let empty = scene.ask("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(empty.unwrap().text().unwrap(), "");
    let other = scene.ask(answer("br", b"who knows")).unwrap();
    assert_eq!(
        (other.header("content-encoding"), other.text().unwrap()),
        (Some("br"), "who knows")
    );
}

fn bombs_are_defused(setting: Setting) {
    let scene = Scene::with(setting, |builder| builder.body_limit(100_000));
    for (coding, bomb) in packed(&vec![0; 16 << 20]) {
        assert!(bomb.len() < 100_000);
        let result = scene.ask(answer(coding, &bomb));
        assert_failed(result, ErrorKind::LimitReached, "more than 100000 bytes");
    }
}

fn what_does_not_unpack_is_an_error(setting: Setting) {
    let scene = Scene::new(setting);
    for (coding, mut packed) in packed(b"some text, some more text") {
        let short = answer(coding, &packed[..packed.len() - 1]);
        assert_failed(scene.ask(short), ErrorKind::Invalid, "does not unpack");
        packed.extend(b"more");
        assert_failed(scene.ask(answer(coding, &packed)), ErrorKind::Invalid, "does not unpack");
    }
    let garbage = answer("gzip", b"this was never packed");
    assert_failed(scene.ask(garbage), ErrorKind::Invalid, "does not unpack");
}

fn what_is_asked_packed_stays_so(setting: Setting) {
    let packed = packed(b"some text").remove(0).1;
    let sent = packed.clone();
    let world = World::new(setting, move |request: &mut Request<'_>| {
        let asked = request.header("accept-encoding").unwrap_or("none").to_owned();
        let response = Response::content("text/plain", sent.clone());
        response.header("Content-Encoding", "gzip").header("X-Asked", asked)
    });
    let get = || world.client.get(world.url("/"));
    let calls = [
        (get(), "gzip, deflate", "some text".as_bytes()),
        (get().unpack(false), "none", &packed),
        (get().header("Accept-Encoding", "gzip"), "gzip", &packed),
        (get().header("Range", "bytes=0-"), "none", &packed),
    ];
    for (call, asked, body) in calls {
        let answer = call.send().unwrap();
        assert_eq!((answer.header("x-asked"), &answer.bytes()[..]), (Some(asked), body));
    }
}

fn text_and_json_are_read(setting: Setting) {
    let world = World::new(setting, |request: &mut Request<'_>| {
        Response::content("application/json", request.body().to_vec())
    });
    let post = |body: &'static [u8]| world.client.post(world.url("/")).body(body).send().unwrap();
    assert_eq!(post(b"[1, 2]").json::<Vec<u8>>().unwrap(), [1, 2]);
    assert_failed(post(b"[1, 2").json::<Vec<u8>>(), ErrorKind::Invalid, "line 1");
    assert_failed(post(b"\xff").text(), ErrorKind::Invalid, "utf-8");
    let failed = world.client.get(world.url("/")).send().unwrap().succeeded();
    assert!(failed.is_ok());
    let world = World::new(setting, |_: &mut Request<'_>| sockeye::http::Status::NOT_FOUND);
    let answer = world.client.get(world.url("/")).send().unwrap();
    assert_failed(answer.succeeded(), ErrorKind::Invalid, "404 Not Found");
}

fn large_bodies_go_both_ways(setting: Setting) {
    let world = World::new(setting, |request: &mut Request<'_>| request.body().to_vec());
    let body = (0..1_900_000u32).map(|i| ((i * 7) >> 3) as u8).collect::<Vec<_>>();
    for len in [65_535, 65_536, 65_537, 1_900_000] {
        let answer = world.client.put(world.url("/")).body(body[..len].to_vec()).send().unwrap();
        assert!(answer.bytes() == &body[..len], "{len} bytes");
    }
}

fn answer(coding: &str, body: &[u8]) -> Vec<u8> {
    let len = body.len();
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn packed(data: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let read = |mut from: Box<dyn Read + '_>| {
        let mut packed = Vec::new();
        from.read_to_end(&mut packed).unwrap();
        packed
    };
    let best = Compression::best();
    vec![
        ("gzip", read(Box::new(GzEncoder::new(data, best)))),
        ("deflate", read(Box::new(ZlibEncoder::new(data, best)))),
        ("Deflate", read(Box::new(DeflateEncoder::new(data, best)))),
    ]
}
