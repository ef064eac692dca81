//! Receiving messages by calls that wait.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use sockeye::framed::{self, Inbox};
use sockeye::{Client, ErrorKind, Service, client};

use crate::codec::lines;
use crate::common::{
    Design, LIMIT, Listener, Peer, Random, SHORT, Setting, addr_of, bounded, eventually, serve,
};
use crate::scene::soon;
use crate::{on_all_streams, on_both_designs, on_tcp};

on_all_streams!(
    messages_are_received_whole,
    the_end_comes_behind_the_messages,
    a_full_inbox_stops_reading_and_loses_nothing,
    a_new_connection_begins_behind_the_end_of_the_last,
);

on_tcp!(
    an_inbox_holds_so_many_messages,
    an_inbox_holds_so_many_bytes,
    an_inbox_for_nothing_holds_one_message,
    empty_messages_count,
    nothing_received_in_time_is_an_error,
    a_broken_rule_ends_the_inbox_behind_what_came_before,
    who_waits_is_told_of_the_end,
    stopping_the_service_ends_the_inbox,
);

on_both_designs!(an_inbox_is_not_waited_for_on_a_service_thread, text_is_received);

struct Scene {
    inbox: Inbox,
    client: Client,
    peer: Peer,
    listener: Listener,
}

impl Scene {
    fn new(setting: Setting, service: &Service, bytes: usize, messages: usize) -> Self {
        let reconnecting = |client: client::Builder| client.reconnect(soon());
        Self::with(setting, service, (bytes, messages), reconnecting)
    }

    fn with(
        setting: Setting,
        service: &Service,
        (bytes, messages): (usize, usize),
        set_client: fn(client::Builder) -> client::Builder,
    ) -> Self {
        let listener = setting.listener(service);
        let (protocol, inbox) = Inbox::new(service, lines(), bytes, messages);
        let builder = set_client(listener.client(service, protocol));
        let client = builder.connect(listener.endpoint()).unwrap();
        let peer = listener.accept();
        client.wait_connected(LIMIT).unwrap();
        Self { inbox, client, peer, listener }
    }
}

#[track_caller]
fn next(inbox: &Inbox) -> String {
    String::from_utf8(inbox.receive(LIMIT).unwrap().expect("a message, and no end")).unwrap()
}

#[track_caller]
fn expect_end(inbox: &Inbox) {
    assert_eq!(inbox.receive(LIMIT).unwrap(), None);
}

fn messages_are_received_whole(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, client, mut peer, listener: _listener } =
        Scene::new(setting, &service, 1000, 10);
    assert!(inbox.is_empty());
    client.handle().send("question");
    peer.expect("question\n");
    peer.send("one\ntwo\nthr");
    assert_eq!(next(&inbox), "one");
    assert_eq!(next(&inbox), "two");
    assert!(inbox.is_empty());
    peer.send("ee\n");
    eventually("it is there", || inbox.len() == 1);
    assert_eq!(inbox.bytes(), 5);
    assert_eq!(next(&inbox), "three");
    assert_eq!((inbox.len(), inbox.bytes()), (0, 0));
}

fn the_end_comes_behind_the_messages(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, client, mut peer, listener } = Scene::new(setting, &service, 1000, 10);
    drop(listener);
    peer.send("last\nwords\n");
    peer.finish();
    peer.expect_end();
    eventually("it has ended", || !client.is_connected());
    assert_eq!((next(&inbox), next(&inbox)), ("last".into(), "words".into()));
    (0..3).for_each(|_| expect_end(&inbox));
}

fn a_full_inbox_stops_reading_and_loses_nothing(setting: Setting) {
    let (bytes, messages) = (5000, 20);
    let service = setting.service();
    let Scene { inbox, mut peer, client: _client, listener: _listener } =
        Scene::new(setting, &service, bytes, messages);
    let mut random = Random::new();
    let sent = (0..5000).map(|number| format!("{number}:{}", "x".repeat(random.below(900))));
    let sent = sent.collect::<Vec<_>>();
    let data = sent.join("\n") + "\n";
    let sending = thread::spawn(move || {
        peer.send(data);
        peer
    });
    eventually("it is full", || inbox.len() >= messages || inbox.bytes() >= bytes);
    for message in &sent {
        // The limit, and one message more.
        assert!(inbox.len() <= messages && inbox.bytes() < bytes + 1000);
        assert!(next(&inbox) == *message, "in order and unharmed");
    }
    drop(sending.join().unwrap());
}

fn a_new_connection_begins_behind_the_end_of_the_last(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, client, mut peer, listener } = Scene::new(setting, &service, 1000, 10);
    for round in 0..3 {
        peer.send(format!("old {round}\n"));
        eventually("it is there", || inbox.len() == 1);
        peer.finish();
        drop(peer);
        peer = listener.accept();
        client.wait_connected(LIMIT).unwrap();
        peer.send("new\n");
        assert_eq!(next(&inbox), format!("old {round}"));
        expect_end(&inbox);
        assert_eq!(next(&inbox), "new");
    }
}

fn an_inbox_holds_so_many_messages(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, mut peer, client: _client, listener: _listener } =
        Scene::new(setting, &service, 1000, 4);
    peer.send("1\n2\n3\n4\n5\n6\n7\n8\n9\n");
    eventually("it is full", || inbox.len() == 4);
    // More does not come before half of it is free.
    assert_eq!(next(&inbox), "1");
    assert_eq!(inbox.len(), 3);
    assert_eq!(next(&inbox), "2");
    eventually("it is full again", || inbox.len() == 4);
    (3..10).for_each(|number| assert_eq!(next(&inbox), number.to_string()));
}

fn an_inbox_holds_so_many_bytes(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, mut peer, client: _client, listener: _listener } =
        Scene::new(setting, &service, 10, 100);
    peer.send("12345\n67890\nabc\ndef\n");
    eventually("it is full", || inbox.bytes() == 10);
    assert_eq!(inbox.len(), 2);
    let received = [next(&inbox), next(&inbox), next(&inbox), next(&inbox)];
    assert_eq!(received, ["12345", "67890", "abc", "def"]);
    let long = "x".repeat(500);
    peer.send(format!("{long}\n{long}\n"));
    eventually("the first is there", || inbox.bytes() == 500);
    assert_eq!((next(&inbox), next(&inbox)), (long.clone(), long));
}

fn an_inbox_for_nothing_holds_one_message(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, mut peer, client: _client, listener: _listener } =
        Scene::new(setting, &service, 0, 0);
    peer.send("1\n2\n3\n");
    for number in 1..4 {
        eventually("it is there", || inbox.len() == 1);
        assert_eq!(next(&inbox), number.to_string());
    }
}

fn empty_messages_count(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, mut peer, client: _client, listener: _listener } =
        Scene::new(setting, &service, 1000, 5);
    peer.send([b'\n'; 100]);
    eventually("it is full", || inbox.len() == 5);
    (0..100).for_each(|_| assert_eq!(next(&inbox), ""));
}

fn nothing_received_in_time_is_an_error(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, mut peer, client: _client, listener: _listener } =
        Scene::new(setting, &service, 1000, 10);
    peer.send("half a mess");
    let began = Instant::now();
    assert_eq!(inbox.receive(SHORT).unwrap_err().kind(), ErrorKind::TimedOut);
    assert!(began.elapsed() >= SHORT);
    peer.send("age\n");
    assert_eq!(next(&inbox), "half a message");
}

fn a_broken_rule_ends_the_inbox_behind_what_came_before(setting: Setting) {
    let service = setting.service();
    // One that came back would have other errors soon.
    let Scene { inbox, client, mut peer, listener: _listener } =
        Scene::with(setting, &service, (1000, 10), |client| client);
    peer.send(format!("good\n{}", "x".repeat(1100)));
    peer.finish();
    assert_eq!(next(&inbox), "good");
    expect_end(&inbox);
    let told = || client.last_error().is_some_and(|error| error.to_string().contains("1000"));
    eventually("it says why", told);
}

fn who_waits_is_told_of_the_end(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, peer, listener, client } = Scene::new(setting, &service, 1000, 10);
    let inbox = Arc::new(inbox);
    let waiting = Arc::clone(&inbox);
    let receiving = thread::spawn(move || waiting.receive(LIMIT * 10));
    client.disconnect();
    drop((peer, listener));
    assert_eq!(bounded("receive", move || receiving.join().unwrap()).unwrap(), None);
}

fn stopping_the_service_ends_the_inbox(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, mut peer, client: _client, listener: _listener } =
        Scene::new(setting, &service, 1000, 10);
    peer.send("before\n");
    eventually("it is there", || inbox.len() == 1);
    bounded("stop", move || service.stop()).unwrap();
    assert_eq!(next(&inbox), "before");
    expect_end(&inbox);
}

fn an_inbox_is_not_waited_for_on_a_service_thread(design: Design) {
    let service = design.service();
    let (_protocol, inbox) = Inbox::new(&service, lines(), 1000, 10);
    let (answers, told) = channel();
    service.post(move || answers.send(inbox.receive(LIMIT)).unwrap()).unwrap();
    let error = told.recv_timeout(LIMIT).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldDeadlock);
}

fn text_is_received(design: Design) {
    let service = design.service();
    let greet = Greeter;
    let protocol = framed::server(framed::Lines::new(), move |_| greet);
    let server = serve(&service, protocol);
    let (protocol, inbox) = Inbox::new(&service, framed::Lines::new(), 1000, 10);
    let _client = Client::builder(&service, protocol).connect(addr_of(&server)).unwrap();
    let greeting: Option<String> = inbox.receive(Duration::MAX).unwrap();
    assert_eq!(greeting.as_deref(), Some("grüß Gott"));
}

#[derive(Clone, Copy)]
struct Greeter;

impl framed::Handler<str> for Greeter {
    fn on_open(&mut self, session: &mut framed::Session<'_>) {
        session.send("grüß Gott");
    }

    fn on_message(&mut self, _session: &mut framed::Session<'_>, _message: &str) {}
}
