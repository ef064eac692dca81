//! Stopping, starting again, and what becomes of the sessions meanwhile.

use std::thread;

use sockeye::{CloseReason, ErrorKind, Overload, Server, Service, raw};

use crate::common::{
    Echo, Events, LIMIT, Peer, Probe, Random, SHORT, Served, Setting, bounded, eventually,
};
use crate::{on_all_streams, on_sockets};

on_all_streams!(
    stop_frees_the_address_while_sessions_go_on,
    start_listens_at_the_same_address_again,
    start_of_a_listening_server_is_an_error,
    start_fails_while_somebody_else_has_the_address,
    restart_keeps_the_address_and_closes_the_sessions,
    shutdown_sends_what_is_queued,
    shutdown_sends_what_was_multicast_before,
    disconnect_all_comes_after_what_was_multicast_before,
    shutdown_cuts_off_who_does_not_read,
    shutdown_without_sessions_returns_at_once,
    dropping_the_server_closes_its_sessions_and_stops_listening,
    a_clone_keeps_the_server,
    stopping_the_service_closes_the_sessions_and_the_listener,
    a_restarted_service_listens_again,
    a_server_stopped_before_stays_so_when_the_service_restarts,
    a_server_can_be_stopped_while_the_service_is,
    what_waits_to_be_accepted_is_reset_by_stop,
);

on_sockets!(shutting_the_service_down_sends_what_is_queued);

fn serve_quietly(setting: Setting, service: &Service, protocol: raw::ServerProtocol) -> Served {
    setting.listen_quietly(Server::builder(service, protocol))
}

/// A server whose sessions send so much when they open, and what they tell.
fn talkative(setting: Setting, service: &Service, data: Vec<u8>) -> (Served, Events) {
    let (probe, events) = Probe::new();
    let probe = probe.on_open(move |session| {
        session.send(&data);
    });
    (setting.serve(service, probe.serve()), events)
}

fn assert_shut_down(events: &Events) {
    let reason = events.close();
    assert!(matches!(reason, CloseReason::Shutdown), "{reason:?}");
}

fn assert_served(server: &Served) {
    Peer::new(server).exchange("hello");
}

fn stop_frees_the_address_while_sessions_go_on(setting: Setting) {
    let service = setting.service();
    let (probe, _events) = Probe::new();
    let server = serve_quietly(setting, &service, probe.echo().serve());
    let mut peer = Peer::new(&server);
    peer.exchange("before");
    server.stop().unwrap();
    assert!(!server.is_listening());
    assert!(server.place().is_free());
    assert!(server.place().refuses(), "nobody listens");
    peer.exchange("after");
    assert_eq!(server.connections(), 1);
    server.stop().unwrap();
}

fn start_listens_at_the_same_address_again(setting: Setting) {
    let service = setting.service();
    let (probe, _events) = Probe::new();
    let server = serve_quietly(setting, &service, probe.echo().serve());
    let addr = server.local_addr();
    let mut peer = Peer::new(&server);
    peer.exchange("hello");
    for _ in 0..3 {
        server.stop().unwrap();
        server.start().unwrap();
        assert!(server.is_listening());
        assert_eq!(server.local_addr(), addr);
        assert_served(&server);
    }
    peer.exchange("still here");
}

fn start_of_a_listening_server_is_an_error(setting: Setting) {
    let service = setting.service();
    let server = setting.serve(&service, raw::server(|_| Echo));
    assert_eq!(server.start().unwrap_err().kind(), ErrorKind::AlreadyRunning);
    assert_served(&server);
}

fn start_fails_while_somebody_else_has_the_address(setting: Setting) {
    let service = setting.service();
    let (probe, _events) = Probe::new();
    let server = serve_quietly(setting, &service, probe.echo().serve());
    server.stop().unwrap();
    let place = server.place();
    let other = place.taken().unwrap();
    let error = server.start().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInUse);
    assert_eq!(error.address(), Some(&*place.endpoint().to_string()));
    assert!(!server.is_listening());
    drop(other);
    server.start().unwrap();
    assert_served(&server);
}

fn restart_keeps_the_address_and_closes_the_sessions(setting: Setting) {
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let server = serve_quietly(setting, &service, protocol);
    let addr = server.local_addr();
    let mut peer = Peer::new(&server);
    events.open();
    let end = thread::spawn(move || peer.expect_end());
    let restarted = server.clone();
    bounded("restart", move || restarted.restart()).unwrap();
    end.join().unwrap();
    assert_shut_down(&events);
    assert_eq!((server.connections(), server.local_addr()), (0, addr));
    Peer::new(&server).send("new");
    assert_eq!(events.data(3), b"new");
}

fn shutdown_sends_what_is_queued(setting: Setting) {
    let service = setting.service();
    let data = Random::new().bytes(4 << 20);
    let (server, events) = talkative(setting, &service, data.clone());
    let mut peer = Peer::narrow(&server);
    events.open();
    let reader = thread::spawn(move || peer.receive_to_end());
    let shut = server.clone();
    bounded("shutdown", move || shut.shutdown(LIMIT)).unwrap();
    assert!(reader.join().unwrap() == data, "all of it, unharmed");
    assert_shut_down(&events);
    assert_eq!(server.connections(), 0);
    assert!(!server.is_listening());
}

fn shutdown_sends_what_was_multicast_before(setting: Setting) {
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let server = setting.serve(&service, protocol);
    let peers: Vec<Peer> = (0..20).map(|_| Peer::new(&server)).collect();
    peers.iter().for_each(|_| drop(events.open()));
    assert!(server.multicast("the last words").is_queued());
    let read = |mut peer: Peer| thread::spawn(move || peer.receive_to_end());
    let readers: Vec<_> = peers.into_iter().map(read).collect();
    server.shutdown(LIMIT).unwrap();
    for reader in readers {
        assert_eq!(reader.join().unwrap(), b"the last words");
    }
}

fn disconnect_all_comes_after_what_was_multicast_before(setting: Setting) {
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let server = setting.serve(&service, protocol);
    let mut peers: Vec<Peer> = (0..20).map(|_| Peer::new(&server)).collect();
    peers.iter().for_each(|_| drop(events.open()));
    assert!(server.multicast("the last words").is_queued());
    server.disconnect_all();
    for peer in &mut peers {
        assert_eq!(peer.receive_to_end(), b"the last words");
    }
}

fn shutdown_cuts_off_who_does_not_read(setting: Setting) {
    let service = setting.service();
    let (server, events) = talkative(setting, &service, vec![1; 8 << 20]);
    let mut peer = Peer::narrow(&server);
    // From here on there is something left to send.
    peer.expect([1]);
    let shut = server.clone();
    let error = bounded("shutdown", move || shut.shutdown(SHORT)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(error.address(), Some(&*server.local_addr().to_string()));
    assert_shut_down(&events);
    assert_eq!(server.connections(), 0);
    assert!(peer.receive_to_reset().len() < 8 << 20);
}

fn shutdown_without_sessions_returns_at_once(setting: Setting) {
    let service = setting.service();
    let server = setting.serve(&service, raw::server(|_| Echo));
    let shut = server.clone();
    bounded("shutdown", move || shut.shutdown(LIMIT * 10)).unwrap();
    assert!(!server.is_listening());
    server.shutdown(LIMIT).unwrap();
}

fn dropping_the_server_closes_its_sessions_and_stops_listening(setting: Setting) {
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let server = serve_quietly(setting, &service, protocol);
    let place = server.place();
    let mut peer = Peer::new(&server);
    let handle = events.open();
    drop(server);
    peer.expect_end();
    drop(peer);
    assert_shut_down(&events);
    eventually("the handle knows", || !handle.is_open());
    eventually("the address is free", || place.is_free());
}

fn a_clone_keeps_the_server(setting: Setting) {
    let service = setting.service();
    let server = setting.serve(&service, raw::server(|_| Echo));
    let clone = server.clone();
    assert_eq!(clone.id(), server.id());
    drop(server);
    assert_served(&clone);
}

fn stopping_the_service_closes_the_sessions_and_the_listener(setting: Setting) {
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let server = serve_quietly(setting, &service, protocol);
    let mut peers: Vec<Peer> = (0..10).map(|_| Peer::new(&server)).collect();
    peers.iter().for_each(|_| drop(events.open()));
    bounded("stop", move || service.stop()).unwrap();
    for peer in &mut peers {
        assert_shut_down(&events);
        peer.receive_what_comes();
    }
    assert!(!server.is_listening());
    assert_eq!(server.connections(), 0);
    assert!(server.place().refuses());
    assert!(events.rest().is_empty(), "nothing comes after on_close");
}

fn shutting_the_service_down_sends_what_is_queued(setting: Setting) {
    let service = setting.service();
    let data = Random::new().bytes(4 << 20);
    let (server, events) = talkative(setting, &service, data.clone());
    let mut peer = Peer::narrow(&server);
    events.open();
    let reader = thread::spawn(move || peer.receive_to_end());
    bounded("shutdown", move || service.shutdown(LIMIT)).unwrap();
    assert!(reader.join().unwrap() == data, "all of it, unharmed");
    assert_shut_down(&events);
}

fn a_restarted_service_listens_again(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = serve_quietly(setting, &service, probe.echo().serve());
    let addr = server.local_addr();
    for _ in 0..3 {
        Peer::new(&server).exchange("hello");
        events.open();
        let restarted = service.clone();
        bounded("restart", move || restarted.restart()).unwrap();
        events.close();
        assert!(server.is_listening());
        assert_eq!(server.local_addr(), addr);
        assert_served(&server);
        events.open();
        events.close();
    }
}

fn a_server_stopped_before_stays_so_when_the_service_restarts(setting: Setting) {
    let service = setting.service();
    let server = setting.serve(&service, raw::server(|_| Echo));
    server.stop().unwrap();
    service.restart().unwrap();
    assert!(!server.is_listening());
    server.start().unwrap();
    assert_served(&server);
}

fn a_server_can_be_stopped_while_the_service_is(setting: Setting) {
    let service = setting.service();
    let server = setting.serve(&service, raw::server(|_| Echo));
    service.stop().unwrap();
    assert_eq!(server.start().unwrap_err().kind(), ErrorKind::Stopped);
    server.stop().unwrap();
    service.start().unwrap();
    assert!(!server.is_listening(), "the program has stopped it");
    server.start().unwrap();
    assert_served(&server);
}

fn what_waits_to_be_accepted_is_reset_by_stop(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let builder = Server::builder(&service, probe.serve());
    let server = setting.listen(builder.max_connections(1).overload(Overload::Queue));
    let first = Peer::new(&server);
    events.open();
    let mut waiting = Peer::waiting(&server);
    server.stop().unwrap();
    assert!(waiting.receive_what_comes().is_empty());
    assert_eq!(server.connections(), 1);
    drop(first);
    events.close();
}
