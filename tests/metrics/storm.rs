//! Counts are read while sessions come and go: none falls, none gets ahead of what it follows from,
//! and at rest all agree.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use sockeye::metrics::Sessions;
use sockeye::{Client, Server, Service, raw};

use crate::common::{Design, LIMIT, Peer, Random, addr_of, eventually};
use crate::on_both_designs;

on_both_designs!(a_storm_is_counted_without_gaps);

/// Connections that each thread makes.
const ROUNDS: usize = 300;

/// Does as it is told by the first byte.
fn guest(session: &mut raw::Session<'_>, data: &[u8]) {
    match data[0] {
        b'c' => session.close(),
        b'a' => session.abort(),
        b'b' => session.close_because("the guest wished it"),
        b'p' => panic!("as the guest wished"),
        _ => drop(session.send(data)),
    }
}

fn a_storm_is_counted_without_gaps(design: Design) {
    let (service, outside) = (design.service(), design.service());
    let server = Server::builder(&service, raw::server(|_| guest)).listen("127.0.0.1:0").unwrap();
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers = [
            scope.spawn(|| read_on(&ended, || server.metrics())),
            scope.spawn(|| read_on(&ended, || service.metrics().servers)),
            scope.spawn(|| read_on(&ended, || outside.metrics().clients)),
        ];
        let peers = [(); 2].map(|()| scope.spawn(|| visit_as_a_peer(&server)));
        let client = scope.spawn(|| visit_as_clients(&server, &outside));
        peers.into_iter().for_each(|peer| peer.join().unwrap());
        client.join().unwrap();
        eventually("all are gone", || server.connections() == 0);
        ended.store(true, Ordering::Release);
        for reader in readers {
            assert!(reader.join().unwrap() > 2, "it was read while it changed");
        }
    });
    let metrics = server.metrics();
    assert_eq!(metrics, service.metrics().servers);
    assert_eq!(metrics.begun, (3 * ROUNDS) as u64);
    assert_at_rest(&metrics);
    let told = metrics.closed;
    assert!(told.iter().filter(|(_, count)| *count > 0).count() >= 5, "{told:?}");
    assert_eq!((told.because("panic"), told.total()), (metrics.panics, metrics.begun));
    eventually("the clients are at rest", || outside.metrics().clients.opening() == 0);
    assert_at_rest(&outside.metrics().clients);
}

fn visit_as_a_peer(server: &Server) {
    let mut random = Random::new();
    for _ in 0..ROUNDS {
        let mut peer = Peer::at(addr_of(server));
        peer.exchange("hello");
        match b"cabp.r"[random.below(6)] {
            b'.' => {}
            b'r' => peer.reset(),
            wish => {
                peer.send([wish]);
                peer.receive_what_comes();
            }
        }
    }
}

fn visit_as_clients(server: &Server, service: &Service) {
    for _ in 0..ROUNDS {
        let client = Client::builder(service, raw::client(raw::Discard));
        let client = client.connect(addr_of(server)).unwrap();
        client.wait_connected(LIMIT).unwrap();
        client.handle().send("hello");
        client.handle().flush(LIMIT).unwrap();
        client.disconnect();
        client.wait_disconnected(LIMIT).unwrap();
    }
}

/// Looks again and again, and tells how often it has seen something new.
fn read_on(ended: &AtomicBool, read: impl Fn() -> Sessions) -> usize {
    let (mut last, mut changes) = (Sessions::default(), 0);
    while !ended.load(Ordering::Acquire) {
        let now = read();
        let opened = now.opened;
        assert!(now.closed.total() <= opened && opened + now.failed <= now.begun, "{now:?}");
        for ((before, after), what) in counts(&last).into_iter().zip(counts(&now)).zip(NAMES) {
            assert!(before <= after, "{what}: {after} after {before}");
        }
        for ((name, before), (_, after)) in last.closed.iter().zip(now.closed.iter()) {
            assert!(before <= after, "{name}: {after} after {before}");
        }
        changes += usize::from(now != last);
        last = now;
    }
    changes
}

const NAMES: [&str; 9] =
    ["begun", "opened", "failed", "panics", "durations", "received", "sent", "messages", "most"];

fn counts(metrics: &Sessions) -> [u64; 9] {
    [
        metrics.begun,
        metrics.opened,
        metrics.failed,
        metrics.panics,
        metrics.durations.count(),
        metrics.stats.bytes_received,
        metrics.stats.bytes_sent,
        metrics.stats.messages_received + metrics.stats.messages_sent,
        metrics.queued_most,
    ]
}

fn assert_at_rest(metrics: &Sessions) {
    assert_eq!((metrics.active(), metrics.opening(), metrics.queued), (0, 0, 0), "{metrics:?}");
    assert_eq!(metrics.begun, metrics.opened + metrics.failed, "{metrics:?}");
    assert_eq!(metrics.opened, metrics.closed.total(), "{metrics:?}");
    assert_eq!(metrics.durations.count(), metrics.opened, "{metrics:?}");
}
