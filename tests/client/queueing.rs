//! What is sent while a client is not connected.

use std::sync::mpsc::channel;

use sockeye::client::State;
use sockeye::{Client, ErrorKind, Sent, Service, client, raw};

use crate::common::{Design, Hanging, LIMIT, Place, Probe, SHORT, Setting, bounded, eventually};
use crate::{listener, on_all_streams, on_both_designs, soon};

on_all_streams!(
    what_is_queued_is_sent_in_order_when_connected,
    what_on_open_sends_comes_before_what_was_queued,
    the_queue_is_bounded,
    the_queue_serves_every_interruption,
    jobs_wait_for_the_connection_too,
    who_waits_for_room_gets_it_when_the_client_connects,
);

on_both_designs!(
    without_a_queue_nothing_is_taken_while_down,
    who_waits_for_room_gives_up_in_time,
    a_flush_of_a_client_that_is_down_says_so,
    what_is_queued_goes_with_the_client,
);

fn builder(place: &Place, service: &Service) -> client::Builder {
    let (probe, _) = Probe::new();
    place.client(service, raw::client(probe))
}

/// A client on its way to where nobody ever answers.
fn hanging_builder(service: &Service) -> client::Builder {
    let (probe, _) = Probe::new();
    Client::builder(service, raw::client(probe))
}

fn without_a_queue_nothing_is_taken_while_down(design: Design) {
    let service = design.service();
    let hanging = Hanging::new();
    let client = hanging_builder(&service).connect(hanging.addr).unwrap();
    let handle = client.handle();
    assert!(!handle.is_open());
    assert_eq!(handle.send("x"), Sent::Closed);
    assert_eq!(handle.send_shared(vec![1; 1000].into()), Sent::Closed);
    assert_eq!(handle.send_within("x", LIMIT).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(handle.pending(), 0);
}

fn what_is_queued_is_sent_in_order_when_connected(setting: Setting) {
    let service = setting.service();
    let place = setting.nowhere(&service);
    let addr = place.endpoint().clone();
    let builder = builder(&place, &service).reconnect(soon()).queue_while_down(1 << 20);
    let client = builder.connect(&addr).unwrap();
    let handle = client.handle();
    let mut wanted = Vec::new();
    for number in 0..200_u8 {
        let message = vec![number; 1 + usize::from(number) * 13];
        match number % 2 {
            0 => assert_eq!(handle.send(&message), Sent::Queued),
            _ => assert_eq!(handle.send_shared(message.clone().into()), Sent::Queued),
        }
        wanted.extend(message);
    }
    assert_eq!(handle.pending(), wanted.len());
    let listener = place.listen();
    let mut peer = listener.accept();
    peer.expect(&wanted);
    handle.send("and on");
    peer.expect("and on");
    eventually("all is counted", || handle.stats().messages_sent == 201);
    assert_eq!(handle.pending(), 0);
}

fn what_on_open_sends_comes_before_what_was_queued(setting: Setting) {
    let service = setting.service();
    let place = setting.nowhere(&service);
    let addr = place.endpoint().clone();
    let (probe, _events) = Probe::new();
    let probe = probe.on_open(|session| _ = session.send("I am the client. "));
    let builder = place.client(&service, raw::client(probe)).reconnect(soon());
    let client = builder.queue_while_down(100).connect(&addr).unwrap();
    client.handle().send("I was waiting. ");
    let listener = place.listen();
    let mut peer = listener.accept();
    peer.expect("I am the client. I was waiting. ");
}

fn the_queue_is_bounded(setting: Setting) {
    let service = setting.service();
    let place = setting.nowhere(&service);
    let addr = place.endpoint().clone();
    let builder = builder(&place, &service).reconnect(soon()).queue_while_down(10);
    let client = builder.connect(&addr).unwrap();
    let handle = client.handle();
    let sent =
        ["12345678", "abcd", "90", "x", ""].map(|text| (handle.send(text), handle.pending()));
    let wanted = [
        (Sent::Queued, 8),
        (Sent::Full, 8),
        (Sent::Queued, 10),
        (Sent::Full, 10),
        (Sent::Queued, 10),
    ];
    assert_eq!(sent, wanted);
    let listener = place.listen();
    let mut peer = listener.accept();
    peer.expect("1234567890");
    client.wait_connected(LIMIT).unwrap();
    // Connected, the session's own limit counts.
    assert!(handle.send(vec![1; 100_000]).is_queued());
    peer.receive(100_000);
}

fn the_queue_serves_every_interruption(setting: Setting) {
    let service = setting.service();
    let place = setting.nowhere(&service);
    let addr = place.endpoint().clone();
    let builder = builder(&place, &service).reconnect(soon()).queue_while_down(1000);
    let client = builder.connect(&addr).unwrap();
    for round in 0..5 {
        // Whatever becomes of what is sent while the connection is being lost, this is not: the
        // client knows that it is down.
        eventually("it is down", || !client.handle().is_open());
        eventually("it waits", || client.state() == State::Waiting);
        let message = format!("round {round}");
        assert_eq!(client.handle().send(&message), Sent::Queued);
        let listener = place.listen();
        let mut peer = listener.accept();
        peer.expect(&message);
        drop(listener);
    }
}

fn jobs_wait_for_the_connection_too(setting: Setting) {
    let service = setting.service();
    let place = setting.nowhere(&service);
    let addr = place.endpoint().clone();
    let builder = builder(&place, &service).reconnect(soon()).queue_while_down(1000);
    let client = builder.connect(&addr).unwrap();
    let handle = client.handle();
    handle.send("a");
    handle.post(|session| _ = session.send("b")).unwrap();
    handle.send("c");
    let listener = place.listen();
    listener.accept().expect("abc");
}

fn who_waits_for_room_gives_up_in_time(design: Design) {
    let service = design.service();
    let hanging = Hanging::new();
    let client = hanging_builder(&service).queue_while_down(10).connect(hanging.addr).unwrap();
    let handle = client.handle();
    handle.send_within("12345678", LIMIT).unwrap();
    let waiting = handle.clone();
    let error = bounded("send_within", move || waiting.send_within("abcd", SHORT)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(handle.pending(), 8);
}

fn who_waits_for_room_gets_it_when_the_client_connects(setting: Setting) {
    let service = setting.service();
    let place = setting.nowhere(&service);
    let addr = place.endpoint().clone();
    let builder = builder(&place, &service).reconnect(soon()).queue_while_down(10);
    let client = builder.connect(&addr).unwrap();
    let handle = client.handle();
    handle.send_within("12345678", LIMIT).unwrap();
    let waiting = std::thread::spawn(move || handle.send_within("abcd", LIMIT));
    let listener = place.listen();
    listener.accept().expect("12345678abcd");
    bounded("send_within", move || waiting.join().unwrap()).unwrap();
}

fn a_flush_of_a_client_that_is_down_says_so(design: Design) {
    let service = design.service();
    let hanging = Hanging::new();
    let client = hanging_builder(&service).queue_while_down(10).connect(hanging.addr).unwrap();
    let handle = client.handle();
    handle.send("x");
    let error = bounded("flush", move || handle.flush(LIMIT)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    drop(client);
}

fn what_is_queued_goes_with_the_client(design: Design) {
    let service = design.service();
    let (hanging, listener) = (Hanging::new(), listener());
    let value = std::sync::Arc::new(());
    let (told, _ran) = channel();
    for addr in [hanging.addr, listener.local_addr().unwrap()] {
        let client = hanging_builder(&service).queue_while_down(1000).connect(addr).unwrap();
        let handle = client.handle();
        assert!(handle.send("x").is_queued());
        let (held, told) = (value.clone(), told.clone());
        let _ = handle.post(move |_| drop(told.send(held)));
        drop(client);
        eventually("it takes nothing more", || handle.send("x") == Sent::Closed);
    }
    drop(_ran);
    eventually("nobody holds what was queued", || std::sync::Arc::strong_count(&value) == 1);
}
