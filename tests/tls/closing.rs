//! How a session ends: goodbyes, ends without one, halves, and who does not answer.

use std::thread;
use std::time::{Duration, Instant};

use sockeye::tls::Version;
use sockeye::{CloseReason, Limits, raw};

use crate::common::{Design, LIMIT, Probe, addr_of, eventually};
use crate::diary::{Diary, Entries};
use crate::on_both_designs;
use crate::wire::{End, Wire};
use crate::world::{BOTH, Serving, World, listener};

on_both_designs!(
    an_end_without_a_goodbye_is_told,
    an_end_without_a_goodbye_is_told_to_a_client,
    a_goodbye_is_answered,
    a_close_says_goodbye_and_waits_for_the_peers,
    an_end_is_enough_for_who_has_said_goodbye,
    who_does_not_answer_a_goodbye_is_reset,
    what_is_queued_goes_before_the_goodbye,
    a_side_that_has_finished_goes_on_reading,
    a_side_that_has_finished_bears_key_updates,
    a_peer_that_has_finished_is_sent_to,
    an_abort_says_nothing,
    a_reset_by_the_peer_is_told,
    a_reset_during_the_handshake_is_told,
    a_shutdown_sends_what_is_queued_and_a_goodbye,
);

/// A peer of a session that is open.
fn opened(design: Design, diary: Diary, limits: Limits, version: Version) -> (Serving, Wire) {
    let world = World::new();
    let config = world.server_config();
    let serving = Serving::new(&design.service(), diary.serve(), config, limits);
    let peer = world.peer_of(&serving.server, &[version]);
    (serving, peer)
}

fn simply(design: Design, version: Version) -> (Serving, Wire, Entries) {
    let (diary, entries) = Diary::new();
    let (serving, peer) = opened(design, diary, Limits::default(), version);
    entries.expect(&["handshake", "open"]);
    (serving, peer, entries)
}

/// The session of the only peer.
fn session(serving: &Serving) -> raw::Handle {
    serving.server.sessions().remove(0)
}

fn an_end_without_a_goodbye_is_told(design: Design) {
    for version in BOTH {
        let (serving, mut peer, entries) = simply(design, version);
        peer.send("half of it");
        peer.finish();
        entries.expect(&["data half of it", "close Truncated"]);
        let (_, end) = peer.receive_to_end();
        assert!(matches!(end, End::Cut | End::Goodbye), "{end:?}");
        assert_eq!(serving.server.metrics().closed.because("truncated"), 1);
        serving.errors.expect_none();
    }
}

fn an_end_without_a_goodbye_is_told_to_a_client(design: Design) {
    let (world, service) = (World::new(), design.service());
    for version in BOTH {
        let (diary, entries) = Diary::new();
        let listener = listener();
        let (client, errors) = world.connect(&service, diary, &listener);
        let mut peer = Wire::accept(&listener, &world.rustls_server(&[version])).shake_hands();
        peer.send("half of it");
        peer.finish();
        entries.expect(&["handshake", "open", "data half of it", "close Truncated"]);
        client.wait_disconnected(LIMIT).unwrap();
        let error = client.last_error().unwrap();
        assert!(error.to_string().contains("cut off without a goodbye"), "{error}");
        errors.expect_none();
    }
}

fn a_goodbye_is_answered(design: Design) {
    for version in BOTH {
        for fin in [false, true] {
            let (serving, mut peer, entries) = simply(design, version);
            peer.say_goodbye();
            if fin {
                peer.finish();
            }
            entries.expect(&["end", "close Remote"]);
            peer.expect_goodbye();
            eventually("it is gone", || serving.server.connections() == 0);
        }
    }
}

fn a_close_says_goodbye_and_waits_for_the_peers(design: Design) {
    for version in BOTH {
        let (serving, mut peer, entries) = simply(design, version);
        session(&serving).close();
        peer.expect_goodbye();
        // It is read and thrown away.
        peer.send([7; 100_000]);
        entries.expect_nothing_yet();
        assert_eq!(serving.server.connections(), 1);
        peer.say_goodbye();
        entries.expect(&["close Local"]);
    }
}

fn an_end_is_enough_for_who_has_said_goodbye(design: Design) {
    for version in BOTH {
        let (serving, mut peer, entries) = simply(design, version);
        session(&serving).close();
        peer.expect_goodbye();
        peer.finish();
        entries.expect(&["close Local"]);
    }
}

fn who_does_not_answer_a_goodbye_is_reset(design: Design) {
    let limit = Duration::from_millis(100);
    for version in BOTH {
        let (diary, entries) = Diary::new();
        let limits = Limits::default().close(limit);
        let (serving, mut peer) = opened(design, diary, limits, version);
        entries.expect(&["handshake", "open"]);
        let began = Instant::now();
        session(&serving).close();
        peer.expect_goodbye();
        entries.expect(&["close Local"]);
        // A turn counts from when its worker last looked at the clock.
        assert!(began.elapsed() >= limit / 2, "{:?}", began.elapsed());
        eventually("it is reset", || peer.tcp.take_error().unwrap().is_some());
    }
}

fn what_is_queued_goes_before_the_goodbye(design: Design) {
    for version in BOTH {
        let (diary, _entries) = Diary::new();
        let diary = diary.on_open(|session| {
            for number in 0..100_u8 {
                session.send([number; 10_000]);
            }
            session.close();
            assert_eq!(session.send("too late"), sockeye::Sent::Closed);
        });
        let (_serving, mut peer) = opened(design, diary, Limits::default(), version);
        for number in 0..100 {
            peer.expect([number; 10_000]);
        }
        peer.expect_goodbye();
    }
}

fn a_side_that_has_finished_goes_on_reading(design: Design) {
    for version in BOTH {
        let (diary, entries) = Diary::new();
        let diary = diary.on_open(|session| {
            session.send("that is all");
            session.finish();
        });
        let (_serving, mut peer) = opened(design, diary, Limits::default(), version);
        peer.expect("that is all");
        peer.expect_goodbye();
        entries.expect(&["handshake", "open"]);
        for text in ["one", "two", "three"] {
            peer.send(text);
            entries.expect(&[&format!("data {text}")]);
        }
        peer.say_goodbye();
        entries.expect(&["end", "close Remote"]);
    }
}

fn a_side_that_has_finished_bears_key_updates(design: Design) {
    let (diary, entries) = Diary::new();
    let diary = diary.on_open(|session| session.finish());
    let (_serving, mut peer) = opened(design, diary, Limits::default(), Version::Tls13);
    peer.expect_goodbye();
    entries.expect(&["handshake", "open"]);
    for _ in 0..10 {
        peer.tls.refresh_traffic_keys().unwrap();
        peer.send("x");
        entries.expect(&["data x"]);
    }
    peer.say_goodbye();
    entries.expect(&["end", "close Remote"]);
}

fn a_peer_that_has_finished_is_sent_to(design: Design) {
    for version in BOTH {
        let (diary, entries) = Diary::new();
        let (serving, mut peer) = opened(design, diary.keep_open(), Limits::default(), version);
        peer.say_goodbye();
        peer.finish();
        entries.expect(&["handshake", "open", "end"]);
        let session = session(&serving);
        for number in 0..50 {
            session.send_within([number; 10_000], LIMIT).unwrap();
            peer.expect([number; 10_000]);
        }
        session.close();
        peer.expect_goodbye();
        let close = entries.next();
        assert!(close == "close Local" || close == "close Remote", "{close}");
    }
}

fn an_abort_says_nothing(design: Design) {
    for version in BOTH {
        let (serving, mut peer, entries) = simply(design, version);
        session(&serving).abort();
        let (data, end) = peer.receive_to_end();
        assert!(matches!(end, End::Reset) && data.is_empty(), "{end:?}");
        entries.expect(&["close Aborted"]);
    }
}

fn a_reset_by_the_peer_is_told(design: Design) {
    for version in BOTH {
        let (_serving, peer, entries) = simply(design, version);
        peer.reset();
        entries.expect(&["close Reset"]);
    }
}

fn a_reset_during_the_handshake_is_told(design: Design) {
    let world = World::new();
    let (diary, entries) = Diary::new();
    let serving = world.serve(&design.service(), diary.serve());
    let config = std::sync::Arc::new(world.rustls_client(&BOTH));
    let mut peer = Wire::connect(addr_of(&serving.server), &config);
    peer.push().unwrap();
    peer.pull().unwrap();
    peer.reset();
    serving.errors.expect(sockeye::ErrorKind::Closed, "reset by the peer");
    drop(serving.server);
    entries.expect_no_more();
}

fn a_shutdown_sends_what_is_queued_and_a_goodbye(design: Design) {
    for version in BOTH {
        let (world, service) = (World::new(), design.service());
        let (probe, events) = Probe::new();
        let probe = probe.on_open(|session| {
            session.send_shared(vec![7; 4 << 20].into());
        });
        let serving = world.serve(&service, probe.serve());
        let mut peer = world.peer_of(&serving.server, &[version]);
        events.open();
        let server = serving.server.clone();
        let shutting = thread::spawn(move || server.shutdown(LIMIT));
        let (data, end) = peer.receive_to_end();
        assert!(matches!(end, End::Goodbye) && data.len() == 4 << 20, "{end:?}, {}", data.len());
        peer.say_goodbye();
        shutting.join().unwrap().unwrap();
        let reason = events.close();
        assert!(matches!(reason, CloseReason::Shutdown), "{reason:?}");
        service.stop().unwrap();
    }
}
