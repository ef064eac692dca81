//! The ways to send a request, on every stream.

use std::sync::mpsc::channel;
use std::time::Duration;

use sockeye::ErrorKind;
use sockeye::http::{Method, Request, Response, Status};

use crate::common::{LIMIT, Setting, bounded};
use crate::on_all_streams;
use crate::scene::{World, assert_failed};

on_all_streams!(
    an_answer_is_waited_for,
    a_reply_is_awaited_and_looked_at,
    a_function_is_called,
    every_method_gets_there,
    connections_are_kept,
    many_threads_share_a_client,
);

fn echo(request: &mut Request<'_>) -> Response {
    let said = format!("{} {} {}", request.method(), request.target(), request.text().unwrap());
    Response::text(said).header("X-Method", request.method().as_str())
}

fn an_answer_is_waited_for(setting: Setting) {
    let world = World::new(setting, echo);
    let answer = world.client.get(world.url("/a?b=c")).send().unwrap();
    assert_eq!(answer.status(), Status::OK);
    assert_eq!(answer.text().unwrap(), "GET /a?b=c ");
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(answer.url().path_and_query(), "/a?b=c");
    assert!(answer.trailers().is_empty());
}

fn a_reply_is_awaited_and_looked_at(setting: Setting) {
    let world = World::new(setting, echo);
    let reply = world.client.get(world.url("/1")).start();
    assert_eq!(pollster::block_on(reply).unwrap().text().unwrap(), "GET /1 ");
    let reply = world.client.get(world.url("/2")).start();
    let answer = bounded("look at a reply", move || {
        loop {
            if let Some(answer) = reply.try_take() {
                return answer;
            }
            std::thread::yield_now();
        }
    });
    assert_eq!(answer.unwrap().text().unwrap(), "GET /2 ");
}

fn a_function_is_called(setting: Setting) {
    let world = World::new(setting, echo);
    let (told, answers) = channel();
    let (service, client, url) = (world.service.clone(), world.client.clone(), world.url("/inner"));
    world.client.get(world.url("/outer")).then(move |answer| {
        assert!(service.is_service_thread());
        let outer = answer.unwrap().text().unwrap().to_owned();
        // A call that waits would wait for ever here.
        let (kind, _) = crate::scene::failed(client.get(&url).send());
        assert_eq!(kind, ErrorKind::WouldDeadlock);
        client.get(&url).then(move |inner| {
            told.send((outer, inner.unwrap().text().unwrap().to_owned())).unwrap();
        });
    });
    let (outer, inner) = answers.recv_timeout(LIMIT).unwrap();
    assert_eq!((&*outer, &*inner), ("GET /outer ", "GET /inner "));
}

fn every_method_gets_there(setting: Setting) {
    let world = World::new(setting, echo);
    let (client, url) = (&world.client, world.url("/"));
    let purge = "PURGE".parse::<Method>().unwrap();
    let calls = [
        (client.get(&url), "GET / "),
        (client.post(&url).body("x"), "POST / x"),
        (client.put(&url).body("yy"), "PUT / yy"),
        (client.patch(&url).body(vec![b'z'; 3]), "PATCH / zzz"),
        (client.delete(&url), "DELETE / "),
        (client.options(&url), "OPTIONS / "),
        (client.trace(&url), "TRACE / "),
        (client.request(purge, &url).body("p"), "PURGE / p"),
    ];
    for (call, wanted) in calls {
        assert_eq!(call.send().unwrap().text().unwrap(), wanted);
    }
    let answer = client.head(&url).send().unwrap();
    assert_eq!((answer.header("x-method"), answer.bytes().len()), (Some("HEAD"), 0));
    assert_eq!(answer.header("content-length"), Some("7"));
}

fn connections_are_kept(setting: Setting) {
    let world = World::new(setting, echo);
    for count in 0..20 {
        let answer = world.client.get(world.url(&format!("/{count}"))).send().unwrap();
        assert_eq!(answer.text().unwrap(), format!("GET /{count} "));
    }
    assert_eq!(world.server.metrics().opened, 1);
    assert_eq!((world.client.connections(), world.client.kept_connections()), (1, 1));
}

fn many_threads_share_a_client(setting: Setting) {
    let world = World::new(setting, echo);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (client, world) = (world.client.clone(), &world);
            scope.spawn(move || {
                for count in 0..25 {
                    let path = format!("/{thread}/{count}");
                    let answer = client.post(world.url(&path)).body("b").send().unwrap();
                    assert_eq!(answer.text().unwrap(), format!("POST {path} b"));
                }
            });
        }
    });
    assert!(world.server.metrics().opened <= 8);
}

#[test]
fn a_reply_may_be_asked_again() {
    let (given, taken) = channel();
    let given = std::sync::Mutex::new(given);
    let setting = crate::setting!(LoopPerThread, Tcp);
    let world = World::new(setting, move |_: &mut Request<'_>| {
        let (response, later) = Response::later();
        given.lock().unwrap().send(later).unwrap();
        response
    });
    let reply = world.client.get(world.url("/")).start();
    let later = taken.recv_timeout(LIMIT).unwrap();
    assert_failed(reply.wait(Duration::ZERO), ErrorKind::TimedOut, "get an answer");
    later.answer("at last");
    assert_eq!(reply.wait(LIMIT).unwrap().text().unwrap(), "at last");
}
