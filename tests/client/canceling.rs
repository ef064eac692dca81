//! Giving up: an attempt taken back at any moment, and whatever comes of it later.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use sockeye::client::State;
use sockeye::{Backoff, Client, ErrorKind, Service, raw};

use crate::common::{Design, Echo, Hanging, LIMIT, Peer, Random, bounded, free_addr};
use crate::{Teller, Told, accept, assert_nobody_waits, listener, on_both_designs, soon};

on_both_designs!(
    an_attempt_is_taken_back_while_the_name_is_resolved,
    an_attempt_is_taken_back_while_it_connects,
    an_attempt_is_taken_back_while_it_waits_for_the_next,
    closing_the_handle_of_a_client_that_is_not_connected_ends_its_attempts,
    who_waits_for_a_connection_is_told_of_the_cancellation,
    a_client_may_be_dropped_at_any_moment,
    a_service_stops_while_a_client_tries,
    a_service_that_stops_leaves_no_attempt_behind,
    a_disconnect_at_any_moment_is_obeyed,
    a_client_that_was_told_to_stop_connects_when_told_so,
    disconnecting_and_connecting_in_one_breath_connects,
    disconnecting_twice_is_as_good_as_once,
);

/// An hour between attempts: whoever connects does not do so by waiting.
fn much_later() -> Backoff {
    let hour = Duration::from_secs(3600);
    Backoff::default().first(hour).max(hour)
}

/// A client whose resolver waits for what the test sends it, and tells when it is asked.
fn resolving(service: &Service) -> (Client, Sender<SocketAddr>, Receiver<()>, Told) {
    let (answer, answers) = channel();
    let (told, asked) = channel();
    let answers = Mutex::new(answers);
    let resolve = move |_: &str, _: &str| {
        let _ = told.send(());
        let answer = answers.lock().unwrap().recv_timeout(LIMIT);
        answer.map(|addr| vec![addr]).map_err(std::io::Error::other)
    };
    let (teller, told) = Teller::new();
    let builder = Client::builder(service, raw::client(Echo)).resolver(resolve).events(teller);
    let client = builder.reconnect(much_later()).connect("somewhere:1").unwrap();
    (client, answer, asked, told)
}

#[track_caller]
fn assert_canceled(client: &Client) {
    let waiting = client.clone();
    let error = bounded("wait_connected", move || waiting.wait_connected(LIMIT)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Canceled, "{error}");
    assert_eq!(client.state(), State::Disconnected);
    assert_eq!(client.last_error().unwrap().kind(), ErrorKind::Canceled);
}

fn an_attempt_is_taken_back_while_the_name_is_resolved(design: Design) {
    let service = design.service();
    let listener = listener();
    let addr = listener.local_addr().unwrap();
    let (client, answer, asked, told) = resolving(&service);
    asked.recv_timeout(LIMIT).unwrap();
    client.disconnect();
    assert_canceled(&client);
    told.expect("connecting");
    // The answer comes too late: nobody connects until told to.
    answer.send(addr).unwrap();
    client.connect();
    asked.recv_timeout(LIMIT).unwrap();
    assert_eq!(client.state(), State::Connecting);
    assert_nobody_waits(&listener);
    answer.send(addr).unwrap();
    accept(&listener).exchange("now");
    assert_nobody_waits(&listener);
    told.expect("connecting");
    told.expect(&format!("connected to {addr}"));
}

fn an_attempt_is_taken_back_while_it_connects(design: Design) {
    let service = design.service();
    let hanging = Hanging::new();
    let (teller, told) = Teller::new();
    let builder = Client::builder(&service, raw::client(Echo)).events(teller);
    let client = builder.reconnect(much_later()).connect(hanging.addr).unwrap();
    told.expect("connecting");
    client.disconnect();
    assert_canceled(&client);
    service.stop().unwrap();
    assert!(told.rest().is_empty(), "it is no failure to be told of");
}

fn an_attempt_is_taken_back_while_it_waits_for_the_next(design: Design) {
    let service = design.service();
    let addr = free_addr();
    let (teller, told) = Teller::new();
    let builder = Client::builder(&service, raw::client(Echo)).events(teller);
    let client = builder.reconnect(much_later().jitter(0.0)).connect(addr).unwrap();
    told.expect("connecting");
    told.expect(&format!("error Refused on {addr}"));
    told.expect("attempt 1 in 3600s");
    assert_eq!(client.state(), State::Waiting);
    assert_eq!(client.last_error().unwrap().kind(), ErrorKind::Refused);
    client.disconnect();
    assert_canceled(&client);
}

fn closing_the_handle_of_a_client_that_is_not_connected_ends_its_attempts(design: Design) {
    let service = design.service();
    let hanging = Hanging::new();
    for addr in [hanging.addr, free_addr()] {
        let builder = Client::builder(&service, raw::client(Echo));
        let client = builder.reconnect(much_later()).connect(addr).unwrap();
        client.handle().close();
        client.wait_disconnected(LIMIT).unwrap();
        assert_eq!(client.state(), State::Disconnected);
    }
}

fn who_waits_for_a_connection_is_told_of_the_cancellation(design: Design) {
    let service = design.service();
    let hanging = Hanging::new();
    let client = Client::builder(&service, raw::client(Echo)).connect(hanging.addr).unwrap();
    let wait = |_| {
        let client = client.clone();
        thread::spawn(move || client.wait_connected(LIMIT * 10))
    };
    let waiting: Vec<_> = (0..3).map(wait).collect();
    client.disconnect();
    for waiting in waiting {
        let error = bounded("wait_connected", move || waiting.join().unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Canceled);
    }
}

fn a_client_may_be_dropped_at_any_moment(design: Design) {
    let service = design.service();
    let (hanging, listener) = (Hanging::new(), listener());
    for addr in [hanging.addr, free_addr(), listener.local_addr().unwrap()] {
        let builder = Client::builder(&service, raw::client(Echo));
        let client = builder.reconnect(much_later()).connect(addr).unwrap();
        bounded("dropping the client", move || drop(client));
    }
    let (client, answer, asked, _told) = resolving(&service);
    asked.recv_timeout(LIMIT).unwrap();
    bounded("dropping the client", move || drop(client));
    let _ = answer.send(hanging.addr);
    bounded("stop", move || service.stop()).unwrap();
}

fn a_service_stops_while_a_client_tries(design: Design) {
    let hanging = Hanging::new();
    for addr in [hanging.addr, free_addr()] {
        let service = design.service();
        let builder = Client::builder(&service, raw::client(Echo));
        let client = builder.reconnect(much_later()).connect(addr).unwrap();
        let stopped = service.clone();
        bounded("stop", move || stopped.stop()).unwrap();
        assert!(!client.is_connected());
        let restarted = service.clone();
        bounded("start", move || restarted.start()).unwrap();
        client.disconnect();
        client.wait_disconnected(LIMIT).unwrap();
    }
    let service = design.service();
    let (client, _answer, asked, _told) = resolving(&service);
    asked.recv_timeout(LIMIT).unwrap();
    bounded("stop", move || service.stop()).unwrap();
    assert!(!client.is_connected());
}

fn a_service_that_stops_leaves_no_attempt_behind(design: Design) {
    let mut random = Random::new();
    let listener = listener();
    let addr = listener.local_addr().unwrap();
    let mut stopped = Vec::new();
    for _ in 0..50 {
        let service = design.service();
        let client = Client::builder(&service, raw::client(Echo)).reconnect(soon());
        let client = client.connect(addr).unwrap();
        for _ in 0..random.below(10_000) {
            std::hint::spin_loop();
        }
        service.stop().unwrap();
        assert!(!client.is_connected());
        stopped.push((service, client));
    }
    listener.set_nonblocking(true).unwrap();
    while let Ok((stream, _)) = listener.accept() {
        stream.set_nonblocking(false).unwrap();
        // Not for as long as somebody holds the service, but now.
        assert!(Peer::of(stream).receive_what_comes().is_empty());
    }
}

fn a_disconnect_at_any_moment_is_obeyed(design: Design) {
    let service = design.service();
    let listener = listener();
    let addr = listener.local_addr().unwrap();
    let accepting = thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut word = [0];
            if std::io::Read::read(&mut stream, &mut word).is_ok_and(|count| count == 1) {
                break;
            }
        }
    });
    let mut random = Random::new();
    let client = Client::builder(&service, raw::client(Echo)).reconnect(soon()).connect(addr);
    let client = client.unwrap();
    for round in 0..500 {
        // From at once to somewhat longer than a connection takes.
        for _ in 0..random.below(20_000) {
            std::hint::spin_loop();
        }
        client.disconnect();
        let waited = client.wait_disconnected(LIMIT);
        waited.unwrap_or_else(|error| panic!("round {round}: {error}, {:?}", client.state()));
        client.connect();
    }
    client.wait_connected(LIMIT).unwrap();
    client.handle().send("x");
    accepting.join().unwrap();
}

fn a_client_that_was_told_to_stop_connects_when_told_so(design: Design) {
    let service = design.service();
    let listener = listener();
    let addr = listener.local_addr().unwrap();
    let client = Client::builder(&service, raw::client(Echo)).connect(addr).unwrap();
    for _ in 0..5 {
        let mut peer = accept(&listener);
        client.wait_connected(LIMIT).unwrap();
        peer.exchange("hello");
        client.disconnect();
        peer.expect_end();
        drop(peer);
        client.wait_disconnected(LIMIT).unwrap();
        assert_nobody_waits(&listener);
        client.connect();
    }
    accept(&listener).exchange("hello");
}

fn disconnecting_and_connecting_in_one_breath_connects(design: Design) {
    let service = design.service();
    let listener = listener();
    let addr = listener.local_addr().unwrap();
    let client = Client::builder(&service, raw::client(Echo)).connect(addr).unwrap();
    for _ in 0..5 {
        let mut peer = accept(&listener);
        client.wait_connected(LIMIT).unwrap();
        peer.exchange("hello");
        client.disconnect();
        client.connect();
        peer.expect_end();
    }
    accept(&listener).exchange("again");
}

fn disconnecting_twice_is_as_good_as_once(design: Design) {
    let service = design.service();
    let listener = listener();
    let (teller, told) = Teller::new();
    let builder = Client::builder(&service, raw::client(Echo)).events(teller);
    let client = builder.connect(listener.local_addr().unwrap()).unwrap();
    let peer = accept(&listener);
    client.wait_connected(LIMIT).unwrap();
    client.disconnect();
    client.disconnect();
    drop(peer);
    client.wait_disconnected(LIMIT).unwrap();
    client.disconnect();
    told.wait("disconnected: Local");
    service.stop().unwrap();
    assert!(told.rest().is_empty());
}
