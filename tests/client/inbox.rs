//! Receiving by calls that wait.

use std::thread;
use std::time::Instant;

use sockeye::{Client, ErrorKind, Inbox, Service};

use crate::common::{LIMIT, Listener, Peer, Random, SHORT, Setting, bounded, eventually};
use crate::{on_all_streams, on_streams_with_resets, soon};

on_all_streams!(
    what_has_come_is_received,
    exactly_so_much_is_received_however_it_comes,
    text_is_received,
    the_end_comes_behind_the_data,
    who_waits_is_told_of_the_end,
    nothing_received_in_time_is_an_error,
    a_full_inbox_stops_reading_and_goes_on_when_there_is_room,
    exactly_as_much_as_the_inbox_holds_can_be_received_at_any_time,
    more_than_the_inbox_holds_is_refused,
    a_new_connection_begins_behind_the_end_of_the_last,
    what_came_before_a_reconnect_is_kept,
    stopping_the_service_ends_the_inbox,
    an_empty_buffer_receives_nothing_at_once,
);

on_streams_with_resets!(a_connection_that_is_cut_ends_the_inbox_too);

pub(crate) struct Scene {
    pub(crate) inbox: Inbox,
    pub(crate) client: Client,
    pub(crate) peer: Peer,
    pub(crate) listener: Listener,
}

impl Scene {
    pub(crate) fn new(setting: Setting, service: &Service, limit: usize) -> Self {
        let listener = setting.listener(service);
        let (protocol, inbox) = Inbox::new(service, limit);
        let builder = listener.client(service, protocol).reconnect(soon());
        let client = builder.connect(listener.endpoint()).unwrap();
        let peer = listener.accept();
        client.wait_connected(LIMIT).unwrap();
        Self { inbox, client, peer, listener }
    }
}

fn what_has_come_is_received(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, client, mut peer, listener: _listener } =
        Scene::new(setting, &service, 1000);
    assert!(inbox.is_empty());
    client.handle().send("question");
    peer.expect("question");
    peer.send("answer");
    let mut buffer = [0; 4];
    // As much as the buffer holds, and the rest later.
    eventually("it is there", || inbox.len() == 6);
    assert_eq!(inbox.receive(&mut buffer, LIMIT).unwrap(), 4);
    assert_eq!(&buffer, b"answ");
    assert_eq!(inbox.len(), 2);
    assert_eq!(inbox.receive(&mut buffer, LIMIT).unwrap(), 2);
    assert_eq!(&buffer[..2], b"er");
    assert!(inbox.is_empty());
}

fn exactly_so_much_is_received_however_it_comes(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, mut peer, client: _client, listener: _listener } =
        Scene::new(setting, &service, 10_000);
    let mut random = Random::new();
    let data = random.bytes(100_000);
    let sent = data.clone();
    let mut cuts = random.fork();
    let sending = thread::spawn(move || {
        let mut rest = &*sent;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.len().min(1 + cuts.below(5000)));
            peer.send(piece);
            rest = after;
        }
        peer
    });
    let mut rest = &*data;
    while !rest.is_empty() {
        let (wanted, after) = rest.split_at(rest.len().min(1 + random.below(10_000)));
        let mut buffer = vec![0; wanted.len()];
        inbox.receive_exact(&mut buffer, LIMIT).unwrap();
        assert!(buffer == wanted);
        rest = after;
    }
    drop(sending.join().unwrap());
    assert_eq!(inbox.receive(&mut [0], LIMIT).unwrap(), 0);
}

fn text_is_received(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, mut peer, client: _client, listener: _listener } =
        Scene::new(setting, &service, 1000);
    peer.send("grüße");
    eventually("it is there", || inbox.len() == 7);
    assert_eq!(inbox.receive_text(100, LIMIT).unwrap(), "grüße");
    peer.send(b"\xff!");
    eventually("it is there", || inbox.len() == 2);
    assert_eq!(inbox.receive_text(100, LIMIT).unwrap(), "\u{fffd}!");
    peer.send("abcdef");
    eventually("it is there", || inbox.len() == 6);
    assert_eq!(inbox.receive_text(4, LIMIT).unwrap(), "abcd");
    drop(peer);
    assert_eq!(inbox.receive_text(100, LIMIT).unwrap(), "ef");
}

fn the_end_comes_behind_the_data(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, client, mut peer, listener } = Scene::new(setting, &service, 1000);
    drop(listener);
    peer.send("the last words");
    peer.finish();
    peer.expect_end();
    eventually("it has ended", || !client.is_connected());
    let error = inbox.receive_exact(&mut [0; 20], LIMIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert_eq!(inbox.len(), 14, "what has come stays");
    let mut buffer = [0; 14];
    inbox.receive_exact(&mut buffer[..4], LIMIT).unwrap();
    assert_eq!(inbox.receive(&mut buffer[4..], LIMIT).unwrap(), 10);
    assert_eq!(&buffer, b"the last words");
    for _ in 0..3 {
        assert_eq!(inbox.receive(&mut buffer, LIMIT).unwrap(), 0);
        assert_eq!(inbox.receive_text(100, LIMIT).unwrap(), "");
        let error = inbox.receive_exact(&mut buffer, LIMIT).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed);
    }
}

fn a_connection_that_is_cut_ends_the_inbox_too(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, peer, listener, client: _client } = Scene::new(setting, &service, 1000);
    drop(listener);
    peer.reset();
    assert_eq!(inbox.receive(&mut [0], LIMIT).unwrap(), 0);
    let error = inbox.receive_exact(&mut [0], LIMIT).unwrap_err();
    assert!(error.to_string().contains("reset"), "it says why: {error}");
}

fn who_waits_is_told_of_the_end(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, peer, listener, client } = Scene::new(setting, &service, 1000);
    let inbox = std::sync::Arc::new(inbox);
    let (first, second) = (inbox.clone(), inbox);
    let receiving = thread::spawn(move || first.receive(&mut [0], LIMIT * 10));
    let exactly = thread::spawn(move || second.receive_exact(&mut [0; 10], LIMIT * 10));
    client.disconnect();
    drop((peer, listener));
    assert_eq!(bounded("receive", move || receiving.join().unwrap()).unwrap(), 0);
    let error = bounded("receive_exact", move || exactly.join().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
}

fn nothing_received_in_time_is_an_error(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, mut peer, client: _client, listener: _listener } =
        Scene::new(setting, &service, 1000);
    let began = Instant::now();
    assert_eq!(inbox.receive(&mut [0], SHORT).unwrap_err().kind(), ErrorKind::TimedOut);
    assert!(began.elapsed() >= SHORT);
    peer.send("half");
    eventually("it is there", || inbox.len() == 4);
    let mut buffer = [0; 8];
    let error = inbox.receive_exact(&mut buffer, SHORT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(inbox.len(), 4, "what has come stays");
    peer.send("half");
    inbox.receive_exact(&mut buffer, LIMIT).unwrap();
    assert_eq!(&buffer, b"halfhalf");
}

fn a_full_inbox_stops_reading_and_goes_on_when_there_is_room(setting: Setting) {
    let limit = 10_000;
    let service = setting.service();
    let Scene { inbox, mut peer, client: _client, listener: _listener } =
        Scene::new(setting, &service, limit);
    let data = Random::new().bytes(4 << 20);
    let sent = data.clone();
    let sending = thread::spawn(move || {
        peer.send(sent);
        peer
    });
    eventually("it is full", || inbox.len() >= limit);
    let mut received = Vec::new();
    let mut buffer = vec![0; 7000];
    while received.len() < data.len() {
        // The limit, and one read more.
        let len = inbox.len();
        assert!(len <= limit + (64 << 10), "{len} bytes");
        let count = inbox.receive(&mut buffer, LIMIT).unwrap();
        received.extend_from_slice(&buffer[..count]);
    }
    assert!(received == data, "in order and unharmed");
    drop(sending.join().unwrap());
}

fn exactly_as_much_as_the_inbox_holds_can_be_received_at_any_time(setting: Setting) {
    let limit = 1000;
    let service = setting.service();
    let Scene { inbox, mut peer, client: _client, listener: _listener } =
        Scene::new(setting, &service, limit);
    for first in [1, 400, 499, 500, 501, 600, 999] {
        peer.send([1; 1000]);
        eventually("it is full", || inbox.len() == limit);
        peer.send(vec![2; first]);
        inbox.receive_exact(&mut vec![0; first], LIMIT).unwrap();
        let mut rest = [0; 1000];
        inbox.receive_exact(&mut rest, LIMIT).unwrap();
        let wanted = [vec![1; 1000 - first], vec![2; first]].concat();
        assert!(rest == *wanted, "after {first} bytes");
    }
}

fn more_than_the_inbox_holds_is_refused(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, mut peer, client: _client, listener: _listener } =
        Scene::new(setting, &service, 1000);
    peer.send([1; 1000]);
    let error = inbox.receive_exact(&mut [0; 1001], LIMIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitReached);
    inbox.receive_exact(&mut [0; 1000], LIMIT).unwrap();
}

fn a_new_connection_begins_behind_the_end_of_the_last(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, client, mut peer, listener } = Scene::new(setting, &service, 1000);
    peer.send([1; 1000]);
    eventually("it is full", || inbox.len() == 1000);
    drop(peer);
    // A full one does not read, so that it hears of the end when it has been emptied.
    let mut buffer = [0; 1000];
    inbox.receive_exact(&mut buffer, LIMIT).unwrap();
    let mut peer = listener.accept();
    client.wait_connected(LIMIT).unwrap();
    peer.send("new");
    assert_eq!(inbox.receive(&mut buffer, LIMIT).unwrap(), 0, "the end of the last one");
    inbox.receive_exact(&mut buffer[..3], LIMIT).unwrap();
    assert_eq!(&buffer[..3], b"new");
    assert!(inbox.is_empty());
}

fn what_came_before_a_reconnect_is_kept(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, client, mut peer, listener } = Scene::new(setting, &service, 1000);
    for round in 0..3 {
        let old = format!("old {round}");
        peer.send(&old);
        eventually("it is there", || inbox.len() == old.len());
        drop(peer);
        peer = listener.accept();
        client.wait_connected(LIMIT).unwrap();
        peer.send("new");
        let mut buffer = [0; 5];
        inbox.receive_exact(&mut buffer, LIMIT).unwrap();
        assert_eq!(buffer, old.as_bytes());
        assert_eq!(inbox.receive(&mut buffer, LIMIT).unwrap(), 0, "the end of the last one");
        inbox.receive_exact(&mut buffer[..3], LIMIT).unwrap();
        assert_eq!(&buffer[..3], b"new");
    }
}

fn stopping_the_service_ends_the_inbox(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, mut peer, client: _client, listener: _listener } =
        Scene::new(setting, &service, 1000);
    peer.send("before");
    eventually("it is there", || inbox.len() == 6);
    bounded("stop", move || service.stop()).unwrap();
    let mut buffer = [0; 6];
    inbox.receive_exact(&mut buffer, LIMIT).unwrap();
    assert_eq!(inbox.receive(&mut buffer, LIMIT).unwrap(), 0);
}

fn an_empty_buffer_receives_nothing_at_once(setting: Setting) {
    let service = setting.service();
    let scene = Scene::new(setting, &service, 1000);
    scene.inbox.receive_exact(&mut [], LIMIT).unwrap();
}
