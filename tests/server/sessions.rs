//! A server's sessions: their ids, what is said to all of them, where they live, what is counted.

use std::collections::{HashMap, HashSet};
use std::sync::mpsc::channel;
use std::thread;

use sockeye::{CloseReason, Service, Uuid, raw};

use crate::common::{
    Design, Echo, Events, LIMIT, Peer, Probe, Random, Served, Setting, eventually,
};
use crate::on_all_streams;

on_all_streams!(
    ids_are_unique_and_lead_to_the_session,
    an_id_does_not_lead_to_another_servers_session,
    sessions_are_listed_while_they_live,
    multicast_reaches_every_session,
    multicast_except_spares_one,
    multicasts_keep_their_order,
    a_session_reaches_everyone_on_its_server,
    disconnect_all_closes_every_session_and_the_server_goes_on,
    sessions_are_spread_over_the_threads,
    metrics_are_what_was_exchanged,
    what_is_sent_along_with_the_end_is_counted_too,
    a_server_with_hundreds_of_sessions_serves_each,
);

/// A server, so many peers, and the peers' sessions in the same order.
fn crowd(
    setting: Setting,
    service: &Service,
    count: usize,
) -> (Served, Vec<Peer>, Vec<raw::Handle>, Events) {
    let (probe, events) = Probe::new();
    let server = setting.serve(service, probe.echo().serve());
    let (peers, handles) = (0..count).map(|_| (Peer::new(&server), events.open())).unzip();
    (server, peers, handles, events)
}

fn ids_are_unique_and_lead_to_the_session(setting: Setting) {
    let service = setting.service();
    let (server, peers, handles, events) = crowd(setting, &service, 50);
    let ids: HashSet<Uuid> = handles.iter().map(raw::Handle::id).collect();
    assert_eq!(ids.len(), 50);
    for handle in &handles {
        assert_eq!(server.find(handle.id()).as_ref(), Some(handle));
    }
    drop(peers);
    handles.iter().for_each(|_| drop(events.close()));
    for handle in &handles {
        assert_eq!(server.find(handle.id()), None, "the session is gone");
    }
    let _successor = Peer::new(&server);
    assert!(!ids.contains(&events.open().id()), "ids are not used again");
    for handle in &handles {
        assert_eq!(server.find(handle.id()), None, "a successor has another id");
    }
    assert_eq!(server.find(Uuid::nil()), None);
    assert_eq!(server.find(Uuid::max()), None);
}

fn an_id_does_not_lead_to_another_servers_session(setting: Setting) {
    let service = setting.service();
    let (server, _peers, handles, _events) = crowd(setting, &service, 4);
    let (other, _other_peers, other_handles, _other_events) = crowd(setting, &service, 4);
    assert_ne!(server.id(), other.id());
    for (handle, other_handle) in handles.iter().zip(&other_handles) {
        assert_ne!(handle.id(), other_handle.id());
        assert_eq!(server.find(other_handle.id()), None);
        assert_eq!(other.find(handle.id()), None);
    }
}

fn sessions_are_listed_while_they_live(setting: Setting) {
    let service = setting.service();
    let (server, mut peers, handles, events) = crowd(setting, &service, 10);
    assert_eq!((server.connections(), server.everyone().len()), (10, 10));
    let listed: HashSet<Uuid> = server.sessions().iter().map(raw::Handle::id).collect();
    assert_eq!(listed, handles.iter().map(raw::Handle::id).collect());
    peers.truncate(7);
    (0..3).for_each(|_| drop(events.close()));
    assert_eq!(server.sessions().len(), 7);
    eventually("three sessions are gone", || server.connections() == 7);
    assert!(handles[..7].iter().all(|handle| server.sessions().contains(handle)));
}

fn multicast_reaches_every_session(setting: Setting) {
    let service = setting.service();
    let (server, mut peers, _handles, _events) = crowd(setting, &service, 20);
    assert!(server.multicast("hello all").is_queued());
    assert!(server.everyone().send("and again").is_queued());
    for peer in &mut peers {
        peer.expect("hello alland again");
    }
}

fn multicast_except_spares_one(setting: Setting) {
    let service = setting.service();
    let (server, mut peers, handles, _events) = crowd(setting, &service, 6);
    for (index, handle) in handles.iter().enumerate() {
        server.multicast_except(handle.id(), format!("not {index}."));
    }
    server.multicast_except(Uuid::nil(), "the end.");
    for (index, peer) in peers.iter_mut().enumerate() {
        let others = (0..6).filter(|other| *other != index).map(|other| format!("not {other}."));
        peer.expect(others.collect::<String>() + "the end.");
    }
}

fn multicasts_keep_their_order(setting: Setting) {
    let service = setting.service();
    let (server, mut peers, _handles, _events) = crowd(setting, &service, 4);
    let mut random = Random::new();
    let mut wanted = Vec::new();
    for _ in 0..500 {
        // Of all sizes, so that some are joined and some are shared.
        let most = [10, 600, 20_000][random.below(3)];
        let size = 1 + random.below(most);
        let data = random.bytes(size);
        wanted.extend_from_slice(&data);
        server.everyone().send_within(data, LIMIT).unwrap();
    }
    let read = |mut peer: Peer| {
        let count = wanted.len();
        thread::spawn(move || peer.receive(count))
    };
    for reader in peers.drain(..).map(read).collect::<Vec<_>>() {
        assert!(reader.join().unwrap() == wanted, "in order and unharmed");
    }
}

fn a_session_reaches_everyone_on_its_server(setting: Setting) {
    let service = setting.service();
    let protocol = raw::server(|_| {
        |session: &mut raw::Session<'_>, data: &[u8]| {
            session.everyone().send(data);
        }
    });
    let server = setting.serve(&service, protocol);
    let mut peers: Vec<Peer> = (0..8).map(|_| Peer::new(&server)).collect();
    eventually("all are there", || server.connections() == 8);
    peers[3].send("to all of you");
    for peer in &mut peers {
        peer.expect("to all of you");
    }
}

fn disconnect_all_closes_every_session_and_the_server_goes_on(setting: Setting) {
    let service = setting.service();
    let (server, mut peers, _handles, events) = crowd(setting, &service, 20);
    server.disconnect_all();
    for peer in &mut peers {
        peer.expect_end();
    }
    drop(peers);
    for _ in 0..20 {
        let reason = events.close();
        assert!(matches!(reason, CloseReason::Local), "{reason:?}");
    }
    Peer::new(&server).exchange("hello");
}

fn sessions_are_spread_over_the_threads(setting: Setting) {
    let service = setting.service();
    let (told, receiver) = channel();
    let (probe, _events) = Probe::new();
    let probe = probe.on_open(move |_| {
        let _ = told.send(thread::current().id());
    });
    let server = setting.serve(&service, probe.serve());
    let peers: Vec<Peer> = (0..40).map(|_| Peer::new(&server)).collect();
    let mut opened = HashMap::new();
    for _ in &peers {
        *opened.entry(receiver.recv_timeout(LIMIT).unwrap()).or_insert(0) += 1;
    }
    match setting.design {
        Design::LoopPerThread => assert!(opened.values().eq(&[20, 20]), "{opened:?}"),
        Design::ThreadPool => assert!(opened.len() <= 2, "{opened:?}"),
    }
}

fn metrics_are_what_was_exchanged(setting: Setting) {
    let service = setting.service();
    let server = setting.serve(&service, raw::server(|_| Echo));
    assert_eq!(server.metrics(), sockeye::metrics::Sessions::default());
    let mut random = Random::new();
    let mut total = 0;
    for _ in 0..10 {
        let mut peer = Peer::new(&server);
        for _ in 0..5 {
            let size = 1 + random.below(5000);
            peer.exchange(random.bytes(size));
            total += size as u64;
        }
    }
    eventually("all are gone", || server.connections() == 0);
    let metrics = server.metrics();
    assert_eq!((metrics.begun, metrics.refused, metrics.active()), (10, 0, 0));
    assert_eq!(metrics.stats.bytes_received, total);
    assert_eq!(metrics.stats.bytes_sent, total);
    assert!(metrics.stats.messages_received >= 50, "at least one for each");
    assert_eq!(metrics.stats.messages_sent, metrics.stats.messages_received);
    assert_eq!(metrics.stats.dropped, 0);
}

fn what_is_sent_along_with_the_end_is_counted_too(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = setting.serve(&service, probe.echo().serve());
    let mut peer = Peer::new(&server);
    let handle = events.open();
    // Both at once, so that the answer goes out in the session's last turn.
    handle.pause();
    peer.send([1; 1000]);
    peer.finish();
    handle.resume();
    assert_eq!(peer.receive_to_end().len(), 1000);
    events.close();
    eventually("it is gone", || server.connections() == 0);
    assert_eq!(server.metrics().stats.bytes_sent, 1000);
    assert_eq!(handle.stats().bytes_sent, 1000);
}

fn a_server_with_hundreds_of_sessions_serves_each(setting: Setting) {
    let service = setting.service();
    let server = setting.serve(&service, raw::server(|_| Echo));
    let mut peers: Vec<Peer> = (0..400).map(|_| Peer::new(&server)).collect();
    for (index, peer) in peers.iter_mut().enumerate() {
        peer.send(format!("{index:5}"));
    }
    for (index, peer) in peers.iter_mut().enumerate() {
        peer.expect(format!("{index:5}"));
    }
    assert_eq!(server.connections(), 400);
    // More than one slice of a delivery.
    server.multicast("to all four hundred");
    for peer in &mut peers {
        peer.expect("to all four hundred");
    }
}
