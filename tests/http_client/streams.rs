//! Bodies that are read and written while they go.

use std::io::{self, Read, Write};

use sockeye::ErrorKind;
use sockeye::http::{self, Body, BodyReader, Later, Request, Response, Status};

use crate::common::{LIMIT, SHORT, Setting, eventually};
use crate::scene::{Scene, World, assert_failed};
use crate::{on_all_streams, on_tcp};

on_all_streams!(a_stream_is_read_while_it_comes, a_long_body_goes_up_and_down);
on_tcp!(
    a_body_that_just_fills_what_may_wait_ends,
    a_slow_reader_holds_up_the_server,
    a_reader_that_leaves_closes,
    a_stream_that_is_cut_off_is_an_error,
    a_stream_has_no_end_in_time,
    failures_before_the_head_are_the_calls,
    a_writer_on_another_thread,
    packed_streams_are_unpacked,
    redirections_are_followed_first,
);

fn a_stream_is_read_while_it_comes(setting: Setting) {
    let scene = Scene::new(setting);
    let reply = scene.client.get(scene.url("/")).start_stream();
    let mut wire = scene.accept();
    wire.head();
    wire.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n");
    let mut answer = reply.wait(LIMIT).unwrap();
    assert_eq!((answer.head().status(), answer.head().header("x")), (Status::OK, Some("y")));
    for piece in ["one", "two", "three"] {
        wire.say(format!("{:x}\r\n{piece}\r\n", piece.len()));
        let mut read = vec![0; piece.len()];
        answer.read_exact(&mut read).unwrap();
        assert_eq!(read, piece.as_bytes());
    }
    wire.say("0\r\nX-Sum: 3\r\n\r\n");
    assert_eq!(answer.read(&mut [0; 8]).unwrap(), 0);
    assert_eq!(answer.body().trailers().unwrap().str("x-sum"), Some("3"));
    // The connection is of use again.
    let reply = scene.get("/next");
    wire.answer("next");
    assert_eq!(reply.wait(LIMIT).unwrap().text().unwrap(), "next");
}

const LONG: u64 = 6 << 20;

fn a_long_body_goes_up_and_down(setting: Setting) {
    let echo = http::streamed(|_: &mut Request<'_>, mut body: BodyReader, later: Later| {
        std::thread::spawn(move || {
            let read = io::copy(&mut body, &mut io::sink()).unwrap();
            let down = Body::reader(io::repeat(b'd').take(read), read);
            later.answer(Response::content("a/b", down));
        });
    });
    let world = World::new(setting, echo);
    for len in [None, Some(LONG)] {
        let up = Body::reader(io::repeat(b'u').take(LONG), len);
        let mut answer = world.client.put(world.url("/")).body(up).stream().unwrap();
        assert_eq!(io::copy(&mut answer, &mut io::sink()).unwrap(), LONG);
    }
    assert_eq!(world.server.metrics().opened, 1);
}

fn a_body_that_just_fills_what_may_wait_ends(setting: Setting) {
    const FULL: usize = 256 << 10;
    let (given, taken) = std::sync::mpsc::channel();
    let given = std::sync::Mutex::new(given);
    let take = http::streamed(move |_: &mut Request<'_>, body: BodyReader, later: Later| {
        given.lock().unwrap().send((body, later)).unwrap();
    });
    let world = World::new(setting, take);
    let reply = world.client.put(world.url("/")).body(vec![b'x'; FULL]).start();
    let (mut body, later) = taken.recv_timeout(LIMIT).unwrap();
    let received = || world.server.metrics().stats.bytes_received >= FULL as u64;
    eventually("all has come", received);
    later.answer(format!("{} bytes", body.read_all(FULL).unwrap().len()));
    assert_eq!(reply.wait(LIMIT).unwrap().text().unwrap(), "262144 bytes");
}

fn a_slow_reader_holds_up_the_server(setting: Setting) {
    let scene = Scene::new(setting);
    let reply = scene.client.get(scene.url("/")).start_stream();
    let mut wire = scene.accept();
    wire.head();
    wire.say("HTTP/1.1 200 OK\r\n\r\n");
    let mut answer = reply.wait(LIMIT).unwrap();
    // Without backpressure this would fit.
    let taken = wire.0.send_what_fits(256 << 20);
    assert!(taken < 256 << 20, "{taken} bytes were taken");
    let reader = std::thread::spawn(move || io::copy(&mut answer, &mut io::sink()).unwrap());
    wire.say("the end");
    wire.0.finish();
    assert_eq!(reader.join().unwrap(), taken as u64 + 7);
}

fn a_reader_that_leaves_closes(setting: Setting) {
    let scene = Scene::new(setting);
    let reply = scene.client.get(scene.url("/")).start_stream();
    let mut wire = scene.accept();
    wire.head();
    wire.say("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nhello");
    drop(reply.wait(LIMIT).unwrap());
    // Though nothing more comes that could be refused.
    wire.0.receive_what_comes();
    eventually("it is gone", || scene.client.connections() == 0);
}

fn a_stream_that_is_cut_off_is_an_error(setting: Setting) {
    let scene = Scene::new(setting);
    let reply = scene.client.get(scene.url("/")).start_stream();
    let mut wire = scene.accept();
    wire.head();
    wire.say("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nhello");
    let mut answer = reply.wait(LIMIT).unwrap();
    wire.0.finish();
    let mut read = Vec::new();
    let error = answer.read_to_end(&mut read).unwrap_err();
    assert_eq!(read, b"hello");
    assert!(
        error.to_string().contains("in the middle of the answer: closed by the peer"),
        "{error}"
    );
}

fn a_stream_has_no_end_in_time(setting: Setting) {
    let scene = Scene::new(setting);
    let reply = scene.client.get(scene.url("/")).timeout(10 * SHORT).start_stream();
    let mut wire = scene.accept();
    wire.head();
    wire.say("HTTP/1.1 200 OK\r\n\r\nhello");
    let mut answer = reply.wait(LIMIT).unwrap();
    let mut read = [0; 5];
    answer.read_exact(&mut read).unwrap();
    // The whole of the time passes in this.
    answer.body().set_patience(11 * SHORT);
    let error = answer.read(&mut read).unwrap_err();
    assert!(error.to_string().contains("the time limit passed"), "{error}");
    wire.say("world");
    answer.read_exact(&mut read).unwrap();
    assert_eq!(&read, b"world");
}

fn failures_before_the_head_are_the_calls(setting: Setting) {
    let scene = Scene::new(setting);
    let reply = scene.client.get(scene.url("/")).head_timeout(SHORT).start_stream();
    let mut wire = scene.accept();
    wire.head();
    assert_failed(reply.wait(LIMIT), ErrorKind::TimedOut, "the head of the answer");
    assert_failed(scene.client.get("nonsense").stream(), ErrorKind::AddressInvalid, "");
    let reply = scene.client.get(scene.url("/")).start_stream();
    let mut wire = scene.accept();
    wire.head();
    drop(reply);
    wire.0.receive_what_comes();
}

fn a_writer_on_another_thread(setting: Setting) {
    let world = World::new(setting, |request: &mut Request<'_>| request.body().to_vec());
    let (body, mut sender) = Body::channel(None);
    let reply = world.client.post(world.url("/")).body(body).start();
    for piece in ["one ", "two ", "three"] {
        sender.write_all(piece.as_bytes()).unwrap();
    }
    sender.finish();
    assert_eq!(reply.wait(LIMIT).unwrap().text().unwrap(), "one two three");
    // One that breaks off.
    let (body, mut sender) = Body::channel(100);
    let reply = world.client.post(world.url("/")).body(body).start();
    sender.write_all(b"half of it").unwrap();
    drop(sender);
    assert_failed(reply.wait(LIMIT), ErrorKind::Canceled, "its request's body");
}

fn packed_streams_are_unpacked(setting: Setting) {
    let zeroes = vec![0; 32 << 20];
    let mut packed = Vec::new();
    let mut encoder = flate2::read::GzEncoder::new(&zeroes[..], flate2::Compression::fast());
    encoder.read_to_end(&mut packed).unwrap();
    let world = World::new(setting, move |_: &mut Request<'_>| {
        Response::content("a/b", packed.clone()).header("Content-Encoding", "gzip")
    });
    // More than a gathered body may have.
    let mut answer = world.client.get(world.url("/")).stream().unwrap();
    assert_eq!(answer.head().header("content-encoding"), None);
    assert_eq!(io::copy(&mut answer, &mut io::sink()).unwrap(), 32 << 20);
}

fn redirections_are_followed_first(setting: Setting) {
    let world = World::new(setting, |request: &mut Request<'_>| match request.raw_path() {
        "/" => Response::redirect(Status::FOUND, "/there").with_body("not this"),
        _ => Response::text("but this"),
    });
    let mut answer = world.client.get(world.url("/")).stream().unwrap();
    let mut text = String::new();
    answer.read_to_string(&mut text).unwrap();
    assert_eq!((&*text, answer.head().url().path()), ("but this", "/there"));
}
