//! What servers count, and services over their servers and sockets.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use sockeye::{Limits, Overflow, Overload, Server, Service, raw, udp};

use crate::common::{
    Design, Echo, LIMIT, Peer, Probe, SHORT, Setting, addr_of, eventually, narrow, tls_server,
};
use crate::{on_all_streams, on_both_designs};

on_all_streams!(
    queues_are_seen_while_they_last,
    a_session_lasts_as_long_as_it_was_open,
    a_panic_while_a_handler_is_made_is_an_error_of_the_server,
);

on_both_designs!(
    who_is_refused_is_counted_apart,
    handshakes_are_timed_and_those_that_fail_counted,
    a_service_counts_on_when_its_servers_are_gone,
    a_service_sums_its_udp_sockets_up,
);

fn queues_are_seen_while_they_last(setting: Setting) {
    const MUCH: usize = 4 << 20;
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let limits = Limits::default().overflow(Overflow::Drop);
    let server = setting.listen(narrow(Server::builder(&service, protocol).limits(limits)));
    let mut peer = Peer::narrow(&server);
    let session = events.open();
    assert_eq!((server.metrics().queued, server.metrics().queued_most), (0, 0));
    session.send(vec![7; MUCH]);
    eventually("it is queued", || server.metrics().queued > 0);
    let most = server.metrics().queued_most;
    assert!(most > 0 && most <= MUCH as u64 + 65_536, "{most}");
    peer.receive(MUCH);
    eventually("it is sent", || server.metrics().queued == 0);
    assert!(server.metrics().queued_most >= most, "it is remembered");
    // What is queued when a session ends, waits no longer.
    session.send(vec![7; MUCH]);
    eventually("it is queued", || server.metrics().queued > 0);
    session.abort();
    eventually("it is gone", || server.metrics().queued == 0);
}

fn a_session_lasts_as_long_as_it_was_open(setting: Setting) {
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let builder = Server::builder(&service, protocol);
    let server = setting.listen(builder.limits(Limits::default().idle(SHORT)));
    let began = Instant::now();
    let mut peer = Peer::new(&server);
    events.open();
    assert_eq!(server.metrics().durations.count(), 0);
    peer.expect_end();
    drop(peer);
    events.close();
    let durations = server.metrics().durations;
    assert_eq!(durations.count(), 1);
    assert!(durations.max() >= SHORT - Duration::from_millis(1), "{durations:?}");
    assert!(durations.max() <= began.elapsed(), "{durations:?}");
}

fn a_panic_while_a_handler_is_made_is_an_error_of_the_server(setting: Setting) {
    let service = setting.service();
    let panics = raw::server(|_| -> Echo { panic!("nobody can be made") });
    let server = setting.serve(&service, panics);
    let _peer = Peer::waiting(&server);
    eventually("it is counted", || server.metrics().panics == 1);
    let metrics = server.metrics();
    assert_eq!((metrics.begun, metrics.opened, metrics.errors), (0, 0, 0));
}

fn who_is_refused_is_counted_apart(design: Design) {
    let service = design.service();
    let builder = Server::builder(&service, raw::server(|_| Echo));
    let builder = builder.max_connections(2).overload(Overload::Refuse);
    let server = builder.listen("127.0.0.1:0").unwrap();
    let mut welcome = [Peer::new(&server), Peer::new(&server)];
    welcome.iter_mut().for_each(|peer| peer.exchange("hello"));
    let _others = [(); 3].map(|()| TcpStream::connect(addr_of(&server)).unwrap());
    eventually("they are refused", || server.metrics().refused == 3);
    let metrics = server.metrics();
    assert_eq!((metrics.begun, metrics.opened, metrics.failed, metrics.active()), (2, 2, 0, 2));
}

fn handshakes_are_timed_and_those_that_fail_counted(design: Design) {
    let service = design.service();
    let builder = Server::builder(&service, raw::server(|_| Echo)).tls(tls_server());
    let server = builder.limits(Limits::default().handshake(LIMIT)).listen("127.0.0.1:0").unwrap();
    let began = Instant::now();
    let setting = crate::setting!(LoopPerThread, Tls);
    let place = setting.nowhere(&service);
    let client = place.client(&service, raw::client(raw::Discard));
    let client = client.connect(server.local_addr().to_string()).unwrap();
    client.wait_connected(LIMIT).unwrap();
    eventually("it is open", || server.metrics().opened == 1);
    for handshakes in [server.metrics().handshakes, client.metrics().handshakes] {
        assert_eq!(handshakes.count(), 1);
        assert!(handshakes.max() > Duration::ZERO && handshakes.max() <= began.elapsed());
    }
    // Somebody waits, and then speaks another language.
    let mut stranger = TcpStream::connect(addr_of(&server)).unwrap();
    eventually("he is accepted", || server.metrics().opening() == 1);
    stranger.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    eventually("he is turned away", || server.metrics().failed == 1);
    eventually("it is told", || server.metrics().errors == 1);
    let metrics = server.metrics();
    assert_eq!((metrics.begun, metrics.opened, metrics.opening()), (2, 1, 0));
    assert_eq!((metrics.handshakes.count(), metrics.closed.total()), (1, 0));
    let service = service.metrics();
    assert_eq!((service.servers.begun, service.clients.opened), (2, 1));
}

fn a_service_counts_on_when_its_servers_are_gone(design: Design) {
    let service = design.service();
    for round in 1..=3 {
        let server = crate::common::echo_server(&service);
        Peer::new(&server).exchange("hello");
        eventually("the session ends", || server.metrics().closed.total() == 1);
        assert_eq!(server.metrics().closed.because("remote"), 1);
        eventually("its place is free", || server.connections() == 0);
        drop(server);
        let all = service.metrics().servers;
        assert_eq!((all.begun, all.opened, all.closed.because("remote")), (round, round, round));
        assert_eq!((all.stats.bytes_received, all.stats.bytes_sent), (5 * round, 5 * round));
        assert_eq!((all.durations.count(), all.queued), (round, 0));
        // Others' services have nothing to do with it.
        assert_eq!(Service::builder().threads(0).start().unwrap().metrics().servers.begun, 0);
    }
}

fn a_service_sums_its_udp_sockets_up(design: Design) {
    let service = design.service();
    let echo = |socket: &mut udp::Session<'_>, from, data: &[u8]| _ = socket.send_to(from, data);
    let server = udp::Socket::builder(&service, echo).bind("127.0.0.1:0").unwrap();
    let (handler, inbox) = udp::Inbox::new(&service, 1000);
    let client = udp::Socket::builder(&service, handler).connect(server.local_addr()).unwrap();
    client.send("hello");
    inbox.receive(LIMIT).unwrap();
    // Each side counts by itself, behind its turn.
    let counted = |udp: udp::Stats| (udp.datagrams_received, udp.datagrams_sent) == (2, 2);
    eventually("all is counted", || counted(service.metrics().udp));
    let before = service.metrics().udp;
    assert_eq!((before.bytes_sent, before.bytes_received), (10, 10));
    client.close();
    server.close();
    client.wait_closed(LIMIT).unwrap();
    server.wait_closed(LIMIT).unwrap();
    drop((client, server, inbox));
    assert_eq!(service.metrics().udp, before);
}
