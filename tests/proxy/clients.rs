//! Whom a session takes its peer for, and what it can tell of him.

use std::sync::mpsc::channel;

use sockeye::middleware::{AddressLimits, AddressList};
use sockeye::proxy::Value;
use sockeye::{Server, raw};

use crate::common::{Echo, LIMIT, Peer, Setting, Stream, eventually};
use crate::headers::{binary, line, value, with_values};
use crate::world::{Told, World, trusting};
use crate::{on_all_streams, on_tcp};

on_all_streams!(
    everybody_sees_the_client,
    a_proxy_that_speaks_for_itself_is_itself,
    a_session_tells_what_the_header_says,
    filters_refuse_clients_not_proxies,
    limits_count_clients_not_proxies,
    without_a_proxy_there_is_no_header,
);

on_tcp!(clients_of_every_family_have_addresses);

fn everybody_sees_the_client(setting: Setting) {
    let world = World::new(setting);
    for (header, client) in [
        (line("192.0.2.7:56324"), "192.0.2.7:56324"),
        (line("[2001:db8::7]:1"), "[2001:db8::7]:1"),
        (with_values(b""), "192.0.2.1:8080"),
    ] {
        let mut peer = Peer::behind(&world.server, &[&header]);
        peer.exchange("hello");
        world.expect_session_of(client);
        let [session] = &world.server.sessions()[..] else { panic!("one session") };
        assert_eq!(session.peer_addr().unwrap().to_string(), client);
        drop(peer);
        assert!(matches!(world.next(), Told::Close(_)));
        eventually("it is gone", || world.server.connections() == 0);
    }
    assert_eq!((world.server.metrics().opened, world.server.metrics().refused), (3, 0));
}

fn a_proxy_that_speaks_for_itself_is_itself(setting: Setting) {
    let world = World::new(setting);
    for header in [
        b"PROXY UNKNOWN\r\n".to_vec(),
        b"PROXY UNKNOWN 192.0.2.1 192.0.2.2 1 2\r\n".to_vec(),
        binary(0x20, 0x11, &[1; 12]),
        binary(0x21, 0x00, b""),
    ] {
        let mut peer = Peer::behind(&world.server, &[&header]);
        peer.exchange("hello");
        let own = peer.endpoint().to_string();
        world.expect_session_of(&own);
        drop(peer);
        assert!(matches!(world.next(), Told::Close(_)));
    }
}

fn a_session_tells_what_the_header_says(setting: Setting) {
    let (told, headers) = channel();
    let protocol = raw::server(move |_| {
        let told = told.clone();
        move |session: &mut raw::Session<'_>, _: &[u8]| {
            let _ = told.send(session.proxy_header().cloned());
            session.send("done");
        }
    });
    let service = setting.service();
    let server = setting.listen(Server::builder(&service, protocol).proxy_protocol(trusting()));
    let tls = value(0x20, &[&[3, 0, 0, 0, 0][..], &value(0x22, b"you")].concat());
    let values = [value(1, b"h2"), value(2, b"a.example"), value(5, b"id"), tls, value(0xe1, b"x")];
    let header = with_values(&values.concat());
    let mut peer = Peer::behind(&server, &[&header]);
    for _ in 0..2 {
        peer.send("tell");
        peer.expect("done");
        let header = headers.recv_timeout(LIMIT).unwrap().expect("a header");
        assert_eq!((header.version(), header.is_datagram()), (2, false));
        assert_eq!(header.source().unwrap().to_string(), "192.0.2.1:8080");
        assert_eq!(header.destination().unwrap().to_string(), "203.0.113.1:443");
        assert_eq!((header.alpn(), header.authority()), (Some(&b"h2"[..]), Some("a.example")));
        assert_eq!(header.unique_id(), Some(&b"id"[..]));
        let tls = header.tls().unwrap();
        assert!(tls.is_used() && tls.is_verified());
        assert_eq!(tls.common_name(), Some(&b"you"[..]));
        assert_eq!(header.values().last(), Some(Value::Other(0xe1, b"x")));
    }
    let mut peer = Peer::behind(&server, &[b"PROXY UNKNOWN\r\n"]);
    peer.send("tell");
    let header = headers.recv_timeout(LIMIT).unwrap().expect("a header");
    assert_eq!((header.version(), header.source(), header.destination()), (1, None, None));
    assert_eq!(header.values().count(), 0);
}

fn filters_refuse_clients_not_proxies(setting: Setting) {
    let list = AddressList::deny(["192.0.2.0/24"]).unwrap();
    let world = World::with(setting, &setting.service(), trusting(), |builder| {
        builder.filter(list.clone())
    });
    let header = line("192.0.2.7:5");
    let mut peer = Peer::behind(&world.server, &[&header]);
    peer.receive_to_reset();
    assert_eq!(world.next(), Told::Filter("192.0.2.7:5".into()));
    let why = "the address is not allowed";
    assert_eq!(world.next(), Told::Refused("192.0.2.7:5".into(), why.into()));
    eventually("its place is free", || world.server.connections() == 0);
    let metrics = world.server.metrics();
    assert_eq!((metrics.begun, metrics.opened, metrics.refused, metrics.failed), (1, 0, 1, 1));
    Peer::behind(&world.server, &[&line("198.51.100.7:5")]).exchange("hello");
    world.expect_session_of("198.51.100.7:5");
}

fn limits_count_clients_not_proxies(setting: Setting) {
    let limits = AddressLimits::new().connections(1);
    let world =
        World::with(setting, &setting.service(), trusting(), |builder| builder.filter(limits));
    let mut first = Peer::behind(&world.server, &[&line("192.0.2.7:5")]);
    first.exchange("first");
    let mut other = Peer::behind(&world.server, &[&line("192.0.2.8:5")]);
    other.exchange("other");
    Peer::behind(&world.server, &[&line("192.0.2.7:6")]).receive_to_reset();
    drop(first);
    eventually("the first is gone", || world.server.connections() == 1);
    Peer::behind(&world.server, &[&line("192.0.2.7:7")]).exchange("again");
    assert_eq!((world.server.metrics().opened, world.server.metrics().refused), (3, 1));
}

fn without_a_proxy_there_is_no_header(setting: Setting) {
    let (told, headers) = channel();
    let protocol = raw::server(move |_| {
        let told = told.clone();
        move |session: &mut raw::Session<'_>, _: &[u8]| {
            let _ = told.send(session.proxy_header().is_some());
        }
    });
    let service = setting.service();
    let server = setting.serve(&service, protocol);
    Peer::new(&server).send("hello");
    assert_eq!(headers.recv_timeout(LIMIT), Ok(false));
    assert_eq!(setting.serve(&service, raw::server(|_| Echo)).connections(), 0);
}

fn clients_of_every_family_have_addresses(setting: Setting) {
    assert_eq!(setting.stream, Stream::Tcp);
    let world = World::new(setting);
    let mut unix = [0; 216];
    unix[..11].copy_from_slice(b"/run/a.sock");
    unix[109..112].copy_from_slice(b"abc");
    let mapped = [&[0; 10][..], &[0xff; 2], &[192, 0, 2, 9], &[0; 16], &[0, 7, 0, 8]].concat();
    for (family, block, client) in [
        (0x31, &unix[..], "unix:/run/a.sock"),
        (0x32, &unix[..], "unix:/run/a.sock"),
        (0x31, &[0; 216], "unix:"),
        (0x12, &[192, 0, 2, 1, 1, 1, 1, 1, 0, 5, 0, 6], "192.0.2.1:5"),
        (0x21, &mapped[..], "192.0.2.9:7"),
        (0x22, &[1; 36], "[101:101:101:101:101:101:101:101]:257"),
    ] {
        let peer = Peer::behind(&world.server, &[&binary(0x21, family, block)]);
        world.expect_session_of(client);
        drop(peer);
        assert!(matches!(world.next(), Told::Close(_)));
    }
}
