//! The way back: when a client connects again, how often, and when it does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use sockeye::client::State;
use sockeye::{
    Backoff, Client, CloseReason, ErrorKind, Key, Limit, Limits, Overflow, Sent, Server, Service,
    client, raw,
};

use crate::common::{Echo, LIMIT, Peer, Place, Probe, SHORT, Setting, bounded, eventually};
use crate::{Teller, on_all_streams, on_sockets, on_streams_with_resets, soon};

on_all_streams!(
    a_client_comes_back_when_its_server_does,
    attempts_are_counted_and_delays_grow,
    after_so_many_attempts_a_client_gives_up,
    the_count_starts_anew_with_every_connection,
    a_client_that_closes_itself_does_not_come_back,
    without_a_backoff_a_client_does_not_come_back,
    a_service_restart_brings_server_and_client_back,
    a_service_restart_leaves_a_disconnected_client_alone,
    the_handle_and_the_handler_stay_the_same,
    a_value_attached_before_connecting_goes_with_the_first_connection,
    reconnect_closes_and_connects_again,
    reconnect_of_a_client_that_cannot_says_why,
    connecting_while_it_waits_is_done_at_once,
    a_client_may_be_told_to_connect_in_on_disconnected,
    a_handler_may_be_told_to_connect_in_on_close,
);

on_sockets!(a_server_restart_brings_its_clients_back);
on_streams_with_resets!(whatever_ends_a_connection_from_outside_brings_the_client_back);

fn builder(place: &Place, service: &Service) -> client::Builder {
    place.client(service, raw::client(Echo))
}

/// Seconds, where tests shall not wait for the next attempt.
fn much_later() -> Backoff {
    Backoff::default().first(LIMIT * 100).max(LIMIT * 100)
}

fn a_client_comes_back_when_its_server_does(setting: Setting) {
    let service = setting.service();
    let place = setting.nowhere(&service);
    let addr = place.endpoint().clone();
    let (teller, told) = Teller::new();
    let client = builder(&place, &service).events(teller).reconnect(soon()).connect(&addr).unwrap();
    for _ in 0..3 {
        // Some attempts fail before somebody listens.
        told.wait(&format!("error Refused on {addr}"));
        assert_ne!(client.state(), State::Disconnected);
        let listener = place.listen();
        let mut peer = listener.accept();
        peer.exchange("hello");
        told.wait(&format!("connected to {addr}"));
        client.wait_connected(LIMIT).unwrap();
        drop(listener);
        drop(peer);
        told.expect("disconnected: Remote");
    }
}

fn attempts_are_counted_and_delays_grow(setting: Setting) {
    let service = setting.service();
    let place = setting.nowhere(&service);
    let addr = place.endpoint().clone();
    let (teller, told) = Teller::new();
    let first = Duration::from_millis(2);
    let backoff = Backoff::default().first(first).max(5 * first).factor(2.0).jitter(0.0);
    let _client =
        builder(&place, &service).events(teller).reconnect(backoff).connect(&addr).unwrap();
    for (attempt, delay) in [(1, "2ms"), (2, "4ms"), (3, "8ms"), (4, "10ms"), (5, "10ms")] {
        told.expect("connecting");
        told.expect(&format!("error Refused on {addr}"));
        told.expect(&format!("attempt {attempt} in {delay}"));
    }
}

fn after_so_many_attempts_a_client_gives_up(setting: Setting) {
    let service = setting.service();
    let place = setting.nowhere(&service);
    let addr = place.endpoint().clone();
    let (teller, told) = Teller::new();
    let client =
        builder(&place, &service).events(teller).reconnect(soon().attempts(3)).connect(&addr);
    let client = client.unwrap();
    let error = client.wait_connected(LIMIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "why the last one failed");
    assert_eq!(client.state(), State::Disconnected);
    assert_eq!(client.last_error().unwrap().kind(), ErrorKind::Refused);
    for attempt in ["attempt 1 in 5ms", "attempt 2 in 10ms", "attempt 3 in 20ms"] {
        told.expect("connecting");
        told.expect(&format!("error Refused on {addr}"));
        told.expect(attempt);
    }
    told.expect("connecting");
    told.expect(&format!("error Refused on {addr}"));
    service.stop().unwrap();
    assert!(told.rest().is_empty());
    // Told to, it begins anew.
    service.start().unwrap();
    client.connect();
    told.wait("attempt 1 in 5ms");
}

fn the_count_starts_anew_with_every_connection(setting: Setting) {
    let service = setting.service();
    let listener = setting.listener(&service);
    let addr = listener.endpoint();
    let (teller, told) = Teller::new();
    let backoff = soon().attempts(1);
    let _client = builder(&listener.place(), &service)
        .events(teller)
        .reconnect(backoff)
        .connect(&addr)
        .unwrap();
    for _ in 0..10 {
        listener.accept().exchange("hello");
        told.wait("attempt 1 in 5ms");
    }
}

/// A client of the listener whose session ends as `end` says, and then comes back.
fn assert_comes_back(
    setting: Setting,
    service: &Service,
    limits: &Limits,
    end: impl FnOnce(Peer, &raw::Handle) -> Option<Peer>,
) -> CloseReason {
    let listener = setting.listener(service);
    let (probe, events) = Probe::new();
    let protocol = raw::client(probe.echo());
    let builder = listener.client(service, protocol).limits(limits.clone()).reconnect(soon());
    let client = builder.connect(listener.endpoint()).unwrap();
    let mut peer = listener.accept();
    peer.exchange("before");
    let ended = end(peer, &client.handle());
    let reason = events.close();
    drop(ended);
    listener.accept().exchange("after");
    reason
}

fn whatever_ends_a_connection_from_outside_brings_the_client_back(setting: Setting) {
    let service = setting.service();
    let limits = Limits::default().queue(1000).overflow(Overflow::Disconnect);
    let reason = assert_comes_back(setting, &service, &limits, |peer, _| {
        drop(peer);
        None
    });
    assert!(matches!(reason, CloseReason::Remote), "{reason:?}");
    let reason = assert_comes_back(setting, &service, &limits, |peer, _| {
        peer.reset();
        None
    });
    assert!(matches!(reason, CloseReason::Reset), "{reason:?}");
    let reason = assert_comes_back(setting, &service, &limits, |peer, handle| {
        assert_eq!(handle.send([1; 1001]), Sent::Overflow);
        Some(peer)
    });
    assert!(matches!(reason, CloseReason::Overflow), "{reason:?}");
    let reason = assert_comes_back(setting, &service, &limits, |peer, handle| {
        handle.post(|_| panic!("as the test wished")).unwrap();
        Some(peer)
    });
    assert!(matches!(reason, CloseReason::Panic(_)), "{reason:?}");
    let limits = limits.idle(Duration::from_millis(400));
    let reason = assert_comes_back(setting, &service, &limits, |mut peer, _| {
        peer.expect_end();
        None
    });
    assert!(matches!(reason, CloseReason::Timeout(Limit::Idle)), "{reason:?}");
}

fn a_client_that_closes_itself_does_not_come_back(setting: Setting) {
    let service = setting.service();
    let ends: [fn(&Client); 5] = [
        |client| client.disconnect(),
        |client| client.handle().close(),
        |client| client.handle().abort(),
        |client| client.handle().post(|session| session.close()).unwrap(),
        |client| client.handle().post(|session| session.abort()).unwrap(),
    ];
    for (index, end) in ends.into_iter().enumerate() {
        let listener = setting.listener(&service);
        let (teller, told) = Teller::new();
        let builder = builder(&listener.place(), &service).reconnect(soon()).events(teller);
        let client = builder.connect(listener.endpoint()).unwrap();
        let mut peer = listener.accept();
        peer.exchange("hello");
        end(&client);
        peer.receive_what_comes();
        drop(peer);
        client.wait_disconnected(LIMIT).unwrap();
        listener.assert_nobody_waits();
        let wanted = ["Local", "Local", "Aborted", "Local", "Aborted"][index];
        told.wait(&format!("disconnected: {wanted}"));
        assert_eq!(client.last_error().unwrap().kind(), ErrorKind::Closed);
        assert!(told.rest().is_empty(), "nothing more is tried");
    }
}

fn without_a_backoff_a_client_does_not_come_back(setting: Setting) {
    let service = setting.service();
    let listener = setting.listener(&service);
    let (teller, told) = Teller::new();
    let client =
        builder(&listener.place(), &service).events(teller).connect(listener.endpoint()).unwrap();
    listener.accept().exchange("hello");
    client.wait_disconnected(LIMIT).unwrap();
    told.wait("disconnected: Remote");
    assert!(told.rest().is_empty());
    listener.assert_nobody_waits();
}

/// A client whose own handler tells of what its server echoes.
fn assert_echoed(client: &Client, events: &crate::common::Events, what: &str) {
    client.wait_connected(LIMIT).unwrap();
    assert!(client.handle().send(what).is_queued(), "{what}: {:?}", client.state());
    assert_eq!(events.data(what.len()), what.as_bytes());
}

fn a_server_restart_brings_its_clients_back(setting: Setting) {
    let (service, other) = (setting.service(), setting.service());
    let server = setting.listen_quietly(Server::builder(&service, raw::server(|_| Echo)));
    let (probe, events) = Probe::new();
    let builder = server.place().client(&other, raw::client(probe)).reconnect(soon());
    let client = builder.connect(server.local_addr()).unwrap();
    for round in 0..5 {
        assert_echoed(&client, &events, &format!("round {round}"));
        server.restart().unwrap();
        assert!(matches!(events.close(), CloseReason::Remote));
    }
    assert_echoed(&client, &events, "the last round");
}

fn a_service_restart_brings_server_and_client_back(setting: Setting) {
    let service = setting.service();
    let server = setting.listen_quietly(Server::builder(&service, raw::server(|_| Echo)));
    for backoff in [None, Some(soon())] {
        let (probe, events) = Probe::new();
        let builder = server.place().client(&service, raw::client(probe));
        let builder = match backoff {
            Some(backoff) => builder.reconnect(backoff),
            None => builder,
        };
        let client = builder.connect(server.local_addr()).unwrap();
        for round in 0..10 {
            assert_echoed(&client, &events, &format!("round {round}"));
            let restarted = service.clone();
            bounded("restart", move || restarted.restart()).unwrap();
        }
        assert_echoed(&client, &events, "the last round");
    }
}

fn a_service_restart_leaves_a_disconnected_client_alone(setting: Setting) {
    let service = setting.service();
    let listener = setting.listener(&service);
    let (teller, told) = Teller::new();
    let builder = builder(&listener.place(), &service).reconnect(soon()).events(teller);
    let client = builder.connect(listener.endpoint()).unwrap();
    drop(listener.accept());
    // It comes back from that, but not from its own end.
    let peer = listener.accept();
    told.wait("disconnected: Remote");
    client.wait_connected(LIMIT).unwrap();
    client.disconnect();
    drop(peer);
    client.wait_disconnected(LIMIT).unwrap();
    told.wait("disconnected: Local");
    service.restart().unwrap();
    assert_eq!(client.state(), State::Disconnected);
    listener.assert_nobody_waits();
    assert!(told.rest().is_empty());
}

fn a_value_attached_before_connecting_goes_with_the_first_connection(setting: Setting) {
    static VALUE: Key<&str> = Key::new("value");
    let service = setting.service();
    let place = setting.nowhere(&service);
    let (told, seen) = channel();
    let (probe, _events) = Probe::new();
    let probe = probe.on_open(move |session| drop(told.send(session.get(&VALUE))));
    let builder = place.client(&service, raw::client(probe)).reconnect(soon());
    let client = builder.connect(place.endpoint()).unwrap();
    client.handle().set(&VALUE, "a value");
    assert_eq!(client.handle().get(&VALUE).as_deref(), Some(&"a value"));
    let listener = place.listen();
    let peer = listener.accept();
    assert_eq!(seen.recv_timeout(LIMIT).unwrap().as_deref(), Some(&"a value"));
    drop(peer);
    let _peer = listener.accept();
    assert_eq!(seen.recv_timeout(LIMIT).unwrap(), None);
}

fn the_handle_and_the_handler_stay_the_same(setting: Setting) {
    struct Counting {
        data: usize,
        opened: Arc<AtomicUsize>,
    }
    impl raw::Handler for Counting {
        fn on_open(&mut self, _: &mut raw::Session<'_>) {
            self.opened.fetch_add(1, Ordering::SeqCst);
        }
        fn on_data(&mut self, session: &mut raw::Session<'_>, data: &[u8]) {
            self.data += data.len();
            let replaced = session.set(&Key::new("value"), "a value");
            assert!(replaced.is_none(), "a connection's value goes with it");
            session.send(self.data.to_string());
        }
    }
    let service = setting.service();
    let listener = setting.listener(&service);
    let opened = Arc::new(AtomicUsize::new(0));
    let handler = Counting { data: 0, opened: Arc::clone(&opened) };
    let builder = listener.client(&service, raw::client(handler)).reconnect(soon());
    let client = builder.connect(listener.endpoint()).unwrap();
    let handle = client.handle();
    let id = handle.id();
    for round in 1..=5 {
        let mut peer = listener.accept();
        peer.send("12");
        peer.expect((2 * round).to_string());
        assert_eq!(opened.load(Ordering::SeqCst), round, "the handler is the same");
        assert_eq!((client.handle(), handle.id()), (handle.clone(), id));
        assert!(handle.send("!").is_queued());
        peer.expect("!");
        // Over all connections.
        let counted = || client.metrics().stats.bytes_received == 2 * round as u64;
        eventually("all is counted", counted);
        assert_eq!(handle.stats().bytes_received, 2 * round as u64);
    }
}

fn reconnect_closes_and_connects_again(setting: Setting) {
    let service = setting.service();
    let server = setting.listen_quietly(Server::builder(&service, raw::server(|_| Echo)));
    let (probe, events) = Probe::new();
    let client =
        server.place().client(&service, raw::client(probe)).connect(server.local_addr()).unwrap();
    for round in 0..5 {
        assert_echoed(&client, &events, &format!("round {round}"));
        client.handle().send("and this on the way out");
        let reconnected = client.clone();
        bounded("reconnect", move || reconnected.reconnect(LIMIT)).unwrap();
        assert!(matches!(events.close(), CloseReason::Local));
        assert!(client.is_connected());
    }
    assert_echoed(&client, &events, "the last round");
    eventually("the others have ended", || server.connections() == 1);
    assert_eq!(server.metrics().begun, 6);
}

fn reconnect_of_a_client_that_cannot_says_why(setting: Setting) {
    let service = setting.service();
    let listener = setting.listener(&service);
    let addr = listener.endpoint();
    let client = builder(&listener.place(), &service).connect(&addr).unwrap();
    let mut peer = listener.accept();
    client.wait_connected(LIMIT).unwrap();
    // Who does not end keeps the close waiting.
    let late = client.reconnect(SHORT).unwrap_err();
    assert_eq!(late.kind(), ErrorKind::TimedOut);
    peer.expect_end();
    drop(peer);
    client.wait_disconnected(LIMIT).unwrap();
    drop(listener);
    assert_eq!(client.reconnect(LIMIT).unwrap_err().kind(), ErrorKind::Refused);
}

fn connecting_while_it_waits_is_done_at_once(setting: Setting) {
    let service = setting.service();
    let place = setting.nowhere(&service);
    let addr = place.endpoint().clone();
    let (teller, told) = Teller::new();
    let builder = builder(&place, &service).events(teller);
    let client = builder.reconnect(much_later()).connect(&addr).unwrap();
    eventually("it waits", || client.state() == State::Waiting);
    let listener = place.listen();
    client.connect();
    let mut peer = listener.accept();
    client.wait_connected(LIMIT).unwrap();
    peer.exchange("hello");
    drop(peer);
    told.wait(&format!("connected to {addr}"));
}

fn a_client_may_be_told_to_connect_in_on_disconnected(setting: Setting) {
    struct Again(std::sync::mpsc::Receiver<Client>, AtomicUsize);
    struct Shared(std::sync::Mutex<Again>);
    impl client::Events for Shared {
        fn on_disconnected(&self, _: &CloseReason) {
            let again = self.0.lock().unwrap();
            if again.1.fetch_add(1, Ordering::SeqCst) < 5 {
                let client = again.0.recv_timeout(LIMIT).unwrap();
                client.connect();
            }
        }
    }
    let service = setting.service();
    let listener = setting.listener(&service);
    let (sender, receiver) = channel();
    let events = Shared(std::sync::Mutex::new(Again(receiver, AtomicUsize::new(0))));
    let client =
        builder(&listener.place(), &service).events(events).connect(listener.endpoint()).unwrap();
    (0..5).for_each(|_| sender.send(client.clone()).unwrap());
    // Whoever ends it.
    for round in 0..6 {
        let mut peer = listener.accept();
        client.wait_connected(LIMIT).unwrap();
        peer.exchange("hello");
        match round % 3 {
            0 => drop(peer),
            1 => peer.reset(),
            _ => {
                client.handle().close();
                peer.expect_end();
            }
        }
    }
    client.wait_disconnected(LIMIT).unwrap();
}

fn a_handler_may_be_told_to_connect_in_on_close(setting: Setting) {
    let service = setting.service();
    let listener = setting.listener(&service);
    let addr = listener.endpoint();
    let slot = Arc::new(std::sync::Mutex::new(None::<Client>));
    let own = Arc::clone(&slot);
    let (probe, _events) = Probe::new();
    let probe = probe.echo().on_close(move |_| {
        if let Some(client) = &*own.lock().unwrap() {
            client.connect();
        }
    });
    let client = listener.client(&service, raw::client(probe)).connect(&addr).unwrap();
    *slot.lock().unwrap() = Some(client.clone());
    for _ in 0..5 {
        listener.accept().exchange("hello");
    }
    let mut last = listener.accept();
    last.exchange("the last time");
    slot.lock().unwrap().take();
    drop(last);
    client.wait_disconnected(LIMIT).unwrap();
}
