//! The way back.

use sockeye::{Backoff, ErrorKind};

use crate::common::{LIMIT, SHORT, Setting};
use crate::on_all_streams;
use crate::on_tcp;
use crate::scene::{Scene, Wire, World, close_frame, echo, field, frame, takeover};

on_all_streams!(a_lost_connection_is_made_again);
on_tcp!(
    nothing_of_the_last_connection_is_left,
    who_closes_does_not_come_back,
    malformed_answers_are_asked_again,
    attempts_end,
    a_new_connection_compresses_anew,
    all_come_back_after_a_restart,
);

fn backoff() -> Backoff {
    Backoff::default().first(SHORT / 10)
}

fn a_lost_connection_is_made_again(setting: Setting) {
    let scene = Scene::new(setting);
    let (client, told, wire) = scene.connected_with(|builder| builder.reconnect(backoff()));
    let handle = client.handle();
    wire.0.reset();
    assert!(told.next().starts_with("close 1006"));
    told.expect("attempt 1");
    let mut wire = scene.accept();
    let head = wire.agree("");
    assert_eq!(field(&head, "upgrade"), Some("websocket"));
    told.expect("open / None");
    // The handle is the same.
    client.wait_connected(LIMIT).unwrap();
    assert!(handle.text("again").is_queued());
    assert_eq!(wire.frame().payload, b"again");
    // A server that says goodbye is as good as lost.
    wire.say(close_frame(1012, "restarting"));
    wire.0.finish();
    told.expect("close 1012: closed by the peer with 1012: restarting");
    told.expect("attempt 1");
    let mut wire = scene.accept();
    wire.agree("");
    told.expect("open / None");
}

fn nothing_of_the_last_connection_is_left(setting: Setting) {
    let scene = Scene::new(setting);
    let (_client, told, mut wire) = scene.connected_with(|builder| builder.reconnect(backoff()));
    // The beginning of a message, a frame that is cut off, and half of an answer.
    wire.say([frame(0x01, "be"), b"\x80\x05gi".to_vec()].concat());
    let reset = |wire: Wire| wire.0.reset();
    reset(wire);
    told.expect_close("1006");
    told.expect("attempt 1");
    let mut wire = scene.accept();
    wire.head();
    wire.say("HTTP/1.1 101 Swit");
    reset(wire);
    told.expect("attempt 2");
    let mut wire = scene.accept();
    wire.agree("");
    told.expect("open / None");
    wire.say(frame(0x81, "whole"));
    told.expect("text whole");
}

fn who_closes_does_not_come_back(setting: Setting) {
    let scene = Scene::new(setting);
    let (client, told, mut wire) = scene.connected_with(|builder| builder.reconnect(backoff()));
    client.close(1000, "");
    wire.expect_close(1000);
    wire.say(close_frame(1000, ""));
    wire.0.finish();
    told.expect_close("1000");
    client.wait_disconnected(LIMIT).unwrap();
    scene.listener.assert_nobody_waits();
    // While it waits for its next attempt, too.
    let long = Backoff::default().first(LIMIT * 9);
    let (client, told, wire) = scene.connected_with(|builder| builder.reconnect(long));
    wire.0.reset();
    told.expect_close("1006");
    told.expect("attempt 1");
    client.close(1000, "");
    client.wait_disconnected(LIMIT).unwrap();
    assert_eq!(client.last_error().unwrap().kind(), ErrorKind::Canceled);
}

fn malformed_answers_are_asked_again(setting: Setting) {
    let scene = Scene::new(setting);
    let (builder, told) = scene.client();
    let client = builder.reconnect(backoff()).connect(&scene.service).unwrap();
    for attempt in 1..4 {
        let mut wire = scene.accept();
        wire.head();
        wire.0.send_last("nonsense\r\n\r\n");
        told.expect(&format!("attempt {attempt}"));
    }
    assert_eq!(client.last_error().unwrap().kind(), ErrorKind::Invalid);
    let mut wire = scene.accept();
    wire.agree("");
    client.wait_connected(LIMIT).unwrap();
}

fn attempts_end(setting: Setting) {
    let scene = Scene::new(setting);
    let (builder, told) = scene.client();
    let client = builder.reconnect(backoff().attempts(2)).connect(&scene.service).unwrap();
    for _ in 0..3 {
        let mut wire = scene.accept();
        wire.head();
        wire.0.send_last("HTTP/1.1 503 \r\nContent-Length: 0\r\n\r\n");
    }
    assert_eq!(client.wait_connected(LIMIT).unwrap_err().kind(), ErrorKind::Refused);
    let told = told.rest();
    assert_eq!(told.iter().filter(|what| what.starts_with("attempt")).count(), 2, "{told:?}");
}

fn all_come_back_after_a_restart(setting: Setting) {
    let world = World::new(setting, echo());
    let come = |_| {
        let (builder, told) = world.client("/");
        (builder.reconnect(backoff()).connect(&world.service).unwrap(), told)
    };
    let all: Vec<_> = (0..60).map(come).collect();
    all.iter().for_each(|(_, told)| told.expect("open / None"));
    for round in ["one", "two", "three"] {
        world.server.restart().unwrap();
        for (client, told) in &all {
            told.expect_close("1001");
            // The first attempts may meet nobody.
            while told.next() != "open / None" {}
            assert!(client.handle().text(round).is_queued());
            told.expect(&format!("text {round}"));
        }
        assert_eq!(world.server.sessions().len(), all.len());
    }
}

/// With a compressor that refers to what was sent before, the second would not be understood.
fn a_new_connection_compresses_anew(setting: Setting) {
    let world = World::new(setting, echo().deflate(takeover()));
    let (builder, told) = world.client("/");
    let builder = builder.deflate(takeover()).reconnect(backoff());
    let client = builder.connect(&world.service).unwrap();
    let text = "something to refer to ".repeat(20);
    for _ in 0..3 {
        told.expect("open / None");
        for _ in 0..2 {
            client.handle().send_message_within(sockeye::ws::Message::Text(&text), LIMIT).unwrap();
            told.expect(&format!("text {text}"));
        }
        world.server.sessions().iter().for_each(|session| session.abort());
        told.expect_close("1006");
        told.expect("attempt 1");
    }
}
