//! What the library writes into the log. A process has one logger, so that this is a program of its
//! own; its tests tell their records apart by the sessions and addresses in them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::sync::{Mutex, Once, PoisonError};
use std::thread;
use std::time::Duration;

use log::kv::{self, VisitSource};
use log::{Level, LevelFilter, Log, Metadata};
use sockeye::{Backoff, Client, Server, Service, raw, udp};

use common::{
    Design, Echo, LIMIT, Peer, Probe, addr_of, echo_server, eventually, free_addr, tls_server,
};

on_both_designs!(
    sessions_are_told_from_beginning_to_end,
    messages_are_not_told,
    panics_are_errors,
    who_is_refused_is_told_quietly,
    failed_handshakes_are_told_quietly,
    failed_attempts_are_told_quietly,
    sockets_are_told_of,
    servers_and_services_are_told_of,
    a_logger_that_panics_harms_nobody,
);

#[derive(Clone, Debug)]
struct Record {
    level: Level,
    target: String,
    text: String,
    pairs: BTreeMap<String, String>,
}

static RECORDS: Mutex<Vec<Record>> = Mutex::new(Vec::new());

struct Keeper;

impl Log for Keeper {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        if !record.target().starts_with("sockeye") {
            return;
        }
        let tripwire = thread::current().name().is_some_and(|name| name.starts_with("tripwire"));
        assert!(!tripwire, "this logger takes nothing from here");
        let mut pairs = Pairs::default();
        record.key_values().visit(&mut pairs).unwrap();
        let record = Record {
            level: record.level(),
            target: record.target().into(),
            text: record.args().to_string(),
            pairs: pairs.0,
        };
        RECORDS.lock().unwrap_or_else(PoisonError::into_inner).push(record);
    }

    fn flush(&self) {}
}

#[derive(Default)]
struct Pairs(BTreeMap<String, String>);

impl<'kvs> VisitSource<'kvs> for Pairs {
    fn visit_pair(&mut self, key: kv::Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        self.0.insert(key.to_string(), value.to_string());
        Ok(())
    }
}

fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Keeper).unwrap();
        log::set_max_level(LevelFilter::Trace);
    });
}

/// All records with such a pair.
fn told(key: &str, value: impl ToString) -> Vec<Record> {
    let (records, value) = (RECORDS.lock().unwrap(), value.to_string());
    let with = |record: &&Record| record.pairs.get(key) == Some(&value);
    records.iter().filter(with).cloned().collect()
}

/// Level, target and text.
fn lines(records: &[Record]) -> Vec<String> {
    let line = |record: &Record| format!("{} {} {}", record.level, record.target, record.text);
    records.iter().map(line).collect()
}

fn sessions_are_told_from_beginning_to_end(design: Design) {
    listen();
    let service = design.service();
    let (protocol, events) = Probe::server();
    let server = common::serve(&service, protocol);
    let peer = Peer::new(&server);
    let (session, addr) = (events.open(), peer.addr());
    peer.finish();
    events.close();
    let records = told("session", session.id());
    assert_eq!(
        lines(&records),
        ["DEBUG sockeye::session opened", "DEBUG sockeye::session closed: closed by the peer"]
    );
    assert!(records.iter().all(|record| record.pairs["peer"] == addr.to_string()), "{records:?}");
    assert_eq!(records[1].pairs["reason"], "remote");
}

fn messages_are_not_told(design: Design) {
    listen();
    let service = design.service();
    let (probe, events) = Probe::new();
    let server = common::serve(&service, probe.echo().serve());
    let mut peer = Peer::new(&server);
    let session = events.open();
    for _ in 0..100 {
        peer.exchange("a secret word");
    }
    session.close();
    peer.expect_end();
    drop(peer);
    events.close();
    assert_eq!(told("session", session.id()).len(), 2, "it has opened and closed");
    let all = RECORDS.lock().unwrap().clone();
    assert!(all.iter().all(|record| !format!("{record:?}").contains("a secret word")));
}

fn panics_are_errors(design: Design) {
    listen();
    let service = design.service();
    let (protocol, events) = Probe::server();
    let server = common::serve(&service, protocol);
    let _peer = Peer::new(&server);
    let session = events.open();
    session.post(|_| panic!("as the test wants")).unwrap();
    events.close();
    let records = told("session", session.id());
    let words = "a callback panicked (as the test wants)";
    assert_eq!(
        lines(&records)[1..],
        [
            format!("ERROR sockeye::session cannot run a session's callback: {words}"),
            format!("DEBUG sockeye::session closed: cannot run a session's callback: {words}"),
        ]
    );
    assert_eq!(records[2].pairs["reason"], "panic");
}

fn who_is_refused_is_told_quietly(design: Design) {
    listen();
    let service = design.service();
    let builder = Server::builder(&service, raw::server(|_| Echo)).max_connections(0);
    let server = builder.listen("127.0.0.1:0").unwrap();
    let peer = TcpStream::connect(addr_of(&server)).unwrap().local_addr().unwrap();
    let refused = || {
        let records = told("server", server.id());
        records.into_iter().find(|record| record.text.starts_with("refused: "))
    };
    eventually("it is told", || refused().is_some());
    let refused = refused().unwrap();
    assert_eq!((refused.level, &*refused.target), (Level::Debug, "sockeye::server"));
    assert_eq!(refused.pairs["peer"], peer.to_string());
}

fn failed_handshakes_are_told_quietly(design: Design) {
    listen();
    let service = design.service();
    let builder = Server::builder(&service, raw::server(|_| Echo)).tls(tls_server());
    let server = builder.listen("127.0.0.1:0").unwrap();
    let mut stranger = TcpStream::connect(addr_of(&server)).unwrap();
    stranger.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let addr = stranger.local_addr().unwrap();
    eventually("it is told", || server.metrics().errors == 1);
    let records = told("peer", addr);
    let [record] = &*records else { panic!("{records:?}") };
    assert_eq!((record.level, &*record.target), (Level::Debug, "sockeye::session"));
    assert!(record.text.starts_with("not opened: "), "{record:?}");
    assert_eq!(record.pairs["reason"], "tls");
}

fn failed_attempts_are_told_quietly(design: Design) {
    listen();
    let service = design.service();
    let backoff = Backoff::default().first(Duration::from_millis(1)).attempts(2);
    let client = Client::builder(&service, raw::client(raw::Discard)).reconnect(backoff);
    let client = client.connect(free_addr()).unwrap();
    client.wait_connected(LIMIT).unwrap_err();
    let records = told("client", client.id());
    assert_eq!(records.len() as u64, client.metrics().failed);
    for record in records {
        assert_eq!((record.level, &*record.target), (Level::Debug, "sockeye::client"));
        assert!(record.text.starts_with("cannot connect to "), "{record:?}");
    }
}

fn sockets_are_told_of(design: Design) {
    listen();
    let service = design.service();
    let handler = |_: &mut udp::Session<'_>, _, _: &[u8]| ();
    let socket = udp::Socket::builder(&service, handler).bind("127.0.0.1:0").unwrap();
    let addr = socket.local_addr();
    socket.close();
    socket.wait_closed(LIMIT).unwrap();
    let lines = lines(&told("socket", addr));
    assert!(lines.contains(&"DEBUG sockeye::udp opened".to_owned()), "{lines:?}");
    assert!(
        lines.contains(&"DEBUG sockeye::udp closed: closed by this side".to_owned()),
        "{lines:?}"
    );
}

fn servers_and_services_are_told_of(design: Design) {
    listen();
    let service = design.with(3).start().unwrap();
    assert!(lines(&told("threads", 3)).contains(&"DEBUG sockeye::service started".to_owned()));
    let server = echo_server(&service);
    let listens = told("address", server.local_addr());
    assert_eq!(listens[0].pairs["server"], server.id().to_string());
    assert_eq!(lines(&listens)[0], "DEBUG sockeye::server listens");
    server.stop().unwrap();
    let last = "DEBUG sockeye::server does not listen any more";
    eventually("the end is told", || lines(&told("server", server.id())).pop().unwrap() == last);
    service.post(|| panic!("in a job of the test")).unwrap();
    service.shutdown(LIMIT).unwrap();
    let all = RECORDS.lock().unwrap().clone();
    let panic = all.iter().find(|record| record.text.contains("in a job of the test")).unwrap();
    assert_eq!((panic.level, &*panic.target), (Level::Error, "sockeye::service"));
}

fn a_logger_that_panics_harms_nobody(design: Design) {
    listen();
    let named = design.builder().thread_name(|index| format!("tripwire-{index}"));
    let service: Service = named.start().unwrap();
    let (probe, events) = Probe::new();
    let server = common::serve(&service, probe.echo().serve());
    for _ in 0..3 {
        let mut peer = Peer::new(&server);
        let session = events.open();
        peer.exchange("hello");
        session.post(|_| panic!("as the test wants")).unwrap();
        assert_eq!(events.close().name(), "panic");
    }
    let client = Client::builder(&service, raw::client(raw::Discard));
    let client = client.connect(addr_of(&server)).unwrap();
    client.wait_connected(LIMIT).unwrap();
    // The system connects before the server knows of it.
    eventually("it is open", || server.metrics().opened == 4);
    drop(client);
    eventually("all are gone", || server.connections() == 0);
    service.shutdown(LIMIT).unwrap();
}
