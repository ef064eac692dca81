//! Connections that end before their header is there, and what comes behind it fails.

use std::time::{Duration, Instant};

use sockeye::{ErrorKind, Limits, Service};

use crate::common::{LIMIT, Peer, SHORT, Setting, Stream, eventually};
use crate::headers::{binary, line};
use crate::world::{Told, World, trusting};
use crate::{on_all_streams, on_stream, on_streams_with_resets};

on_all_streams!(
    a_header_has_to_come_in_time,
    a_slow_sender_does_not_get_more_time,
    an_end_in_the_middle_is_named,
    a_handler_that_cannot_be_made_resets,
    a_stop_does_not_wait_for_headers,
    a_shutdown_does_not_wait_for_headers,
    connections_without_a_header_count,
    a_session_may_be_closed_before_its_header,
);

on_streams_with_resets!(a_reset_in_the_middle_is_told);

on_stream!(over_tls Tls: the_limit_is_for_the_header_and_tls_together);

fn limited(setting: Setting, service: &Service, limit: Duration) -> World {
    let limits = Limits::default().handshake(limit);
    World::with(setting, service, trusting(), |builder| builder.limits(limits))
}

const LATE: &str = "the PROXY protocol header took too long";

fn a_header_has_to_come_in_time(setting: Setting) {
    let service = setting.service();
    let world = limited(setting, &service, SHORT);
    for begun in [&b""[..], b"PROXY TCP4 192.", &binary(0x21, 0x11, b"half")[..19]] {
        let mut peer = Peer::plain(&world.server);
        peer.send(begun);
        let error = world.next_error(ErrorKind::TimedOut);
        assert!(error.contains(LATE), "{error}");
        let proxy = format!("cannot open a connection with {}: ", peer.endpoint());
        assert!(error.starts_with(&proxy), "{error}");
        peer.receive_what_comes();
    }
    eventually("their places are free", || world.server.connections() == 0);
    assert_eq!(world.rest(), []);
}

/// A byte in each millisecond comes in time, all of them do not.
fn a_slow_sender_does_not_get_more_time(setting: Setting) {
    let service = setting.service();
    let world = limited(setting, &service, SHORT);
    let mut peer = Peer::plain(&world.server);
    let header = binary(0x21, 0, &[0; 4000]);
    let mut bytes = header[..4000].iter();
    let (begun, mut sent, mut late) = (Instant::now(), 0, None);
    eventually("the sender is cut off", || {
        if begun.elapsed().as_millis() >= sent
            && let Some(byte) = bytes.next()
        {
            let _ = peer.send_at_once(&[*byte]);
            sent += 1;
        }
        late = world.rest().pop();
        late.is_some()
    });
    assert!(matches!(&late, Some(Told::Error(ErrorKind::TimedOut, words)) if words.contains(LATE)));
    assert!(bytes.next().is_some(), "it was still sending");
}

fn the_limit_is_for_the_header_and_tls_together(setting: Setting) {
    assert_eq!(setting.stream, Stream::Tls);
    let service = setting.service();
    let world = limited(setting, &service, SHORT);
    let mut peer = Peer::plain(&world.server);
    peer.send(line("192.0.2.1:80"));
    assert_eq!(world.next(), Told::Filter("192.0.2.1:80".into()));
    assert_eq!(world.next(), Told::Accept("192.0.2.1:80".into()));
    assert_eq!(world.next(), Told::Make("192.0.2.1:80".into()));
    // By then the client is known.
    let error = world.next_error(ErrorKind::TimedOut);
    assert!(error.starts_with("cannot open a connection with 192.0.2.1:80: "), "{error}");
    assert!(error.contains("the handshake took too long"), "{error}");
    peer.receive_what_comes();
}

fn an_end_in_the_middle_is_named(setting: Setting) {
    let world = World::new(setting);
    for begun in [&b"P"[..], b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r", b"\r\n\r\n\0\r\nQUIT\n\x21"] {
        let mut peer = Peer::plain(&world.server);
        peer.send(begun);
        peer.finish();
        let words = "the peer has sent an end in the middle of a PROXY protocol header";
        world.expect_error(ErrorKind::Invalid, words);
        peer.receive_what_comes();
    }
    // Who says nothing at all, breaks no rule.
    Peer::plain(&world.server).finish();
    world.expect_error(ErrorKind::Closed, "closed by the peer");
    assert_eq!(world.rest(), []);
}

fn a_reset_in_the_middle_is_told(setting: Setting) {
    let world = World::new(setting);
    let mut peer = Peer::plain(&world.server);
    peer.send("PROXY ");
    peer.reset();
    world.expect_error(ErrorKind::Closed, "reset by the peer");
    eventually("its place is free", || world.server.connections() == 0);
}

fn a_handler_that_cannot_be_made_resets(setting: Setting) {
    let world = World::new(setting);
    Peer::behind(&world.server, &[&line("192.0.2.1:666")]).receive_to_reset();
    assert_eq!(world.next(), Told::Filter("192.0.2.1:666".into()));
    assert_eq!(world.next(), Told::Accept("192.0.2.1:666".into()));
    world.expect_error(ErrorKind::Panicked, "no handler for the beast");
    eventually("its place is free", || world.server.connections() == 0);
    assert_eq!(world.rest(), []);
}

fn a_stop_does_not_wait_for_headers(setting: Setting) {
    let service = setting.service();
    let world = limited(setting, &service, 10 * LIMIT);
    let _peer = Peer::plain(&world.server);
    eventually("it is accepted", || world.server.connections() == 1);
    service.stop().unwrap();
    assert_eq!(world.server.connections(), 0);
    assert_eq!(world.rest(), [], "it is the program that wanted it so");
}

fn a_shutdown_does_not_wait_for_headers(setting: Setting) {
    let service = setting.service();
    let world = limited(setting, &service, 10 * LIMIT);
    let mut peer = Peer::plain(&world.server);
    peer.send("PROXY ");
    eventually("it is accepted", || world.server.connections() == 1);
    world.server.shutdown(LIMIT).unwrap();
    assert_eq!(world.server.connections(), 0);
    peer.receive_what_comes();
    assert_eq!(world.rest(), []);
}

fn connections_without_a_header_count(setting: Setting) {
    let service = setting.service();
    let world = World::with(setting, &service, trusting(), |builder| builder.max_connections(1));
    let first = Peer::plain(&world.server);
    eventually("it is accepted", || world.server.connections() == 1);
    Peer::plain(&world.server).receive_to_reset();
    let Told::Refused(_, why) = world.next() else { panic!("a refusal") };
    assert_eq!(why, "the server may have one connection at a time");
    drop(first);
    world.expect_error(ErrorKind::Closed, "closed by the peer");
    eventually("its place is free", || world.server.connections() == 0);
    Peer::behind(&world.server, &[&line("192.0.2.1:80")]).exchange("hello");
}

/// Under its proxy's address, and without a word to a handler.
fn a_session_may_be_closed_before_its_header(setting: Setting) {
    let world = World::new(setting);
    let mut peer = Peer::plain(&world.server);
    let session = || world.server.sessions().pop().filter(|session| session.peer_addr().is_some());
    eventually("there is a session", || session().is_some());
    let session = session().unwrap();
    assert_eq!(session.peer_addr(), Some(peer.endpoint()));
    session.close();
    peer.receive_what_comes();
    eventually("its place is free", || world.server.connections() == 0);
    assert_eq!(world.rest(), []);
}
