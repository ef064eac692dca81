//! Much data, slow readers, and the bounds that hold meanwhile.

use std::io::Write;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use socket2::SockRef;
use sockeye::tls::rustls::crypto::{CipherSuiteCommon, CryptoProvider};
use sockeye::tls::rustls::{CipherSuite, SupportedCipherSuite, Tls13CipherSuite};
use sockeye::tls::{ServerConfig, Version};
use sockeye::{Client, CloseReason, Limits, Sent, raw};

use crate::common::{Design, Event, LIMIT, Probe, Random, addr_of, eventually};
use crate::on_both_designs;
use crate::wire::Wire;
use crate::world::{BOTH, Serving, World, provider, rustls_server};

on_both_designs!(
    much_data_in_both_directions,
    an_echo_that_waits_loses_nothing,
    a_slow_reader_is_waited_for,
    a_slow_reader_ends_a_session_at_the_bound,
    a_paused_session_keeps_what_has_come,
    the_whole_queue_may_be_used_in_on_open,
    small_fragments_are_written_in_any_number,
    keys_that_wear_out_are_replaced,
    an_idle_session_is_ended_with_a_goodbye,
);

const MUCH: usize = 8 << 20;

fn pieces(random: &mut Random, total: usize) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    let mut left = total;
    while left > 0 {
        let count = ((1 + random.below(200_000)) >> random.below(17)).clamp(1, left);
        pieces.push(random.bytes(count));
        left -= count;
    }
    pieces
}

fn much_data_in_both_directions(design: Design) {
    let (world, service) = (World::new(), design.service());
    let mut random = Random::new();
    for version in BOTH {
        let (at_server, of_server) = Probe::new();
        let serving = world.serve(&service, at_server.serve());
        let (at_client, of_client) = Probe::new();
        // If both waited with reading until the other reads, neither would.
        let limits = Limits::default().marks(MUCH, 2 * MUCH);
        let builder = Client::builder(&service, raw::client(at_client)).limits(limits);
        let client = builder.tls(world.client_of(&[version])).connect(addr_of(&serving.server));
        let client = client.unwrap();
        client.wait_connected(LIMIT).unwrap();
        let (there, back) = (pieces(&mut random, MUCH), pieces(&mut random, MUCH));
        let (wanted_there, wanted_back) = (there.concat(), back.concat());
        let senders =
            [(client.handle(), there), (of_server.open(), back)].map(|(handle, pieces)| {
                thread::spawn(move || {
                    for piece in pieces {
                        handle.send_within(piece, LIMIT).unwrap();
                    }
                    handle.flush(LIMIT).unwrap();
                    assert_eq!(handle.pending(), 0);
                })
            });
        assert!(of_server.data(MUCH) == wanted_there);
        assert!(of_client.data(MUCH) == wanted_back);
        for sender in senders {
            sender.join().unwrap();
        }
        // A turn is counted at its end.
        let counted = || {
            let stats = client.metrics().stats;
            (stats.bytes_received, stats.bytes_sent) == (MUCH as u64, MUCH as u64)
        };
        eventually("all is counted", counted);
    }
}

fn an_echo_that_waits_loses_nothing(design: Design) {
    let (world, service) = (World::new(), design.service());
    let mut random = Random::new();
    for (queue, total) in [(1000, 200_000), (20_000, 1 << 20), (100_000, MUCH)] {
        let limits = Limits::default().queue(queue).marks(queue / 4, queue / 2);
        let (probe, _events) = Probe::new();
        let echo = probe.echo().serve();
        let serving = Serving::new(&service, echo, world.server_config(), limits);
        let (at_client, of_client) = Probe::new();
        // The client reads whatever it has to send.
        let limits = Limits::default().marks(MUCH, 2 * MUCH);
        let builder = Client::builder(&service, raw::client(at_client)).limits(limits);
        let client = builder.tls(world.client_config()).connect(addr_of(&serving.server)).unwrap();
        client.wait_connected(LIMIT).unwrap();
        let pieces = pieces(&mut random, total);
        let (handle, sent) = (client.handle(), pieces.concat());
        let sender = thread::spawn(move || {
            for piece in pieces {
                handle.send_within(piece, LIMIT).unwrap();
            }
        });
        assert!(of_client.data(total) == sent, "queue of {queue}");
        sender.join().unwrap();
    }
}

/// A peer whose system takes little.
fn narrow(serving: &Serving, world: &World, version: Version) -> Wire {
    let config = Arc::new(world.rustls_client(&[version]));
    let peer = Wire::connect(addr_of(&serving.server), &config);
    SockRef::from(&peer.tcp).set_recv_buffer_size(4096).unwrap();
    peer.shake_hands()
}

fn a_slow_reader_is_waited_for(design: Design) {
    let world = World::new();
    for version in BOTH {
        let (probe, events) = Probe::new();
        let limits = Limits::default().queue(400_000).marks(50_000, 200_000);
        let serving = Serving::new(&design.service(), probe.serve(), world.server_config(), limits);
        let mut peer = world.peer_of(&serving.server, &[version]);
        let session = events.open();
        let sent = Random::new().bytes(2400 * 5000);
        let (handle, data) = (session.clone(), sent.clone());
        let sender = thread::spawn(move || {
            let mut most = 0;
            let mut congested = 0;
            for piece in data.chunks(5000) {
                while handle.send(piece) == Sent::Full {
                    thread::sleep(Duration::from_micros(100));
                }
                most = most.max(handle.pending());
                congested += usize::from(handle.pending() > 200_000);
            }
            handle.flush(LIMIT).unwrap();
            (most, congested)
        });
        // Until nothing moves any more.
        eventually("it is congested", || session.pending() > 200_000);
        let mut got = Vec::new();
        while got.len() < sent.len() {
            got.extend(peer.receive(5000));
        }
        assert!(got == sent);
        let (most, congested) = sender.join().unwrap();
        assert!(most <= 400_000 && congested > 0, "{most} bytes, {congested} times congested");
        events.drain();
    }
}

fn a_slow_reader_ends_a_session_at_the_bound(design: Design) {
    let world = World::new();
    let (probe, events) = Probe::new();
    let limits = Limits::default().queue(100_000).overflow(sockeye::Overflow::Disconnect);
    let config = world.server_config();
    let serving = Serving::new(&design.service(), probe.serve(), config, limits);
    let _peer = narrow(&serving, &world, Version::Tls13);
    let session = events.open();
    eventually("the bound", || session.send([7; 5000]) == Sent::Overflow);
    let reason = events.close();
    assert!(matches!(reason, CloseReason::Overflow), "{reason:?}");
}

fn a_paused_session_keeps_what_has_come(design: Design) {
    let world = World::new();
    for version in BOTH {
        for goodbye in [false, true] {
            let (probe, events) = Probe::new();
            let probe = probe.on_data(|session, _| session.pause());
            let limits = Limits::default().queue(30_000);
            let config = world.server_config();
            let serving = Serving::new(&design.service(), probe.serve(), config, limits);
            let mut peer = world.peer_of(&serving.server, &[version]);
            let session = events.open();
            let sent = Random::new().bytes(300_000);
            let mut sealed = Vec::new();
            for piece in sent.chunks(10_000) {
                sealed.extend(peer.seal(piece));
            }
            if goodbye {
                peer.tls.send_close_notify();
                sealed.extend(peer.take());
            }
            let mut tcp = peer.tcp.try_clone().unwrap();
            let sender = thread::spawn(move || tcp.write_all(&sealed));
            let mut got = Vec::new();
            while got.len() < sent.len() {
                let Event::Data(data) = events.next() else { continue };
                assert!(data.len() <= 30_000, "no more than an echo has room for");
                got.extend(data);
                session.resume();
            }
            assert!(got == sent);
            sender.join().unwrap().unwrap();
            if goodbye {
                events.end();
                assert!(matches!(events.close(), CloseReason::Remote));
            }
        }
    }
}

fn the_whole_queue_may_be_used_in_on_open(design: Design) {
    let world = World::new();
    for version in BOTH {
        let (probe, events) = Probe::new();
        let probe = probe.on_open(|session| assert!(session.send([7; 1000]).is_queued()));
        let limits = Limits::default().queue(1000);
        let config = world.server_config();
        let serving = Serving::new(&design.service(), probe.serve(), config, limits);
        let mut peer = world.peer_of(&serving.server, &[version]);
        peer.expect([7; 1000]);
        events.open();
    }
}

fn small_fragments_are_written_in_any_number(design: Design) {
    let (world, service) = (World::new(), design.service());
    for version in BOTH {
        for size in [32, 100, 512, 5000] {
            let mut config = (*rustls_server(&world.local, &[version])).clone();
            config.max_fragment_size = Some(size);
            let config = ServerConfig::from_rustls(config);
            let (probe, events) = Probe::new();
            let serving = Serving::new(&service, probe.serve(), config, Limits::default());
            let mut peer = world.peer_of(&serving.server, &[version]);
            let session = events.open();
            let sent = Random::new().bytes(300_000);
            session.send(&sent);
            peer.expect(&sent[..]);
            session.send(&sent[..100]);
            peer.expect(&sent[..100]);
        }
    }
}

/// The only suite of a provider, whose keys are good for few records.
fn worn() -> CryptoProvider {
    let mut provider = (*provider()).clone();
    let suite = provider.cipher_suites.iter().find_map(|suite| match suite {
        SupportedCipherSuite::Tls13(suite)
            if suite.common.suite == CipherSuite::TLS13_AES_128_GCM_SHA256 =>
        {
            Some(*suite)
        }
        _ => None,
    });
    let suite = suite.unwrap();
    let common = CipherSuiteCommon {
        suite: suite.common.suite,
        hash_provider: suite.common.hash_provider,
        confidentiality_limit: 20,
    };
    static WORN: OnceLock<Tls13CipherSuite> = OnceLock::new();
    let worn = WORN.get_or_init(|| Tls13CipherSuite {
        common,
        hkdf_provider: suite.hkdf_provider,
        aead_alg: suite.aead_alg,
        quic: None,
    });
    provider.cipher_suites = vec![SupportedCipherSuite::Tls13(worn)];
    provider
}

fn keys_that_wear_out_are_replaced(design: Design) {
    let (world, service) = (World::new(), design.service());
    let config = ServerConfig::builder(world.identity()).versions([Version::Tls13]);
    let config = config.provider(worn()).build().unwrap();
    let (probe, _events) = Probe::new();
    let serving = Serving::new(&service, probe.echo().serve(), config, Limits::default());
    let (at_client, of_client) = Probe::new();
    let config = world.client_builder().versions([Version::Tls13]).provider(worn());
    let builder = Client::builder(&service, raw::client(at_client)).tls(config.build().unwrap());
    let client = builder.connect(addr_of(&serving.server)).unwrap();
    client.wait_connected(LIMIT).unwrap();
    let pieces = pieces(&mut Random::new(), 2 << 20);
    let (handle, sent) = (client.handle(), pieces.concat());
    let sender = thread::spawn(move || {
        for piece in pieces {
            handle.send_within(piece, LIMIT).unwrap();
        }
    });
    let mut got = Vec::new();
    while got.len() < sent.len() {
        match of_client.next() {
            Event::Data(data) => got.extend(data),
            Event::Close(reason) => panic!("{reason:?} after {} bytes", got.len()),
            _ => {}
        }
    }
    assert!(got == sent);
    sender.join().unwrap();
    let mut peer = world.peer_of(&serving.server, &[Version::Tls13]);
    for _ in 0..100 {
        peer.exchange("ping");
    }
}

fn an_idle_session_is_ended_with_a_goodbye(design: Design) {
    let world = World::new();
    let (probe, events) = Probe::new();
    let limits = Limits::default().idle(Duration::from_millis(100));
    let config = world.server_config();
    let serving = Serving::new(&design.service(), probe.serve(), config, limits);
    let mut peer = world.peer(&serving.server);
    peer.expect_goodbye();
    drop(peer);
    let reason = events.close();
    assert!(matches!(reason, CloseReason::Timeout(sockeye::Limit::Idle)), "{reason:?}");
}
