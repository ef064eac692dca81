//! Records and messages that are not as they should be, and those that are so in odd pieces.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use sockeye::tls::Version;
use sockeye::tls::rustls::{AlertDescription, Error as Tls};
use sockeye::{CloseReason, Limits};

use crate::common::{Design, Events, Peer, Probe, Random, addr_of, eventually};
use crate::on_both_designs;
use crate::wire::{End, Wire};
use crate::world::{BOTH, Serving, World, listener};

on_both_designs!(
    a_changed_record_ends_the_session,
    a_changed_record_of_a_server_ends_the_session,
    what_came_before_a_bad_record_is_delivered,
    records_that_are_too_long_end_the_session,
    a_flood_of_empty_records_ends_the_session,
    keys_are_updated_while_data_flows,
    a_flood_of_key_updates_ends_the_session,
    renegotiation_is_refused,
    a_handshake_message_within_a_session_ends_it,
    a_handshake_in_single_bytes,
    a_hello_in_many_records,
    a_message_that_is_too_long_is_refused,
    data_in_single_bytes_arrives,
    records_cut_anywhere_are_put_together,
    alerts_of_the_peer_are_named,
);

/// A server that tells what happens on it, a peer on it, and another one that must go on.
struct Set {
    serving: Serving,
    events: Events,
    peer: Wire,
    good: Wire,
}

impl Set {
    fn new(design: Design, version: Version) -> Self {
        let world = World::new();
        let (probe, events) = Probe::new();
        let serving = world.serve(&design.service(), probe.echo().serve());
        let good = world.peer_of(&serving.server, &[version]);
        events.open();
        let peer = world.peer_of(&serving.server, &[version]);
        events.open();
        let mut set = Self { serving, events, peer, good };
        // Tickets have come.
        set.peer.exchange("x");
        set
    }

    /// The session ends so, its peer is told by this alert, and the other goes on.
    #[track_caller]
    fn assert_fails(mut self, words: &str, alert: impl Into<Option<AlertDescription>>) {
        match self.events.close() {
            CloseReason::Tls(error) => {
                assert!(error.to_string().contains(words), "{error}: wanted {words}");
            }
            reason => panic!("{reason:?}"),
        }
        if let Some(alert) = alert.into() {
            let (_, end) = self.peer.receive_to_end();
            let End::Failure(Tls::AlertReceived(told)) = &end else { panic!("{end:?}") };
            assert_eq!(*told, alert);
        }
        self.good.exchange("good");
        eventually("it is gone", || self.serving.server.connections() == 1);
        assert_eq!(self.serving.server.metrics().closed.because("tls"), 1);
        self.serving.errors.expect_none();
    }
}

fn a_changed_record_ends_the_session(design: Design) {
    for version in BOTH {
        for at in [5, 12, 20] {
            let mut set = Set::new(design, version);
            let mut record = set.peer.seal("hello");
            record[at] ^= 1;
            set.peer.send_raw(record);
            set.assert_fails("DecryptError", AlertDescription::BadRecordMac);
        }
    }
}

fn a_changed_record_of_a_server_ends_the_session(design: Design) {
    let (world, service) = (World::new(), design.service());
    for version in BOTH {
        let listener = listener();
        let (probe, events) = Probe::new();
        let (client, errors) = world.connect(&service, probe, &listener);
        let mut peer = Wire::accept(&listener, &world.rustls_server(&[version])).shake_hands();
        events.open();
        let mut record = peer.seal("hello");
        *record.last_mut().unwrap() ^= 1;
        peer.send_raw(record);
        let reason = events.close();
        assert!(matches!(&reason, CloseReason::Tls(_)), "{reason:?}");
        let (_, end) = peer.receive_to_end();
        let told = Tls::AlertReceived(AlertDescription::BadRecordMac);
        assert!(matches!(&end, End::Failure(failure) if *failure == told), "{end:?}");
        client.wait_disconnected(crate::common::LIMIT).unwrap();
        assert!(client.last_error().unwrap().to_string().contains("DecryptError"));
        errors.expect_none();
    }
}

fn what_came_before_a_bad_record_is_delivered(design: Design) {
    for version in BOTH {
        let mut set = Set::new(design, version);
        set.events.data(1);
        let mut bytes = set.peer.seal("good");
        bytes.extend(set.peer.seal(" and more"));
        let mut bad = set.peer.seal("bad");
        *bad.last_mut().unwrap() ^= 1;
        bytes.extend(bad);
        set.peer.send_raw(bytes);
        assert_eq!(set.events.data(13), b"good and more");
        set.assert_fails("DecryptError", None);
    }
}

fn records_that_are_too_long_end_the_session(design: Design) {
    for version in BOTH {
        for length in [(1 << 14) + 257, (1 << 14) + 2049, 0xffff] {
            let mut set = Set::new(design, version);
            let [high, low] = u16::to_be_bytes(length);
            let mut record = vec![23, 3, 3, high, low];
            record.resize(5 + usize::from(length), 7);
            set.peer.send_raw(record);
            // Either is an alert that names it; in the larger cases nothing is decrypted at all.
            set.assert_fails("", None);
        }
    }
}

fn a_flood_of_empty_records_ends_the_session(design: Design) {
    // With TLS 1.2 what is empty is encrypted as well; a peer of rustls sends none.
    for typ in [20, 21, 22, 23] {
        let mut set = Set::new(design, Version::Tls13);
        let flood = [typ, 3, 3, 0, 0].repeat(10_000);
        set.peer.send_raw(flood);
        set.assert_fails("", None);
    }
    let world = World::new();
    let serving = Serving::echo(&design.service(), world.server_config());
    for typ in [20, 21, 22, 23] {
        let mut peer = Peer::new(&serving.server);
        let _ = peer.send_at_once(&[typ, 3, 3, 0, 0].repeat(10_000));
        peer.receive_what_comes();
        serving.errors.expect_tls("");
    }
}

fn keys_are_updated_while_data_flows(design: Design) {
    let mut set = Set::new(design, Version::Tls13);
    let mut random = Random::new();
    for _ in 0..50 {
        let count = 1 + random.below(40_000);
        let data = random.bytes(count);
        set.peer.tls.refresh_traffic_keys().unwrap();
        if random.below(2) == 0 {
            set.peer.push().unwrap();
        }
        set.peer.exchange(&data);
    }
    set.peer.say_goodbye();
    let (_, end) = set.peer.receive_to_end();
    assert!(matches!(end, End::Goodbye), "{end:?}");
    assert!(matches!(set.events.close(), CloseReason::Remote));
}

fn a_flood_of_key_updates_ends_the_session(design: Design) {
    let mut set = Set::new(design, Version::Tls13);
    let mut flood = Vec::new();
    for _ in 0..1000 {
        set.peer.tls.refresh_traffic_keys().unwrap();
        flood.extend(set.peer.take());
    }
    set.peer.send_raw(flood);
    set.assert_fails("TooManyKeyUpdateRequests", None);
}

/// rustls sends none; a hello that it has made for another connection stands in, in plain text.
fn renegotiation_is_refused(design: Design) {
    for version in BOTH {
        let mut set = Set::new(design, version);
        let world = World::new();
        let config = Arc::new(world.rustls_client(&[version]));
        let hello = Wire::connect(addr_of(&set.serving.server), &config).take();
        set.peer.send_raw(hello);
        set.serving.errors.expect(sockeye::ErrorKind::Closed, "closed by the peer");
        set.assert_fails("", None);
    }
}

fn a_handshake_message_within_a_session_ends_it(design: Design) {
    for version in BOTH {
        for message in [[1, 0, 0, 0], [2, 0, 0, 0], [20, 0, 0, 0], [0, 0, 0, 0], [99, 0, 0, 0]] {
            let mut set = Set::new(design, version);
            set.peer.send_raw([&[22, 3, 3, 0, 4], &message[..]].concat());
            set.assert_fails("", None);
        }
    }
}

fn a_handshake_in_single_bytes(design: Design) {
    let world = World::new();
    for version in BOTH {
        let (probe, events) = Probe::new();
        let serving = world.serve(&design.service(), probe.serve());
        let config = Arc::new(world.rustls_client(&[version]));
        let mut peer = Wire::connect(addr_of(&serving.server), &config);
        while peer.tls.is_handshaking() || peer.tls.wants_write() {
            for byte in peer.take() {
                peer.send_raw([byte]);
                thread::sleep(Duration::from_micros(20));
            }
            if peer.tls.is_handshaking() {
                peer.pull().unwrap();
            }
        }
        events.open();
        peer.send("hello");
        assert_eq!(events.data(5), b"hello");
        serving.errors.expect_none();
    }
}

fn a_hello_in_many_records(design: Design) {
    let world = World::new();
    for version in BOTH {
        for size in [1, 2, 3, 7, 100] {
            let (probe, events) = Probe::new();
            let serving = world.serve(&design.service(), probe.serve());
            let config = Arc::new(world.rustls_client(&[version]));
            let mut peer = Wire::connect(addr_of(&serving.server), &config);
            let hello = peer.take();
            peer.send_raw(in_records(&hello[5..], size));
            peer.try_handshake().unwrap();
            events.open();
            peer.send("hello");
            assert_eq!(events.data(5), b"hello");
        }
    }
}

fn in_records(message: &[u8], size: usize) -> Vec<u8> {
    let pieces = message.chunks(size).map(|piece| {
        let length = u16::try_from(piece.len()).unwrap().to_be_bytes();
        [&[22, 3, 1, length[0], length[1]], piece].concat()
    });
    pieces.flatten().collect()
}

fn a_message_that_is_too_long_is_refused(design: Design) {
    let world = World::new();
    let serving = Serving::echo(&design.service(), world.server_config());
    let mut good = world.peer(&serving.server);
    // 16 MiB that never come to an end.
    for (length, size) in
        [([0xff, 0xff, 0xff], 16_000), ([0xff, 0xff, 0xff], 1), ([0, 0xff, 0xf0], 1)]
    {
        let mut message = vec![1, length[0], length[1], length[2]];
        message.resize(200_000, 0);
        let mut peer = Peer::new(&serving.server);
        let _ = peer.send_at_once(&in_records(&message, size));
        peer.receive_what_comes();
        serving.errors.expect_tls("");
        good.exchange("good");
    }
    eventually("they are gone", || serving.server.connections() == 1);
}

fn data_in_single_bytes_arrives(design: Design) {
    for version in BOTH {
        let mut set = Set::new(design, version);
        set.events.data(1);
        // A record for each, ..
        for byte in b"hello" {
            set.peer.send([*byte]);
        }
        assert_eq!(set.events.data(5), b"hello");
        set.peer.expect("hello");
        // .. and a segment for each of a record's.
        for byte in set.peer.seal("world") {
            set.peer.send_raw([byte]);
            thread::sleep(Duration::from_micros(20));
        }
        assert_eq!(set.events.data(5), b"world");
        set.peer.expect("world");
    }
}

fn records_cut_anywhere_are_put_together(design: Design) {
    let world = World::new();
    let mut random = Random::new();
    for version in BOTH {
        let (probe, events) = Probe::new();
        let limits = Limits::default().read_budget(1 + random.below(100_000));
        let serving = Serving::new(&design.service(), probe.serve(), world.server_config(), limits);
        let mut peer = world.peer_of(&serving.server, &[version]);
        events.open();
        let (mut plain, mut sealed) = (Vec::new(), Vec::new());
        while plain.len() < 1 << 20 {
            let count = (1 + random.below(20_000)) >> random.below(14);
            let data = random.bytes(count.max(1));
            sealed.extend(peer.seal(&data));
            plain.extend(data);
        }
        let mut rest = &sealed[..];
        while !rest.is_empty() {
            let count = (1 + random.below(50_000)) >> random.below(16);
            let (piece, left) = rest.split_at(count.clamp(1, rest.len()));
            peer.send_raw(piece);
            rest = left;
        }
        assert!(events.data(plain.len()) == plain);
    }
}

fn alerts_of_the_peer_are_named(design: Design) {
    // In the clear, in the midst of a handshake.
    let world = World::new();
    let serving = Serving::echo(&design.service(), world.server_config());
    for (code, words) in [
        (40, "the peer sent the alert HandshakeFailure"),
        (42, "the peer sent the alert BadCertificate"),
        (80, "the peer sent the alert InternalError"),
        (90, "the peer sent the alert UserCanceled"),
        (250, "the peer sent the alert AlertDescription(0xfa)"),
    ] {
        let config = Arc::new(world.rustls_client(&[Version::Tls12]));
        let mut peer = Wire::connect(addr_of(&serving.server), &config);
        peer.push().unwrap();
        peer.pull().unwrap();
        peer.send_raw([21, 3, 3, 0, 2, 2, code]);
        serving.errors.expect_tls(words);
    }
}
