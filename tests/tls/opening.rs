//! How a session begins: the order of things, what was agreed on, and what `on_handshake` may do.

use std::sync::Arc;
use std::sync::mpsc::channel;

use sockeye::tls::{ClientCertificates, ServerConfig, Version};
use sockeye::{Client, ErrorKind, raw};

use crate::common::{Design, LIMIT, addr_of, eventually};
use crate::diary::Diary;
use crate::on_both_designs;
use crate::wire::{End, Wire};
use crate::world::{BOTH, Serving, World, identity, listener};

on_both_designs!(
    callbacks_come_in_order_on_a_server,
    callbacks_come_in_order_on_a_client,
    both_sides_tell_what_was_agreed_on,
    who_is_closed_in_on_handshake_never_opens,
    who_is_aborted_in_on_handshake_never_opens,
    a_panic_in_on_handshake_ends_that_session_alone,
    a_client_that_closes_in_on_handshake_is_not_connected,
    a_client_whose_on_handshake_panics_is_not_connected,
    data_behind_the_end_of_the_handshake_is_not_lost,
    data_and_goodbye_behind_the_end_of_the_handshake_are_not_lost,
);

fn callbacks_come_in_order_on_a_server(design: Design) {
    let (world, service) = (World::new(), design.service());
    for version in BOTH {
        let (diary, entries) = Diary::new();
        let serving = world.serve(&service, diary.serve());
        let mut peer = world.peer_of(&serving.server, &[version]);
        peer.send("hello");
        entries.expect(&["handshake", "open", "data hello"]);
        peer.say_goodbye();
        entries.expect(&["end", "close Remote"]);
        peer.expect_goodbye();
        drop(serving.server);
        entries.expect_no_more();
        serving.errors.expect_none();
    }
}

fn callbacks_come_in_order_on_a_client(design: Design) {
    let (world, service) = (World::new(), design.service());
    for version in BOTH {
        let (diary, entries) = Diary::new();
        let listener = listener();
        let (client, errors) = world.connect(&service, diary, &listener);
        let mut peer = Wire::accept(&listener, &world.rustls_server(&[version])).shake_hands();
        client.wait_connected(LIMIT).unwrap();
        peer.send("hello");
        entries.expect(&["handshake", "open", "data hello"]);
        client.disconnect();
        peer.expect_goodbye();
        peer.say_goodbye();
        client.wait_disconnected(LIMIT).unwrap();
        entries.expect(&["close Local"]);
        drop(client);
        entries.expect_no_more();
        errors.expect_none();
    }
}

fn both_sides_tell_what_was_agreed_on(design: Design) {
    let (world, service) = (World::new(), design.service());
    let person = world.ca.client("somebody");
    for version in BOTH {
        let (told, seen) = channel();
        let tell = move |session: &mut raw::Session<'_>| {
            let tls = session.tls().unwrap();
            let texts = (
                tls.version(),
                tls.cipher_suite(),
                tls.alpn().map(<[u8]>::to_vec),
                tls.server_name().map(str::to_owned),
                tls.peer_certificate().map(<[u8]>::to_vec),
                tls.peer_certificates().count(),
                tls.resumed(),
            );
            let _ = told.send(texts);
        };
        let (diary, _entries) = Diary::new();
        let diary = diary.on_handshake(tell.clone()).on_open(tell);
        let config = ServerConfig::builder(world.identity())
            .client_certificates(ClientCertificates::required(world.roots()))
            .alpn(["sockeye/2", "sockeye/1"]);
        let protocol = diary.clone().serve();
        let config = config.build().unwrap();
        let serving = Serving::new(&service, protocol, config, sockeye::Limits::default());
        let config = world
            .client_builder()
            .identity(identity(&person))
            .versions([version])
            .alpn(["sockeye/1", "other"])
            .server_name("LocalHost");
        let builder = Client::builder(&service, raw::client(diary)).tls(config.build().unwrap());
        let client = builder.connect(addr_of(&serving.server)).unwrap();
        client.wait_connected(LIMIT).unwrap();
        let (alpn, name) = (Some(b"sockeye/1".to_vec()), Some("localhost".to_owned()));
        for _ in 0..4 {
            let (got, cipher, protocol, asked, shown, count, resumed) =
                seen.recv_timeout(LIMIT).unwrap();
            assert_eq!((got, &protocol, &asked, count), (version, &alpn, &name, 1));
            assert_eq!(cipher.starts_with("TLS13_"), version == Version::Tls13, "{cipher}");
            let shown = shown.unwrap();
            assert!([&person, &world.local].iter().any(|one| one.chain_der()[0] == shown));
            assert!(!resumed);
        }
    }
}

fn who_is_closed_in_on_handshake_never_opens(design: Design) {
    let (world, service) = (World::new(), design.service());
    for version in BOTH {
        let (diary, entries) = Diary::new();
        let serving = world.serve(&service, diary.on_handshake(|session| session.close()).serve());
        let mut peer = world.peer_of(&serving.server, &[version]);
        peer.expect_goodbye();
        peer.send("too late");
        peer.say_goodbye();
        eventually("the session is gone", || serving.server.connections() == 0);
        entries.expect(&["handshake"]);
        drop(serving.server);
        entries.expect_no_more();
        serving.errors.expect_none();
    }
}

fn who_is_aborted_in_on_handshake_never_opens(design: Design) {
    let (world, service) = (World::new(), design.service());
    let (diary, entries) = Diary::new();
    let serving = world.serve(&service, diary.on_handshake(|session| session.abort()).serve());
    let mut peer = world.peer(&serving.server);
    let (data, end) = peer.receive_to_end();
    assert!(matches!(end, End::Reset) && data.is_empty(), "{end:?}");
    eventually("the session is gone", || serving.server.connections() == 0);
    entries.expect(&["handshake"]);
    drop(serving.server);
    entries.expect_no_more();
    serving.errors.expect_none();
}

fn a_panic_in_on_handshake_ends_that_session_alone(design: Design) {
    let (world, service) = (World::new(), design.service());
    let (diary, entries) = Diary::new();
    let serving = Serving::echo(&service, world.server_config());
    let mut good = world.peer(&serving.server);
    let panicking = diary.on_handshake(|_| panic!("as the test wished"));
    let bad = world.serve(&service, panicking.serve());
    let mut peer = world.peer(&bad.server);
    let (_, end) = peer.receive_to_end();
    assert!(matches!(end, End::Reset), "{end:?}");
    bad.errors.expect(ErrorKind::Panicked, "as the test wished");
    eventually("the session is gone", || bad.server.connections() == 0);
    good.exchange("still here");
    entries.expect(&["handshake"]);
    drop(bad.server);
    entries.expect_no_more();
    bad.errors.expect_none();
    serving.errors.expect_none();
}

fn a_client_that_closes_in_on_handshake_is_not_connected(design: Design) {
    let (world, service) = (World::new(), design.service());
    let (diary, entries) = Diary::new();
    let listener = listener();
    let diary = diary.on_handshake(|session| session.close());
    let (client, errors) = world.connect(&service, diary, &listener);
    let mut peer = Wire::accept(&listener, &world.rustls_server(&BOTH)).shake_hands();
    peer.expect_goodbye();
    peer.say_goodbye();
    let error = client.wait_connected(LIMIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
    client.wait_disconnected(LIMIT).unwrap();
    errors.expect_none();
    drop(client);
    entries.expect(&["handshake"]);
    entries.expect_no_more();
}

fn a_client_whose_on_handshake_panics_is_not_connected(design: Design) {
    let (world, service) = (World::new(), design.service());
    let listener = listener();
    let (diary, _entries) = Diary::new();
    let diary = diary.on_handshake(|_| panic!("as the test wished"));
    let (client, errors) = world.connect(&service, diary, &listener);
    let mut peer = Wire::accept(&listener, &world.rustls_server(&BOTH));
    let _ = peer.try_handshake();
    let error = client.wait_connected(LIMIT).unwrap_err();
    assert!(error.to_string().contains("as the test wished"), "{error}");
    errors.expect(ErrorKind::Panicked, "as the test wished");
    errors.expect_none();
}

/// The last flight of a client that has said nothing else yet, without sending it.
fn last_flight(world: &World, serving: &Serving, version: Version) -> (Wire, Vec<u8>) {
    let config = Arc::new(world.rustls_client(&[version]));
    let mut peer = Wire::connect(addr_of(&serving.server), &config);
    peer.push().unwrap();
    while !peer.tls.wants_write() || (version == Version::Tls13 && peer.tls.is_handshaking()) {
        peer.pull().unwrap();
    }
    let flight = peer.take();
    (peer, flight)
}

fn data_behind_the_end_of_the_handshake_is_not_lost(design: Design) {
    let (world, service) = (World::new(), design.service());
    // With TLS 1.2 a client hears from its server before it may send.
    let (diary, entries) = Diary::new();
    let serving = world.serve(&service, diary.serve());
    for data in ["short".to_owned(), "long ".repeat(10_000)] {
        let (mut peer, mut flight) = last_flight(&world, &serving, Version::Tls13);
        flight.extend(peer.seal(&data));
        peer.send_raw(&flight);
        entries.expect(&["handshake", "open"]);
        let mut got = String::new();
        while got.len() < data.len() {
            got += entries.next().strip_prefix("data ").unwrap();
        }
        assert!(got == data);
        peer.finish();
        entries.expect(&["close Truncated"]);
    }
}

fn data_and_goodbye_behind_the_end_of_the_handshake_are_not_lost(design: Design) {
    let (world, service) = (World::new(), design.service());
    let (diary, entries) = Diary::new();
    let serving = world.serve(&service, diary.serve());
    for fin in [false, true] {
        let (mut peer, mut flight) = last_flight(&world, &serving, Version::Tls13);
        flight.extend(peer.seal("all there is"));
        peer.tls.send_close_notify();
        flight.extend(peer.take());
        peer.send_raw(&flight);
        if fin {
            peer.finish();
        }
        entries.expect(&["handshake", "open", "data all there is", "end", "close Remote"]);
        peer.expect_goodbye();
    }
    serving.errors.expect_none();
}
