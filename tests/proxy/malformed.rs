//! Headers that are none: the connection ends, and the rule is named.

use std::sync::mpsc::channel;

use sockeye::ErrorKind;
use sockeye::server::{Filter, Permit, Refusal};

use crate::common::{Peer, Setting, eventually};
use crate::headers::{binary, line, value, with_values};
use crate::on_all_streams;
use crate::world::{Told, World, trusting};

on_all_streams!(
    what_is_malformed_ends_the_connection_and_is_named,
    a_header_that_is_too_long_is_refused_before_it_has_come,
    nobody_is_asked_about_a_header_that_is_malformed,
    who_does_not_begin_with_a_header_is_no_proxy,
);

fn what_is_malformed_ends_the_connection_and_is_named(setting: Setting) {
    let world = World::new(setting);
    for (header, rule) in [
        (line("192.0.2.1:80")[1..].to_vec(), "no PROXY protocol header"),
        (b"PROXY TCP4 192.0.2.1\r\n".to_vec(), "a PROXY protocol line with a wrong address"),
        (vec![b'P'; 200], "no PROXY protocol header"),
        ([b"PROXY ", &[b'x'; 200][..]].concat(), "a PROXY protocol line of more than 107 bytes"),
        (binary(0x31, 0x11, &[0; 12]), "a PROXY protocol header of an unknown version"),
        (binary(0x21, 0x11, &[0; 11]), "a PROXY protocol header too short for its addresses"),
        (with_values(&value(3, &[0; 4])), "a PROXY protocol header with a wrong checksum"),
        (with_values(&[1, 0]), "a PROXY protocol header whose values do not fit into it"),
    ] {
        // Without TLS behind it: what comes then does not matter any more.
        let mut peer = Peer::plain(&world.server);
        let from = peer.endpoint();
        let _ = peer.send_at_once(&header);
        peer.receive_what_comes();
        let words = format!(
            "cannot open a connection with {from}: it is not allowed (the peer has sent {rule}"
        );
        world.expect_error(ErrorKind::Invalid, &words);
    }
    eventually("all are gone", || world.server.connections() == 0);
    let metrics = world.server.metrics();
    assert_eq!((metrics.opened, metrics.refused), (0, 0));
    assert_eq!(world.rest(), []);
    Peer::behind(&world.server, &[&line("192.0.2.1:80")]).exchange("the server goes on");
}

fn a_header_that_is_too_long_is_refused_before_it_has_come(setting: Setting) {
    for (proxies, limit) in [(trusting(), 4096), (trusting().max_header(1), 536)] {
        let world = World::with(setting, &setting.service(), proxies, |builder| builder);
        let values = |length: usize| with_values(&value(0xe0, &vec![0; length - 31]));
        let mut peer = Peer::behind(&world.server, &[&values(limit)]);
        peer.exchange("as long as it may be");
        world.expect_session_of("192.0.2.1:8080");
        let mut peer = Peer::plain(&world.server);
        peer.send(&values(limit + 1)[..16]);
        peer.receive_what_comes();
        let words = format!("a PROXY protocol header of more than {limit} bytes");
        world.expect_error(ErrorKind::Invalid, &words);
    }
}

struct Never;

impl Filter for Never {
    fn admit(&self, _: &sockeye::Endpoint, _: std::time::Instant) -> Result<Permit, Refusal> {
        panic!("nobody knows whom to ask about")
    }
}

fn nobody_is_asked_about_a_header_that_is_malformed(setting: Setting) {
    let world =
        World::with(setting, &setting.service(), trusting(), |builder| builder.filter(Never));
    let mut peer = Peer::plain(&world.server);
    let _ = peer.send_at_once(b"PROXY nonsense\r\n");
    peer.receive_what_comes();
    world.expect_error(ErrorKind::Invalid, "of an unknown family");
    eventually("it is gone", || world.server.connections() == 0);
    assert_eq!(world.rest(), []);
}

/// Above all no client that has come past the proxy, with or without TLS.
fn who_does_not_begin_with_a_header_is_no_proxy(setting: Setting) {
    let world = World::new(setting);
    let (done, finished) = channel();
    let server = world.server.clone();
    // A client of TLS waits for an answer in vain, which may be a moment.
    let client = std::thread::spawn(move || {
        let mut peer = Peer::new(&server);
        let _ = peer.send_at_once(b"GET / HTTP/1.1\r\n\r\n");
        peer.receive_what_comes();
        let _ = done.send(());
    });
    world.expect_error(ErrorKind::Invalid, "the peer has sent no PROXY protocol header");
    assert!(finished.recv().is_ok());
    client.join().unwrap();
    assert!(!world.rest().iter().any(|told| matches!(told, Told::Open(_))));
}
