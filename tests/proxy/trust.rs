//! Whose word is taken, and what becomes of others.

use std::sync::mpsc::channel;

use sockeye::proxy::ProxyProtocol;
use sockeye::{CloseReason, ErrorKind, Server, Violation, raw};

use crate::common::{LIMIT, Peer, Probe, Setting, Stream, eventually};
use crate::headers::{line, with_values};
use crate::world::{Told, World, direct};
use crate::{on_all_streams, on_stream};

on_all_streams!(peers_without_an_address_are_trusted);

on_stream!(over_tcp Tcp:
    who_is_not_trusted_is_refused,
    others_may_be_direct_clients,
    direct_clients_are_spoken_to_first,
    a_header_of_who_is_not_trusted_closes,
    what_only_begins_like_a_header_is_data,
);

on_stream!(over_tls Tls:
    who_is_not_trusted_is_refused,
    others_may_be_direct_clients,
    a_header_of_who_is_not_trusted_ends_before_tls,
);

fn nobody() -> ProxyProtocol {
    ProxyProtocol::trust(["192.0.2.0/24", "2001:db8::/32"]).unwrap()
}

/// The file's mode says who may connect there.
fn peers_without_an_address_are_trusted(setting: Setting) {
    let world = World::with(setting, &setting.service(), nobody(), |builder| builder);
    let peer = Peer::behind(&world.server, &[&line("192.0.2.1:80")]);
    match setting.stream {
        Stream::Tcp | Stream::Tls => assert!(matches!(world.next(), Told::Refused(..))),
        _ => world.expect_session_of("192.0.2.1:80"),
    }
    drop(peer);
}

fn who_is_not_trusted_is_refused(setting: Setting) {
    let world = World::with(setting, &setting.service(), nobody(), |builder| builder);
    for count in 1..=3 {
        let mut peer = Peer::plain(&world.server);
        let from = peer.endpoint().to_string();
        peer.receive_to_reset();
        let why = "the address is not that of a trusted proxy";
        assert_eq!(world.next(), Told::Refused(from, why.into()));
        assert_eq!(world.server.metrics().refused, count);
    }
    eventually("no place is taken", || world.server.connections() == 0);
    assert_eq!(world.rest(), []);
}

#[test]
fn a_range_that_is_none_is_named() {
    let error = ProxyProtocol::trust(["10.0.0.0/8", "the proxy"]).unwrap_err();
    assert_eq!((error.kind(), error.address()), (ErrorKind::AddressInvalid, Some("the proxy")));
}

fn others_may_be_direct_clients(setting: Setting) {
    let world = World::with(setting, &setting.service(), direct(), |builder| builder);
    let mut peer = Peer::new(&world.server);
    peer.exchange("hello");
    world.expect_session_of(&peer.endpoint().to_string());
    assert_eq!(world.server.sessions()[0].peer_addr(), Some(peer.endpoint()));
}

/// Some protocols have the server begin; there is nothing to be read before.
fn direct_clients_are_spoken_to_first(setting: Setting) {
    let (probe, events) = Probe::new();
    let greeting = probe.on_open(|session| _ = session.send("220 hello\r\n"));
    let service = setting.service();
    let builder = Server::builder(&service, greeting.echo().serve()).proxy_protocol(direct());
    let server = setting.listen(builder);
    let mut peer = Peer::new(&server);
    peer.expect("220 hello\r\n");
    peer.exchange("P");
    assert_eq!(events.data(1), b"P");
}

fn a_header_of_who_is_not_trusted_closes(setting: Setting) {
    let (probe, events) = Probe::new();
    let service = setting.service();
    let builder = Server::builder(&service, probe.serve()).proxy_protocol(direct());
    let server = setting.listen(builder);
    let header = line("192.0.2.1:80");
    for pieces in [vec![&*header], header.chunks(1).collect(), vec![&with_values(b"")]] {
        let mut peer = Peer::behind(&server, &pieces);
        assert!(peer.receive_what_comes().is_empty());
        drop(peer);
        let CloseReason::Protocol(Violation::Malformed(words)) = events.close() else {
            panic!("a violation")
        };
        assert_eq!(words, "a PROXY protocol header, without being a proxy that is trusted");
    }
}

fn a_header_of_who_is_not_trusted_ends_before_tls(setting: Setting) {
    let world = World::with(setting, &setting.service(), direct(), |builder| builder);
    let header = line("192.0.2.1:80");
    for pieces in [vec![&*header], header.chunks(1).collect(), vec![&with_values(b"")]] {
        drop(Peer::behind(&world.server, &pieces));
        let words = "a PROXY protocol header, without being a proxy that is trusted";
        world.expect_error(ErrorKind::Invalid, words);
    }
    eventually("all are gone", || world.server.connections() == 0);
    assert_eq!(world.rest(), []);
}

fn what_only_begins_like_a_header_is_data(setting: Setting) {
    let (told, data) = channel();
    let protocol = raw::server(move |_| {
        let told = told.clone();
        move |_: &mut raw::Session<'_>, data: &[u8]| data.iter().for_each(|b| _ = told.send(*b))
    });
    let service = setting.service();
    let server = setting.listen(Server::builder(&service, protocol).proxy_protocol(direct()));
    for text in ["PROX", "PROXYING is no header", "\r\n\r\n\0\r\nQUIET", "xPROXY TCP4 "] {
        let bytes = text.as_bytes();
        for pieces in [vec![bytes], bytes.chunks(1).collect()] {
            let _peer = Peer::behind(&server, &pieces);
            let got = bytes.iter().map(|_| data.recv_timeout(LIMIT).unwrap()).collect::<Vec<_>>();
            assert_eq!(got, bytes);
        }
    }
    // Once it cannot be a header any more, it never will.
    let mut peer = Peer::new(&server);
    peer.send("x");
    assert_eq!(data.recv_timeout(LIMIT), Ok(b'x'));
    peer.send("PROXY ");
    for byte in b"PROXY " {
        assert_eq!(data.recv_timeout(LIMIT), Ok(*byte));
    }
}
