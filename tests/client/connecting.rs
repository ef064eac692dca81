//! Connecting, and what it fails with.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use sockeye::{Client, CloseReason, ErrorKind, Limits, TcpOptions, client, raw};

use crate::common::{
    Design, Echo, Event, Hanging, LIMIT, Probe, SHORT, Setting, bounded, eventually, free_addr,
};
use crate::{Teller, accept, listener, on_all_streams, on_both_designs};

on_all_streams!(
    a_client_connects_talks_and_ends,
    a_client_has_a_session_like_any_other,
    a_refused_connection_is_an_error_that_names_the_address,
    a_client_that_was_closed_before_somebody_waits_says_so,
    many_clients_share_a_service,
    connecting_twice_makes_one_connection,
    dropping_a_client_sends_what_is_queued_and_ends,
    a_clone_keeps_the_client,
    the_limits_of_a_client_are_its_sessions,
    panics_of_a_clients_events_are_told_to_the_service,
    events_may_call_the_client,
);

on_both_designs!(
    an_attempt_that_takes_too_long_is_given_up,
    who_waits_gives_up_before_the_client_does,
    what_is_no_address_is_an_error_at_once,
    a_stopped_service_takes_no_client,
    a_client_connects_from_the_address_it_is_given,
    a_local_address_of_another_machine_is_an_error,
    options_that_the_system_refuses_are_an_error,
    dropping_a_client_drops_its_handler,
);

fn a_client_connects_talks_and_ends(setting: Setting) {
    let service = setting.service();
    let listener = setting.listener(&service);
    let addr = listener.endpoint();
    let (teller, told) = Teller::new();
    let (probe, events) = Probe::new();
    let builder = listener.client(&service, raw::client(probe)).events(teller);
    let client = builder.connect(&addr).unwrap();
    let mut peer = listener.accept();
    client.wait_connected(LIMIT).unwrap();
    assert_eq!((client.state(), client.is_connected()), (client::State::Connected, true));
    assert!(client.last_error().is_none());
    assert!(client.handle().send("hello").is_queued());
    peer.expect("hello");
    peer.send("good bye");
    drop(peer);
    assert!(matches!(events.next(), Event::Open(handle) if handle == client.handle()));
    assert_eq!(events.data(8), b"good bye");
    let reason = events.close();
    assert!(matches!(reason, CloseReason::Remote), "{reason:?}");
    client.wait_disconnected(LIMIT).unwrap();
    assert_eq!((client.state(), client.is_connected()), (client::State::Disconnected, false));
    assert_eq!(client.last_error().unwrap().kind(), ErrorKind::Closed);
    assert_eq!(told.next(), "connecting");
    assert_eq!(told.next(), format!("connected to {addr}"));
    assert_eq!(told.next(), "disconnected: Remote");
    service.stop().unwrap();
    assert!(told.rest().is_empty() && events.rest().is_empty());
    assert_eq!((client.metrics().stats.bytes_sent, client.metrics().stats.bytes_received), (5, 8));
}

fn a_client_has_a_session_like_any_other(setting: Setting) {
    let service = setting.service();
    let listener = setting.listener(&service);
    let (probe, events) = Probe::new();
    let (told, seen) = channel();
    let probe = probe.on_open(move |session| {
        let _ = told.send((session.local_addr(), session.everyone().is_empty(), session.id()));
    });
    let builder = listener.client(&service, raw::client(probe.echo()));
    let client = builder.connect(listener.endpoint()).unwrap();
    let mut peer = listener.accept();
    peer.exchange("to be echoed");
    let (local, alone, id) = seen.recv_timeout(LIMIT).unwrap();
    assert_eq!(local, Some(peer.remote()));
    assert!(alone, "there is no server's group");
    let handle = events.open();
    assert_eq!((handle.id(), client.handle()), (id, handle.clone()));
    // Half-closing, posting and groups work as on a server.
    let group = raw::Group::new(&service);
    handle.join(&group);
    eventually("it has joined", || group.len() == 1);
    group.send("to all ");
    handle.post(|session| _ = session.send("by a job")).unwrap();
    let mut both = peer.receive("to all by a job".len());
    both.sort_unstable();
    let mut wanted = b"to all by a job".to_vec();
    wanted.sort_unstable();
    assert_eq!(both, wanted);
    handle.post(|session| session.finish()).unwrap();
    peer.expect_end();
    peer.send("still listening");
    events.data("to be echoedstill listening".len());
}

fn a_refused_connection_is_an_error_that_names_the_address(setting: Setting) {
    let service = setting.service();
    let place = setting.nowhere(&service);
    let addr = place.endpoint().clone();
    let (teller, told) = Teller::new();
    let (probe, events) = Probe::new();
    let builder = place.client(&service, raw::client(probe)).events(teller);
    let client = builder.connect(&addr).unwrap();
    let error = client.wait_connected(LIMIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(error.address(), Some(&*addr.to_string()));
    assert!(error.to_string().starts_with(&format!("cannot connect to {addr}: ")), "{error}");
    assert_eq!(client.state(), client::State::Disconnected);
    assert_eq!(client.last_error().unwrap().kind(), ErrorKind::Refused);
    assert_eq!(told.next(), "connecting");
    assert_eq!(told.next(), format!("error Refused on {addr}"));
    client.wait_disconnected(LIMIT).unwrap();
    assert!(events.rest().is_empty(), "a handler is not told of what never was open");
    // The same client may try again.
    let listener = place.listen();
    client.connect();
    let mut peer = listener.accept();
    client.wait_connected(LIMIT).unwrap();
    client.handle().send("at last");
    peer.expect("at last");
}

fn an_attempt_that_takes_too_long_is_given_up(design: Design) {
    let service = design.service();
    let hanging = Hanging::new();
    let began = Instant::now();
    let builder = Client::builder(&service, raw::client(Echo)).connect_timeout(SHORT);
    let client = builder.connect(hanging.addr).unwrap();
    assert_eq!(client.state(), client::State::Connecting);
    let error = client.wait_connected(LIMIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(error.address(), Some(&*hanging.addr.to_string()));
    assert!(began.elapsed() >= SHORT);
    assert_eq!(client.state(), client::State::Disconnected);
}

fn who_waits_gives_up_before_the_client_does(design: Design) {
    let service = design.service();
    let listener = listener();
    let addr = listener.local_addr().unwrap();
    let (go_on, wait) = channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let resolve = move |_: &str, _: &str| {
        let _ = wait.lock().unwrap().recv_timeout(LIMIT);
        Ok(vec![addr])
    };
    let builder = Client::builder(&service, raw::client(Echo)).resolver(resolve);
    let client = builder.connect("somewhere:1").unwrap();
    let error = client.wait_connected(SHORT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(client.wait_disconnected(SHORT).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(client.state(), client::State::Connecting, "the attempt goes on");
    go_on.send(()).unwrap();
    client.wait_connected(LIMIT).unwrap();
    accept(&listener).exchange("hello");
}

fn a_client_that_was_closed_before_somebody_waits_says_so(setting: Setting) {
    let service = setting.service();
    let listener = setting.listener(&service);
    let (probe, events) = Probe::new();
    let client = listener.client(&service, raw::client(probe));
    let client = client.connect(listener.endpoint()).unwrap();
    drop(listener.accept());
    events.close();
    client.wait_disconnected(LIMIT).unwrap();
    let error = bounded("wait_connected", move || client.wait_connected(LIMIT)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
}

fn what_is_no_address_is_an_error_at_once(design: Design) {
    let service = design.service();
    for text in ["", "localhost", "127.0.0.1:65536", "::1:80"] {
        let error = Client::builder(&service, raw::client(Echo)).connect(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressInvalid, "{text}");
        assert_eq!(error.address(), Some(text));
    }
    let none: [SocketAddr; 0] = [];
    let error = Client::builder(&service, raw::client(Echo)).connect(none).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInvalid);
}

fn a_stopped_service_takes_no_client(design: Design) {
    let service = design.service();
    service.stop().unwrap();
    let error = Client::builder(&service, raw::client(Echo)).connect(free_addr()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stopped);
}

fn a_client_connects_from_the_address_it_is_given(design: Design) {
    let service = design.service();
    let listener = listener();
    let mut from = vec![free_addr(), SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
    if TcpListener::bind("127.0.0.2:0").is_ok() {
        from.push("127.0.0.2:0".parse().unwrap());
    }
    for from in from {
        let options = TcpOptions::default().local_address(from);
        let builder = Client::builder(&service, raw::client(Echo)).tcp_options(options);
        let client = builder.connect(listener.local_addr().unwrap()).unwrap();
        let mut peer = accept(&listener);
        assert_eq!(peer.remote_addr().ip(), from.ip());
        assert!(from.port() == 0 || peer.remote_addr() == from);
        peer.exchange("hello");
        drop(client);
        peer.expect_end();
    }
}

fn a_local_address_of_another_machine_is_an_error(design: Design) {
    let service = design.service();
    let listener = listener();
    let options = TcpOptions::default().local_address("192.0.2.1:0".parse().unwrap());
    let builder = Client::builder(&service, raw::client(Echo)).tcp_options(options);
    let client = builder.connect(listener.local_addr().unwrap()).unwrap();
    let error = client.wait_connected(LIMIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInvalid, "{error}");
}

fn options_that_the_system_refuses_are_an_error(design: Design) {
    let service = design.service();
    let listener = listener();
    let refuse = |_: &socket2::Socket| Err(std::io::Error::other("the test does not want it"));
    let options = TcpOptions::default().configure(refuse);
    let builder = Client::builder(&service, raw::client(Echo)).tcp_options(options);
    let client = builder.connect(listener.local_addr().unwrap()).unwrap();
    let error = client.wait_connected(LIMIT).unwrap_err();
    assert!(error.to_string().contains("the test does not want it"), "{error}");
    assert_eq!(client.state(), client::State::Disconnected);
}

fn many_clients_share_a_service(setting: Setting) {
    let service = setting.service();
    let server = setting.serve(&service, raw::server(|_| Echo));
    let clients: Vec<_> = (0..50)
        .map(|_| {
            let (probe, events) = Probe::new();
            let client =
                server.place().client(&service, raw::client(probe)).connect(server.local_addr());
            (client.unwrap(), events)
        })
        .collect();
    for (index, (client, _)) in clients.iter().enumerate() {
        client.wait_connected(LIMIT).unwrap();
        client.handle().send(format!("client {index}"));
    }
    for (index, (_, events)) in clients.iter().enumerate() {
        let wanted = format!("client {index}");
        assert_eq!(events.data(wanted.len()), wanted.as_bytes());
    }
    let ids: std::collections::HashSet<_> = clients.iter().map(|(client, _)| client.id()).collect();
    assert_eq!(ids.len(), 50);
    assert_eq!(server.connections(), 50);
}

fn connecting_twice_makes_one_connection(setting: Setting) {
    let service = setting.service();
    let listener = setting.listener(&service);
    let (teller, told) = Teller::new();
    let builder = listener.client(&service, raw::client(Echo)).events(teller);
    let client = builder.connect(listener.endpoint()).unwrap();
    client.connect();
    let mut peer = listener.accept();
    client.wait_connected(LIMIT).unwrap();
    client.connect();
    peer.exchange("hello");
    told.wait(&format!("connected to {}", listener.endpoint()));
    assert!(told.rest().is_empty());
    listener.assert_nobody_waits();
    assert!(client.is_connected());
}

fn dropping_a_client_sends_what_is_queued_and_ends(setting: Setting) {
    let service = setting.service();
    let listener = setting.listener(&service);
    let (probe, events) = Probe::new();
    let client = listener.client(&service, raw::client(probe));
    let client = client.connect(listener.endpoint()).unwrap();
    let mut peer = listener.accept();
    client.wait_connected(LIMIT).unwrap();
    let handle = client.handle();
    assert!(handle.send(vec![1; 1 << 20]).is_queued());
    drop(client);
    assert_eq!(peer.receive_to_end().len(), 1 << 20);
    drop(peer);
    let reason = events.close();
    assert!(matches!(reason, CloseReason::Shutdown), "{reason:?}");
    eventually("the handle knows", || !handle.is_open());
    assert_eq!(handle.send("x"), sockeye::Sent::Closed);
}

fn a_clone_keeps_the_client(setting: Setting) {
    let service = setting.service();
    let listener = setting.listener(&service);
    let client = listener.client(&service, raw::client(Echo));
    let client = client.connect(listener.endpoint()).unwrap();
    let clone = client.clone();
    assert_eq!(clone.id(), client.id());
    drop(client);
    listener.accept().exchange("hello");
    clone.wait_disconnected(LIMIT).unwrap();
}

/// Tells when it is dropped.
struct Dropped(Sender<()>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

impl raw::Handler for Dropped {
    fn on_data(&mut self, _: &mut raw::Session<'_>, _: &[u8]) {}
}

fn dropping_a_client_drops_its_handler(design: Design) {
    let service = design.service();
    let (hanging, listener) = (Hanging::new(), listener());
    let nobody = free_addr();
    // Racing, connected, waiting for the next attempt, and at rest.
    let targets = [hanging.addr, listener.local_addr().unwrap(), nobody, nobody];
    for (index, addr) in targets.into_iter().enumerate() {
        let (told, dropped) = channel();
        let mut builder = Client::builder(&service, raw::client(Dropped(told)));
        if index == 2 {
            let hour = Duration::from_secs(3600);
            builder = builder.reconnect(sockeye::Backoff::default().first(hour).max(hour));
        }
        let client = builder.connect(addr).unwrap();
        let wanted = [
            client::State::Connecting,
            client::State::Connected,
            client::State::Waiting,
            client::State::Disconnected,
        ];
        eventually("the client is where it should be", || client.state() == wanted[index]);
        let handle = client.handle();
        assert!(dropped.try_recv().is_err());
        drop(client);
        if index == 1 {
            accept(&listener).expect_end();
        }
        dropped.recv_timeout(LIMIT).expect("though a handle is kept");
        assert!(!handle.is_open());
    }
}

fn the_limits_of_a_client_are_its_sessions(setting: Setting) {
    let service = setting.service();
    let listener = setting.listener(&service);
    let connect = |limits| {
        let (probe, events) = Probe::new();
        let builder = listener.client(&service, raw::client(probe)).limits(limits);
        let client = builder.connect(listener.endpoint()).unwrap();
        (client, listener.accept(), events)
    };
    let (client, _peer, _events) = connect(Limits::default().queue(1000));
    client.wait_connected(LIMIT).unwrap();
    assert_eq!(client.handle().send([1; 1001]), sockeye::Sent::Full);
    let (_client, mut peer, events) = connect(Limits::default().idle(SHORT));
    peer.expect_end();
    drop(peer);
    let reason = events.close();
    assert!(matches!(reason, CloseReason::Timeout(sockeye::Limit::Idle)), "{reason:?}");
}

fn panics_of_a_clients_events_are_told_to_the_service(setting: Setting) {
    struct Panicking;
    impl client::Events for Panicking {
        fn on_connecting(&self) {
            panic!("wrong in on_connecting");
        }
        fn on_connected(&self, _: &raw::Handle) {
            panic!("wrong in on_connected");
        }
        fn on_disconnected(&self, _: &CloseReason) {
            panic!("wrong in on_disconnected");
        }
        fn on_reconnecting(&self, _: u32, _: Duration) {
            panic!("wrong in on_reconnecting");
        }
        fn on_error(&self, _: &sockeye::Error) {
            panic!("wrong in on_error");
        }
    }
    let (told, errors) = channel();
    let report = move |error: &sockeye::Error| drop(told.send(error.to_string()));
    let service = setting.builder().on_error(report).start().unwrap();
    let listener = setting.listener(&service);
    let addr = listener.endpoint();
    let builder = listener.client(&service, raw::client(Echo)).events(Panicking);
    let client = builder.reconnect(crate::soon().attempts(1)).connect(&addr).unwrap();
    let mut peer = listener.accept();
    peer.exchange("hello");
    drop(listener);
    drop(peer);
    client.wait_disconnected(LIMIT).unwrap();
    let wanted = ["connecting", "connected", "disconnected", "reconnecting", "connecting", "error"];
    for wanted in wanted {
        let error = errors.recv_timeout(LIMIT).unwrap();
        assert!(error.contains(&format!("wrong in on_{wanted}")), "{wanted}: {error}");
    }
}

/// Asks everything of the client in every event.
struct Asking(Arc<OnceLock<Client>>);

impl Asking {
    fn ask(&self) {
        if let Some(client) = self.0.get() {
            let _ = (
                client.state(),
                client.is_connected(),
                client.last_error(),
                client.metrics().stats,
            );
            client.handle().send("x");
            client.connect();
        }
    }
}

impl client::Events for Asking {
    fn on_connecting(&self) {
        self.ask();
    }
    fn on_connected(&self, session: &raw::Handle) {
        self.ask();
        session.send("hello");
    }
    fn on_disconnected(&self, _: &CloseReason) {
        self.ask();
    }
    fn on_reconnecting(&self, _: u32, _: Duration) {
        self.ask();
    }
    fn on_error(&self, _: &sockeye::Error) {
        self.ask();
    }
}

fn events_may_call_the_client(setting: Setting) {
    let service = setting.service();
    let listener = setting.listener(&service);
    let slot = Arc::new(OnceLock::new());
    let builder = listener.client(&service, raw::client(Echo)).events(Asking(Arc::clone(&slot)));
    let client = builder.connect(listener.endpoint()).unwrap();
    let mut peer = listener.accept();
    peer.expect("hello");
    slot.set(client.clone()).unwrap();
    drop(peer);
    for _ in 0..3 {
        listener.accept().expect("xhello");
    }
    let place = listener.place();
    drop(listener);
    // It is refused, tries again in on_error, and so on, until somebody listens.
    eventually("it has failed", || {
        client.last_error().is_some_and(|error| error.kind() == ErrorKind::Refused)
    });
    let listener = place.listen();
    listener.accept().expect("xhello");
}
