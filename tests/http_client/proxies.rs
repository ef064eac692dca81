//! Requests through proxies.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use sockeye::ErrorKind;
use sockeye::http::{Client, Request, Response, Status};

use crate::common::{LIMIT, Setting, Stream};
use crate::on_tcp;
use crate::scene::{Scene, Wire, World, assert_failed, client, ok};

on_tcp!(
    plain_requests_are_passed_on,
    tls_goes_through_a_tunnel,
    tunnels_are_kept,
    a_proxy_that_refuses_is_an_error,
    sockets_of_this_machine_need_no_proxy,
    what_is_no_proxy_is_refused,
);

fn plain_requests_are_passed_on(setting: Setting) {
    let proxy = Scene::new(setting);
    let url = proxy.url.replace("http://", "http://me:p%20w@");
    let client = Client::builder(&proxy.service).proxy(url).build().unwrap();
    let first = client.get("http://user:secret@somewhere.example/a?b").start();
    let mut wire = proxy.accept();
    let head = wire.answer("one");
    assert!(head.starts_with("GET http://somewhere.example/a?b HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nHost: somewhere.example\r\n"), "{head}");
    assert!(head.contains("\r\nProxy-Authorization: Basic bWU6cCB3\r\n"), "{head}");
    assert_eq!(first.wait(LIMIT).unwrap().text().unwrap(), "one");
    // Another place, but the same proxy.
    let second = client.get("http://elsewhere.example:8080/").start();
    let head = wire.answer("two");
    assert!(head.starts_with("GET http://elsewhere.example:8080/ HTTP/1.1\r\n"), "{head}");
    assert_eq!(second.wait(LIMIT).unwrap().text().unwrap(), "two");
}

/// A proxy that makes tunnels to whoever is asked for. Where it listens, and each request.
fn proxy() -> (String, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://me:secret@{}", listener.local_addr().unwrap());
    let (told, requests) = std::sync::mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut client, told) = (stream.unwrap(), told.clone());
            thread::spawn(move || {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    client.read_exact(&mut byte).unwrap();
                    head.extend(byte);
                }
                let head = String::from_utf8(head).unwrap();
                let mut server = TcpStream::connect(head.split(' ').nth(1).unwrap()).unwrap();
                // The test may be over.
                let _ = told.send(head);
                let answer = b"HTTP/1.1 102 \r\n\r\nHTTP/1.1 200 Connection established\r\n\r\n";
                answer.chunks(5).for_each(|piece| client.write_all(piece).unwrap());
                let (mut back, mut from) =
                    (client.try_clone().unwrap(), server.try_clone().unwrap());
                let down = thread::spawn(move || {
                    let _ = io::copy(&mut from, &mut back);
                    let _ = back.shutdown(Shutdown::Write);
                });
                let _ = io::copy(&mut client, &mut server);
                let _ = server.shutdown(Shutdown::Write);
                down.join().unwrap();
            });
        }
    });
    (url, requests)
}

/// A world of TLS, and a client that reaches it through a proxy.
fn tunneled(setting: Setting) -> (World, Client, std::sync::mpsc::Receiver<String>) {
    let tls = Setting { stream: Stream::Tls, ..setting };
    let world = World::new(tls, |request: &mut Request<'_>| {
        Response::text(format!("{} {}", request.target(), request.headers().len()))
    });
    let (url, requests) = proxy();
    let client = client(&world.service).proxy(url).build().unwrap();
    (world, client, requests)
}

fn tls_goes_through_a_tunnel(setting: Setting) {
    let (world, client, requests) = tunneled(setting);
    let answer = client.get(world.url("/secret")).send().unwrap();
    assert!(answer.text().unwrap().starts_with("/secret "), "{answer:?}");
    let address = world.url.trim_start_matches("https://");
    let wanted = format!(
        "CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n\
         Proxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n"
    );
    assert_eq!(requests.recv_timeout(LIMIT).unwrap(), wanted);
}

fn tunnels_are_kept(setting: Setting) {
    let (world, client, requests) = tunneled(setting);
    for _ in 0..5 {
        assert_eq!(client.get(world.url("/")).send().unwrap().status(), Status::OK);
    }
    assert_eq!(requests.try_iter().count(), 1);
    assert_eq!(world.server.metrics().opened, 1);
}

fn a_proxy_that_refuses_is_an_error(setting: Setting) {
    let proxy = Scene::new(setting);
    let client = client(&proxy.service).proxy(&proxy.url).build().unwrap();
    let get = || client.get("https://somewhere.example/").start();
    let reply = get();
    let mut wire = Wire(proxy.listener.accept());
    wire.head();
    wire.say("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 3\r\n\r\nno!");
    assert_failed(reply.wait(LIMIT), ErrorKind::Invalid, "no tunnel");
    let reply = get();
    let mut wire = Wire(proxy.listener.accept());
    wire.head();
    wire.0.finish();
    assert_failed(reply.wait(LIMIT), ErrorKind::Closed, "closed by the peer");
    let reply = get();
    let mut wire = Wire(proxy.listener.accept());
    wire.head();
    wire.say("HTTP/1.1 200 OK\r\nA: ");
    wire.0.send_last("x".repeat(100_000));
    let (kind, text) = crate::scene::failed(reply.wait(LIMIT));
    assert_eq!(kind, ErrorKind::Invalid, "{text}");
    // Who says nothing.
    let call = client.get("https://somewhere.example/").connect_timeout(crate::common::SHORT);
    let reply = call.start();
    let mut wire = Wire(proxy.listener.accept());
    wire.head();
    assert_failed(reply.wait(LIMIT), ErrorKind::TimedOut, "");
}

fn sockets_of_this_machine_need_no_proxy(setting: Setting) {
    let scene = Scene::new(Setting { stream: Stream::Memory, ..setting });
    let client = client(&scene.service).proxy("http://127.0.0.1:1").build().unwrap();
    let reply = client.get(scene.url("/")).start();
    let mut wire = scene.accept();
    assert!(wire.head().starts_with("GET / "));
    wire.say(ok("here"));
    assert_eq!(reply.wait(LIMIT).unwrap().text().unwrap(), "here");
}

fn what_is_no_proxy_is_refused(setting: Setting) {
    let service = setting.service();
    let build = |url: &str| Client::builder(&service).proxy(url).build();
    assert_failed(build("nonsense"), ErrorKind::AddressInvalid, "no scheme");
    assert_failed(build("https://proxy:3128"), ErrorKind::Unsupported, "without TLS");
}
