//! Servers and clients in memory: `memory:` addresses, with faults for those who want them.

use std::sync::mpsc::channel;
use std::time::Duration;

use sockeye::testing::{Conditions, Faults, set_conditions};
use sockeye::{
    Acceptors, Backoff, Client, CloseReason, Endpoint, ErrorKind, Overload, Server, Service,
    client, raw, server,
};

use crate::common::{Design, Echo, Event, LIMIT, Probe, SHORT, eventually};
use crate::on_both_designs;

on_both_designs!(
    bytes_come_back,
    both_ends_know_where_they_are,
    a_taken_name_is_in_use_until_its_server_stops,
    names_belong_to_their_service,
    nobody_there_is_a_refusal,
    a_client_finds_its_server_again,
    a_restart_of_the_service_brings_the_name_back,
    a_full_backlog_is_waited_for,
    who_waits_when_the_server_stops_is_reset,
    one_acceptor_per_loop_shares_the_name,
    faults_change_nothing_of_what_arrives,
    connections_draw_their_own_faults,
    a_reset_at_a_byte_ends_both_sides,
    a_narrow_connection_is_waited_for,
    conditions_are_for_names_in_memory_only,
);

const NAME: &str = "memory:test";

fn builder(service: &Service) -> server::Builder {
    Server::builder(service, raw::server(|_| Echo))
}

fn connect(service: &Service, handler: impl raw::Handler) -> Client {
    let client = client_builder(service, handler).connect(NAME).unwrap();
    client.wait_connected(LIMIT).unwrap();
    client
}

fn client_builder(service: &Service, handler: impl raw::Handler) -> client::Builder {
    Client::builder(service, raw::client(handler))
}

fn bytes_come_back(design: Design) {
    let service = design.service();
    let server = builder(&service).listen(NAME).unwrap();
    assert_eq!(server.local_addr().to_string(), NAME);
    let (probe, events) = Probe::new();
    let client = connect(&service, probe);
    let data: Vec<u8> = (0..300_000_u32).map(|at| (at % 251) as u8).collect();
    for piece in data.chunks(7000) {
        client.handle().send_within(piece, LIMIT).unwrap();
    }
    assert!(events.data(data.len()) == data);
    client.disconnect();
    client.wait_disconnected(LIMIT).unwrap();
    assert!(matches!(events.close(), CloseReason::Local));
    eventually("the session ends", || server.connections() == 0);
    assert_eq!(server.metrics().stats.bytes_received, 300_000);
}

fn both_ends_know_where_they_are(design: Design) {
    let service = design.service();
    let (told, seen) = channel();
    let (probe, _events) = Probe::new();
    let probe = probe.on_open(move |session| {
        let _ = told.send((session.local_addr().unwrap(), session.peer_addr().unwrap()));
    });
    let server = Server::builder(&service, probe.clone().serve()).listen(NAME).unwrap();
    let _client = client_builder(&service, probe).connect(server.local_addr()).unwrap();
    let mut ends = [seen.recv_timeout(LIMIT).unwrap(), seen.recv_timeout(LIMIT).unwrap()];
    ends.sort_by_key(|(local, _)| matches!(local, Endpoint::Memory(_)));
    let [(named, number), own] = ends;
    assert_eq!((&named, named.to_string().as_str()), (&server.local_addr(), NAME));
    assert!(matches!(number, Endpoint::Memory(_)));
    assert_eq!(own, (number, named), "the client's");
}

fn a_taken_name_is_in_use_until_its_server_stops(design: Design) {
    let service = design.service();
    let server = builder(&service).listen(NAME).unwrap();
    let error = builder(&service).listen(NAME).unwrap_err();
    assert_eq!((error.kind(), error.address()), (ErrorKind::AddressInUse, Some(NAME)));
    server.stop().unwrap();
    let second = builder(&service).listen(NAME).unwrap();
    assert_eq!(server.start().unwrap_err().kind(), ErrorKind::AddressInUse);
    drop(second);
}

fn names_belong_to_their_service(design: Design) {
    let (first, second) = (design.service(), design.service());
    let _server = builder(&first).listen(NAME).unwrap();
    let client = client_builder(&second, raw::Discard).connect(NAME).unwrap();
    assert_eq!(client.wait_connected(LIMIT).unwrap_err().kind(), ErrorKind::Refused);
    let _other = builder(&second).listen(NAME).unwrap();
}

fn nobody_there_is_a_refusal(design: Design) {
    let service = design.service();
    let attempt = || {
        let client = client_builder(&service, raw::Discard).connect(NAME).unwrap();
        client.wait_connected(LIMIT).unwrap_err()
    };
    let error = attempt();
    assert_eq!((error.kind(), error.address()), (ErrorKind::Refused, Some(NAME)));
    builder(&service).listen(NAME).unwrap().stop().unwrap();
    assert_eq!(attempt().kind(), ErrorKind::Refused);
}

fn a_client_finds_its_server_again(design: Design) {
    let service = design.service();
    let server = builder(&service).listen(NAME).unwrap();
    let (probe, events) = Probe::new();
    let backoff = Backoff::default().first(Duration::from_millis(1)).max(Duration::from_millis(10));
    let client = client_builder(&service, probe).reconnect(backoff).connect(NAME).unwrap();
    for round in 0..3 {
        events.open();
        client.handle().send([round; 10]);
        assert_eq!(events.data(10), [round; 10]);
        server.restart().unwrap();
        events.close();
    }
    events.open();
}

fn a_restart_of_the_service_brings_the_name_back(design: Design) {
    let service = design.service();
    let _server = builder(&service).listen(NAME).unwrap();
    service.restart().unwrap();
    let (probe, events) = Probe::new();
    connect(&service, probe).handle().send("hello");
    assert!(matches!(events.next(), Event::Open(_)));
}

/// A server that has one connection and takes no other.
fn busy(service: &Service) -> (Server, Client) {
    set_conditions(service, NAME, Conditions::default().backlog(1)).unwrap();
    let server = builder(service).max_connections(1).overload(Overload::Queue);
    let server = server.listen(NAME).unwrap();
    let first = connect(service, raw::Discard);
    eventually("it is accepted", || server.connections() == 1);
    (server, first)
}

fn a_full_backlog_is_waited_for(design: Design) {
    let service = design.service();
    let (server, first) = busy(&service);
    let _second = connect(&service, raw::Discard);
    let (probe, events) = Probe::new();
    let third = client_builder(&service, probe).connect(NAME).unwrap();
    assert_eq!(third.wait_connected(SHORT).unwrap_err().kind(), ErrorKind::TimedOut);
    first.disconnect();
    third.wait_connected(LIMIT).unwrap();
    drop(_second);
    third.handle().send("hello");
    assert!(matches!(events.next(), Event::Open(_)));
    assert_eq!(events.data(5), b"hello");
    drop(server);
}

fn who_waits_when_the_server_stops_is_reset(design: Design) {
    let service = design.service();
    let (server, _first) = busy(&service);
    let (probe, events) = Probe::new();
    let _second = connect(&service, probe);
    events.open();
    server.stop().unwrap();
    assert!(matches!(events.close(), CloseReason::Reset));
}

fn one_acceptor_per_loop_shares_the_name(design: Design) {
    let service = design.service();
    let server = builder(&service).acceptors(Acceptors::OnePerLoop).listen(NAME).unwrap();
    assert_eq!(server.local_addrs().len(), 1);
    let clients: Vec<_> = (0..32)
        .map(|_| {
            let (probe, events) = Probe::new();
            (connect(&service, probe), events)
        })
        .collect();
    for (client, events) in &clients {
        client.handle().send("hello");
        assert_eq!(events.data(5), b"hello");
    }
    assert_eq!(server.metrics().begun, 32);
    server.restart().unwrap();
    connect(&service, raw::Discard);
}

fn faults_change_nothing_of_what_arrives(design: Design) {
    let service = design.service();
    let _server = builder(&service).listen(NAME).unwrap();
    let data: Vec<u8> = (0..3000_u32).map(|at| (at % 241) as u8).collect();
    for seed in 0..20 {
        let conditions = Conditions::default()
            .server(crate::faults(seed))
            .client(crate::faults(!seed))
            .capacity(1 + seed as usize * 17);
        set_conditions(&service, NAME, conditions).unwrap();
        let (probe, events) = Probe::new();
        let client = connect(&service, probe);
        client.handle().send(&data);
        assert!(events.data(data.len()) == data, "seed {seed}");
    }
}

/// As lengths of the pieces that are read.
fn connections_draw_their_own_faults(design: Design) {
    let lengths = || {
        let service = design.service();
        let faults = Faults::seeded(7).short_reads(9);
        set_conditions(&service, NAME, Conditions::default().client(faults)).unwrap();
        let probe = Probe::new().0.on_open(|session| {
            session.send([1; 200]);
        });
        let _server = Server::builder(&service, probe.serve()).listen(NAME).unwrap();
        [(); 2].map(|()| {
            let (probe, events) = Probe::new();
            let _client = connect(&service, probe);
            let (mut lengths, mut sum) = (Vec::new(), 0);
            while sum < 200 {
                lengths.push(events.data(1).len());
                sum += lengths[lengths.len() - 1];
            }
            lengths
        })
    };
    let [first, second] = lengths();
    assert!(first.iter().all(|length| *length <= 9));
    assert_ne!(first, second);
    assert_eq!([first, second], lengths(), "the same seed");
}

fn a_reset_at_a_byte_ends_both_sides(design: Design) {
    let service = design.service();
    let faults = Faults::seeded(1).reset_after_read(4);
    set_conditions(&service, NAME, Conditions::default().server(faults)).unwrap();
    let (probe, served) = Probe::new();
    let _server = Server::builder(&service, probe.serve()).listen(NAME).unwrap();
    let (probe, events) = Probe::new();
    connect(&service, probe).handle().send("to and fro");
    assert_eq!(served.data(4), b"to a");
    assert!(matches!(served.close(), CloseReason::Reset));
    assert!(matches!(events.close(), CloseReason::Reset | CloseReason::Shutdown));
}

fn a_narrow_connection_is_waited_for(design: Design) {
    let service = design.service();
    set_conditions(&service, NAME, Conditions::default().capacity(10)).unwrap();
    let (probe, served) = Probe::new();
    let probe = probe.on_open(|session| session.pause());
    let _server = Server::builder(&service, probe.serve()).listen(NAME).unwrap();
    let client = connect(&service, raw::Discard);
    let session = served.open();
    client.handle().send([5; 30]);
    eventually("the rest waits", || client.handle().pending() == 20);
    session.resume();
    assert_eq!(served.data(30), [5; 30]);
}

fn conditions_are_for_names_in_memory_only(design: Design) {
    let service = design.service();
    for text in ["127.0.0.1:80", "unix:a", "memory:7", "localhost:80"] {
        let error = set_conditions(&service, text, Conditions::default()).unwrap_err();
        assert_eq!((error.kind(), error.address()), (ErrorKind::AddressInvalid, Some(text)));
    }
}
