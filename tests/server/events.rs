//! What a server tells: everything, in order, and whatever those who are told do.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};

use sockeye::{CloseReason, Endpoint, Error, ErrorKind, Server, raw, server};

use crate::common::{Echo, LIMIT, Peer, Served, Setting, eventually};
use crate::on_all_streams;

on_all_streams!(
    events_come_in_order,
    who_is_refused_sees_a_reset_and_gets_no_handler,
    a_panic_in_any_event_is_contained_and_told,
    a_panic_where_the_handler_is_made_resets_that_connection_alone,
    events_of_one_session_name_it,
    events_may_call_the_server,
);

/// Tells by name what happened.
#[derive(Clone)]
struct Teller {
    told: Sender<String>,
    refuse: Arc<AtomicBool>,
}

impl Teller {
    fn tell(&self, what: impl Into<String>) {
        let _ = self.told.send(what.into());
    }
}

impl server::Events for Teller {
    fn on_starting(&self, addresses: &[Endpoint]) {
        self.tell(format!("starting {addresses:?}"));
    }
    fn on_started(&self, addresses: &[Endpoint]) {
        self.tell(format!("started {addresses:?}"));
    }
    fn on_stopping(&self) {
        self.tell("stopping");
    }
    fn on_stopped(&self) {
        self.tell("stopped");
    }
    fn on_accept(&self, peer: &Endpoint) -> bool {
        self.tell(format!("accept {peer}"));
        !self.refuse.load(Ordering::Relaxed)
    }
    fn on_refused(&self, peer: &Endpoint, refusal: &server::Refusal) {
        self.tell(format!("refused {peer}: {refusal}"));
    }
    fn on_open(&self, session: &raw::Handle) {
        self.tell(format!("open {}", session.id()));
    }
    fn on_closing(&self, session: &raw::Handle, reason: &CloseReason) {
        self.tell(format!("closing {} {reason:?}", session.id()));
    }
    fn on_close(&self, session: &raw::Handle, reason: &CloseReason) {
        self.tell(format!("close {} {reason:?}", session.id()));
    }
    fn on_error(&self, error: &Error) {
        self.tell(format!("error {:?} {error}", error.kind()));
    }
}

/// Tells into the same list what a handler is told.
struct Handler(Sender<String>);

impl Handler {
    fn make(told: &Sender<String>, peer: &Endpoint) -> Self {
        let _ = told.send(format!("make {peer}"));
        Self(told.clone())
    }
}

impl raw::Handler for Handler {
    fn on_open(&mut self, _: &mut raw::Session<'_>) {
        let _ = self.0.send("handler opens".into());
    }
    fn on_data(&mut self, session: &mut raw::Session<'_>, data: &[u8]) {
        session.send(data);
    }
    fn on_close(&mut self, _: &mut raw::Session<'_>, _: &CloseReason) {
        let _ = self.0.send("handler closes".into());
    }
}

struct Told(Receiver<String>);

impl Told {
    #[track_caller]
    fn expect(&self, wanted: &str) {
        let next = self.0.recv_timeout(LIMIT);
        assert_eq!(next.as_deref(), Ok(wanted));
    }
}

fn telling_server(setting: Setting) -> (Served, Teller, Told) {
    let (told, receiver) = channel();
    let teller = Teller { told: told.clone(), refuse: Arc::default() };
    let protocol = raw::server(move |peer| Handler::make(&told, peer));
    let service = setting.service();
    let builder = Server::builder(&service, protocol).events(teller.clone());
    (setting.listen(builder), teller, Told(receiver))
}

fn events_come_in_order(setting: Setting) {
    let (server, _teller, told) = telling_server(setting);
    let addresses = format!("{:?}", server.local_addrs());
    told.expect(&format!("starting {addresses}"));
    told.expect(&format!("started {addresses}"));
    let mut peer = Peer::new(&server);
    peer.exchange("hello");
    let id = server.sessions()[0].id();
    told.expect(&format!("accept {}", peer.endpoint()));
    told.expect(&format!("make {}", peer.endpoint()));
    told.expect("handler opens");
    told.expect(&format!("open {id}"));
    drop(peer);
    told.expect(&format!("closing {id} Remote"));
    told.expect("handler closes");
    told.expect(&format!("close {id} Remote"));
    server.stop().unwrap();
    told.expect("stopping");
    told.expect("stopped");
    server.start().unwrap();
    told.expect(&format!("starting {addresses}"));
    told.expect(&format!("started {addresses}"));
    server.service().stop().unwrap();
    told.expect("stopping");
    told.expect("stopped");
    assert!(told.0.try_recv().is_err(), "nothing else");
}

fn who_is_refused_sees_a_reset_and_gets_no_handler(setting: Setting) {
    let (server, teller, told) = telling_server(setting);
    let addresses = format!("{:?}", server.local_addrs());
    told.expect(&format!("starting {addresses}"));
    told.expect(&format!("started {addresses}"));
    teller.refuse.store(true, Ordering::Relaxed);
    let mut refused = Peer::new(&server);
    assert!(refused.receive_to_reset().is_empty());
    told.expect(&format!("accept {}", refused.endpoint()));
    told.expect(&format!("refused {}: the program does not want it", refused.endpoint()));
    teller.refuse.store(false, Ordering::Relaxed);
    let mut welcome = Peer::new(&server);
    welcome.exchange("hello");
    told.expect(&format!("accept {}", welcome.endpoint()));
    told.expect(&format!("make {}", welcome.endpoint()));
    let metrics = server.metrics();
    assert_eq!((metrics.begun, metrics.refused), (1, 1));
    eventually("who is refused has no place", || server.connections() == 1);
}

/// Panics in every event, after it has told of it; in `on_accept` when it shall.
struct Panicking {
    told: Sender<&'static str>,
    in_accept: Arc<AtomicBool>,
}

impl Panicking {
    fn panic(&self, event: &'static str) -> ! {
        let _ = self.told.send(event);
        panic!("{event} went wrong")
    }
}

impl server::Events for Panicking {
    fn on_starting(&self, _: &[Endpoint]) {
        self.panic("on_starting")
    }
    fn on_started(&self, _: &[Endpoint]) {
        self.panic("on_started")
    }
    fn on_stopping(&self) {
        self.panic("on_stopping")
    }
    fn on_stopped(&self) {
        self.panic("on_stopped")
    }
    fn on_accept(&self, _: &Endpoint) -> bool {
        if self.in_accept.load(Ordering::Relaxed) {
            self.panic("on_accept");
        }
        true
    }
    fn on_refused(&self, _: &Endpoint, _: &server::Refusal) {
        self.panic("on_refused")
    }
    fn on_open(&self, _: &raw::Handle) {
        self.panic("on_open")
    }
    fn on_closing(&self, _: &raw::Handle, _: &CloseReason) {
        self.panic("on_closing")
    }
    fn on_close(&self, _: &raw::Handle, _: &CloseReason) {
        self.panic("on_close")
    }
    fn on_error(&self, _: &Error) {
        self.panic("on_error")
    }
}

fn a_panic_in_any_event_is_contained_and_told(setting: Setting) {
    let (errors, reported) = channel();
    let report = move |error: &Error| {
        let _ = errors.send((error.kind(), error.to_string()));
    };
    let service = setting.builder().on_error(report).start().unwrap();
    let (told, happened) = channel();
    // A handler that panics, so that there is something to tell on_error.
    let protocol = raw::server(|_| {
        |session: &mut raw::Session<'_>, data: &[u8]| {
            assert!(data != b"panic", "as the peer wished");
            session.send(data);
        }
    });
    let in_accept = Arc::new(AtomicBool::new(false));
    let events = Panicking { told, in_accept: Arc::clone(&in_accept) };
    let builder = Server::builder(&service, protocol).events(events);
    let server = setting.listen(builder);
    let expect = |event: &str| {
        assert_eq!(happened.recv_timeout(LIMIT), Ok(event));
        let (kind, text) = reported.recv_timeout(LIMIT).expect("the service's on_error is told");
        assert_eq!(kind, ErrorKind::Panicked);
        assert!(text.contains(&format!("{event} went wrong")), "{text}");
    };
    let expect_all = |events: &[&str]| events.iter().for_each(|event| expect(event));
    expect_all(&["on_starting", "on_started"]);
    let mut peer = Peer::new(&server);
    peer.exchange("hello");
    drop(peer);
    expect_all(&["on_open", "on_closing", "on_close"]);
    let mut peer = Peer::new(&server);
    peer.send("panic");
    expect_all(&["on_open", "on_error", "on_closing", "on_close"]);
    peer.receive_to_reset();
    in_accept.store(true, Ordering::Relaxed);
    Peer::new(&server).receive_to_reset();
    expect_all(&["on_accept", "on_refused"]);
    eventually("the sessions are gone", || server.connections() == 0);
    server.stop().unwrap();
    expect_all(&["on_stopping", "on_stopped"]);
    assert!(happened.try_recv().is_err(), "nothing else");
}

fn a_panic_where_the_handler_is_made_resets_that_connection_alone(setting: Setting) {
    let service = setting.service();
    let (told, receiver) = channel();
    let teller = Teller { told, refuse: Arc::default() };
    let others = AtomicBool::new(false);
    let protocol = raw::server(move |peer| {
        assert!(others.swap(true, Ordering::Relaxed), "no handler for {peer}");
        Echo
    });
    let builder = Server::builder(&service, protocol).events(teller).max_connections(1);
    let server = setting.listen(builder);
    let mut first = Peer::new(&server);
    assert!(first.receive_to_reset().is_empty());
    let error = loop {
        let told = receiver.recv_timeout(LIMIT).unwrap();
        if told.starts_with("error") {
            break told;
        }
    };
    assert!(error.starts_with("error Panicked"), "{error}");
    assert!(error.contains(&format!("no handler for {}", first.endpoint())), "{error}");
    // It does not count as a connection, of which only one is allowed here.
    Peer::new(&server).exchange("hello");
    assert_eq!(server.metrics().refused, 0);
}

fn events_of_one_session_name_it(setting: Setting) {
    struct Remember(Sender<(raw::Handle, &'static str)>);
    impl server::Events for Remember {
        fn on_open(&self, session: &raw::Handle) {
            let _ = self.0.send((session.clone(), "open"));
        }
        fn on_close(&self, session: &raw::Handle, _: &CloseReason) {
            let _ = self.0.send((session.clone(), "close"));
        }
    }
    let service = setting.service();
    let (told, receiver) = channel();
    let builder = Server::builder(&service, raw::server(|_| Echo)).events(Remember(told));
    let server = setting.listen(builder);
    let peer = Peer::new(&server);
    let (opened, what) = receiver.recv_timeout(LIMIT).unwrap();
    assert_eq!(what, "open");
    assert!(opened.is_open());
    assert_eq!(opened.peer_addr(), Some(peer.endpoint()));
    assert_eq!(peer.remote(), server.local_addr());
    drop(peer);
    let (closed, what) = receiver.recv_timeout(LIMIT).unwrap();
    assert_eq!((&closed, what), (&opened, "close"));
    assert!(!closed.is_open(), "in on_close the session takes nothing any more");
}

/// Asks everything of the server in every event.
struct Asking {
    server: Arc<OnceLock<Server>>,
    told: Sender<&'static str>,
}

impl Asking {
    fn ask(&self, event: &'static str) {
        if let Some(server) = self.server.get() {
            let found = |session: &raw::Handle| server.find(session.id()).is_some();
            let _ = server.sessions().iter().filter(|session| found(session)).count();
            server.multicast("x");
            let _ = (server.metrics(), server.local_addrs(), server.is_listening());
            let _ = (server.everyone().len(), server.connections());
        }
        let _ = self.told.send(event);
    }
}

impl server::Events for Asking {
    fn on_starting(&self, _: &[Endpoint]) {
        self.ask("starting");
    }
    fn on_started(&self, _: &[Endpoint]) {
        self.ask("started");
    }
    fn on_stopping(&self) {
        self.ask("stopping");
    }
    fn on_stopped(&self) {
        self.ask("stopped");
        // And again.
        if let Some(server) = self.server.get() {
            let _ = server.start();
        }
    }
    fn on_accept(&self, _: &Endpoint) -> bool {
        self.ask("accept");
        true
    }
    fn on_open(&self, session: &raw::Handle) {
        self.ask("open");
        session.close();
    }
    fn on_closing(&self, _: &raw::Handle, _: &CloseReason) {
        self.ask("closing");
    }
    fn on_close(&self, _: &raw::Handle, _: &CloseReason) {
        self.ask("close");
        if let Some(server) = self.server.get() {
            server.stop().unwrap();
        }
    }
}

fn events_may_call_the_server(setting: Setting) {
    let service = setting.service();
    let slot = Arc::new(OnceLock::new());
    let (told, happened) = channel();
    let events = Asking { server: Arc::clone(&slot), told };
    let builder = Server::builder(&service, raw::server(|_| Echo)).events(events);
    let server = setting.listen_quietly(builder);
    slot.set(Server::clone(&server)).unwrap();
    let expect = |wanted: &[&str]| {
        for wanted in wanted {
            let next = happened.recv_timeout(LIMIT);
            assert_eq!(next, Ok(*wanted), "a deadlock would be a time-out");
        }
    };
    expect(&["starting", "started"]);
    for _ in 0..3 {
        drop(Peer::new(&server));
        expect(&["accept", "open", "closing", "close"]);
        expect(&["stopping", "stopped", "starting", "started"]);
    }
    assert!(server.is_listening());
}
