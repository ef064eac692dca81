//! Calls that wait, for programs without callbacks.

use sockeye::ws::{self, Inbox, Message, OwnedMessage};
use sockeye::{ErrorKind, Limits, Overflow};

use crate::common::{LIMIT, SHORT, Setting, eventually};
use crate::scene::{Scene, World, close_frame, echo, frame};
use crate::{on_all_streams, on_tcp};

on_all_streams!(messages_are_sent_and_received);
on_tcp!(
    an_inbox_is_bounded,
    the_end_is_told_once,
    waits_end,
    a_service_thread_must_not_wait,
    a_full_queue_is_waited_for,
);

fn text(text: &str) -> Option<OwnedMessage> {
    Some(OwnedMessage::Text(text.into()))
}

fn messages_are_sent_and_received(setting: Setting) {
    let world = World::new(setting, echo());
    let (handler, inbox) = Inbox::new(&world.service, 1000, 10);
    let client = ws::client(format!("{}/", world.url), handler).tls(crate::common::tls_client());
    let client = client.connect(&world.service).unwrap();
    client.wait_connected(LIMIT).unwrap();
    client.handle().send_message_within(Message::Text("one"), LIMIT).unwrap();
    client.handle().send_message_within(Message::Binary(b"two"), LIMIT).unwrap();
    assert_eq!(inbox.receive(LIMIT).unwrap(), text("one"));
    let second = inbox.receive(LIMIT).unwrap().unwrap();
    assert_eq!(second.as_message(), Message::Binary(b"two"));
    client.close(1000, "");
    assert_eq!(inbox.receive(LIMIT).unwrap(), None);
}

fn an_inbox_is_bounded(setting: Setting) {
    let scene = Scene::new(setting);
    let (handler, inbox) = Inbox::new(&scene.service, 1000, 3);
    let _client = ws::client(&scene.url, handler).connect(&scene.service).unwrap();
    let mut wire = scene.accept();
    wire.agree("");
    let frames: Vec<_> = (0..100).flat_map(|at| frame(0x81, at.to_string())).collect();
    wire.say(frames);
    for at in 0..100 {
        eventually("there is one", || !inbox.is_empty());
        assert!(inbox.len() <= 4 && inbox.bytes() <= 8, "{inbox:?}");
        assert_eq!(inbox.receive(LIMIT).unwrap(), text(&at.to_string()));
    }
}

fn the_end_is_told_once(setting: Setting) {
    let scene = Scene::new(setting);
    let (handler, inbox) = Inbox::new(&scene.service, 1000, 10);
    let builder = ws::client(&scene.url, handler);
    let builder = builder.reconnect(sockeye::Backoff::default().first(SHORT / 10));
    let client = builder.connect(&scene.service).unwrap();
    for round in ["one", "two"] {
        let mut wire = scene.accept();
        wire.agree("");
        // Until then the end of the last connection is what there is to be told.
        client.wait_connected(LIMIT).unwrap();
        wire.say([frame(0x81, round), close_frame(1000, "")].concat());
        wire.0.finish();
        assert_eq!(inbox.receive(LIMIT).unwrap(), text(round));
        assert_eq!(inbox.receive(LIMIT).unwrap(), None);
    }
}

fn waits_end(setting: Setting) {
    let scene = Scene::new(setting);
    let (handler, inbox) = Inbox::new(&scene.service, 1000, 10);
    let client = ws::client(&scene.url, handler).connect(&scene.service).unwrap();
    assert_eq!(inbox.receive(SHORT).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(client.wait_connected(SHORT).unwrap_err().kind(), ErrorKind::TimedOut);
    let sent = client.handle().send_message_within(Message::Text("x"), SHORT);
    assert!(sent.is_ok(), "it waits in the mailbox for the answer: {sent:?}");
}

fn a_service_thread_must_not_wait(setting: Setting) {
    let scene = Scene::new(setting);
    let (handler, inbox) = Inbox::new(&scene.service, 1000, 10);
    let client = ws::client(&scene.url, handler).connect(&scene.service).unwrap();
    let mut wire = scene.accept();
    wire.agree("");
    client.wait_connected(LIMIT).unwrap();
    let (told, kinds) = std::sync::mpsc::channel();
    let (handle, waiting) = (client.handle(), client.clone());
    let wait = move |_: &mut ws::Session<'_>| {
        let kind = |result: sockeye::Result<()>| result.map_err(|error| error.kind());
        let _ = told.send([
            kind(inbox.receive(LIMIT).map(drop)),
            kind(handle.send_message_within(Message::Text("x"), LIMIT)),
            kind(waiting.wait_connected(LIMIT)),
            kind(waiting.wait_disconnected(LIMIT)),
        ]);
    };
    client.handle().post(wait).unwrap();
    assert_eq!(kinds.recv_timeout(LIMIT).unwrap(), [Err(ErrorKind::WouldDeadlock); 4]);
}

fn a_full_queue_is_waited_for(setting: Setting) {
    let scene = Scene::new(setting);
    let limits = Limits::default().queue(10_000).marks(0, 5_000).overflow(Overflow::Drop);
    let (client, _told, mut wire) = scene.connected_with(|builder| {
        let narrow = sockeye::TcpOptions::default().send_buffer(8192);
        builder.limits(limits).tcp_options(narrow)
    });
    let handle = client.handle();
    let long = "x".repeat(9_000);
    let late = loop {
        match handle.send_message_within(Message::Text(&long), SHORT) {
            Ok(()) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(late.kind(), ErrorKind::LimitReached);
    let reader = std::thread::spawn(move || {
        // Until the one that was waited for.
        while wire.frame().payload != b"end" {}
    });
    handle.send_message_within(Message::Text("end"), LIMIT).unwrap();
    reader.join().unwrap();
}
