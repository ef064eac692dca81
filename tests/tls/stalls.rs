//! Handshakes that stop at every byte: who says nothing more, who ends, and who is slow.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use sockeye::tls::Version;
use sockeye::{ErrorKind, Limits};

use crate::common::{Design, addr_of, eventually};
use crate::diary::{Diary, Entries};
use crate::on_both_designs;
use crate::wire::Wire;
use crate::world::{BOTH, Serving, World};

on_both_designs!(
    a_hello_that_stops_at_any_byte_times_out,
    a_hello_that_ends_at_any_byte_is_told,
    a_last_flight_that_stops_at_any_byte_times_out,
    a_last_flight_that_ends_at_any_byte_is_told,
    a_handshake_that_creeps_on_times_out,
    a_handshake_may_take_for_ever,
);

/// Long enough for a test to do its own part of all handshakes.
const SHORT: Duration = Duration::from_millis(400);

struct Set {
    world: World,
    serving: Serving,
    good: Wire,
    entries: Entries,
}

impl Set {
    fn new(design: Design, limit: Duration) -> Self {
        let world = World::new();
        let (diary, entries) = Diary::new();
        let limits = Limits::default().handshake(limit);
        let config = world.server_config();
        let serving = Serving::new(&design.service(), diary.serve(), config, limits);
        let good = world.peer(&serving.server);
        entries.expect(&["handshake", "open"]);
        Self { world, serving, good, entries }
    }

    fn peer(&self, version: Version) -> Wire {
        let config = Arc::new(self.world.rustls_client(&[version]));
        Wire::connect(addr_of(&self.serving.server), &config)
    }

    /// A client whose last flight is not sent yet.
    fn at_last_flight(&self, version: Version) -> (Wire, Vec<u8>) {
        let mut peer = self.peer(version);
        peer.push().unwrap();
        while !peer.tls.wants_write() || (version == Version::Tls13 && peer.tls.is_handshaking()) {
            peer.pull().unwrap();
        }
        let flight = peer.take();
        (peer, flight)
    }

    /// So many sessions have ended so, without any handler having been told, and the good one
    /// goes on.
    #[track_caller]
    fn assert_all_ended(mut self, count: usize, kind: ErrorKind, words: &str) {
        for _ in 0..count {
            self.serving.errors.expect(kind, words);
        }
        eventually("they are gone", || self.serving.server.connections() == 1);
        let metrics = self.serving.server.metrics();
        assert_eq!((metrics.opened, metrics.opening(), metrics.active()), (1, 0, 1));
        assert!(metrics.failed >= count as u64 && metrics.failed == metrics.errors, "{metrics:?}");
        self.serving.errors.expect_none();
        self.entries.expect_nothing_yet();
        self.good.send("good");
        self.entries.expect(&["data good"]);
        self.good.say_goodbye();
        self.entries.expect(&["end", "close Remote"]);
    }
}

fn hello(set: &Set, version: Version) -> Vec<u8> {
    let mut peer = set.peer(version);
    let hello = peer.take();
    drop(peer);
    set.serving.errors.expect(ErrorKind::Closed, "closed by the peer");
    hello
}

fn begin(set: &Set, bytes: &[u8]) -> TcpStream {
    let mut tcp = TcpStream::connect(addr_of(&set.serving.server)).unwrap();
    tcp.write_all(bytes).unwrap();
    tcp
}

fn a_hello_that_stops_at_any_byte_times_out(design: Design) {
    for version in BOTH {
        let set = Set::new(design, SHORT);
        let hello = hello(&set, version);
        let began = Instant::now();
        let cut: Vec<_> = (0..hello.len()).map(|at| begin(&set, &hello[..at])).collect();
        set.assert_all_ended(cut.len(), ErrorKind::TimedOut, "the handshake took too long");
        assert!(began.elapsed() >= SHORT);
    }
}

fn a_hello_that_ends_at_any_byte_is_told(design: Design) {
    for version in BOTH {
        let set = Set::new(design, Duration::from_secs(60));
        let hello = hello(&set, version);
        let cut = (0..hello.len()).map(|at| {
            let tcp = begin(&set, &hello[..at]);
            tcp.shutdown(Shutdown::Write).unwrap();
            tcp
        });
        let cut: Vec<_> = cut.collect();
        set.assert_all_ended(cut.len(), ErrorKind::Closed, "closed by the peer");
    }
}

fn a_last_flight_that_stops_at_any_byte_times_out(design: Design) {
    for version in BOTH {
        let set = Set::new(design, 2 * SHORT);
        let (_first, flight) = set.at_last_flight(version);
        let mut cut = Vec::new();
        for at in 0..flight.len() - 1 {
            let (mut peer, flight) = set.at_last_flight(version);
            // Signatures differ in length, and nothing here is signed.
            peer.send_raw(&flight[..at]);
            cut.push(peer);
        }
        let words = "the handshake took too long";
        set.assert_all_ended(cut.len() + 1, ErrorKind::TimedOut, words);
    }
}

fn a_last_flight_that_ends_at_any_byte_is_told(design: Design) {
    for version in BOTH {
        let set = Set::new(design, Duration::from_secs(60));
        let (first, flight) = set.at_last_flight(version);
        first.finish();
        let mut cut = vec![first];
        for at in 0..flight.len() - 1 {
            let (mut peer, flight) = set.at_last_flight(version);
            peer.send_raw(&flight[..at]);
            peer.finish();
            cut.push(peer);
        }
        set.assert_all_ended(cut.len(), ErrorKind::Closed, "closed by the peer");
    }
}

fn a_handshake_that_creeps_on_times_out(design: Design) {
    let set = Set::new(design, SHORT);
    let hello = hello(&set, Version::Tls12);
    let began = Instant::now();
    let mut tcp = begin(&set, &[]);
    for byte in hello {
        if tcp.write_all(&[byte]).is_err() || began.elapsed() > 4 * SHORT {
            break;
        }
        thread::sleep(SHORT / 50);
    }
    set.assert_all_ended(1, ErrorKind::TimedOut, "the handshake took too long");
    assert!(began.elapsed() >= SHORT);
}

fn a_handshake_may_take_for_ever(design: Design) {
    let set = Set::new(design, Duration::MAX);
    let mut peer = set.world.peer(&set.serving.server);
    set.entries.expect(&["handshake", "open"]);
    peer.send("hello");
    set.entries.expect(&["data hello"]);
    drop(peer);
}
