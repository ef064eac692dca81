//! What can be set on a socket arrives there.

#[cfg(target_os = "linux")]
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
#[cfg(target_os = "linux")]
use std::sync::mpsc::channel;

use sockeye::{ErrorKind, udp};

use crate::common::Design;
#[cfg(target_os = "linux")]
use crate::common::LIMIT;
use crate::on_both_paths;
use crate::probe::{Probe, bind, exchange, peer, receive};

on_both_paths!(
    addresses_can_be_shared,
    a_client_sends_from_the_address_it_is_told,
    options_reach_the_system,
    a_bad_value_is_named,
    a_hook_that_panics_ends_the_attempt,
);

crate::on_both_designs!(
    details_tell_where_a_datagram_was_sent_to,
    coalesced_datagrams_are_handed_out_one_by_one,
    all_ways_to_the_system_give_the_same,
);

fn addresses_can_be_shared(design: Design, options: udp::Options) {
    let service = design.service();
    let options = options.reuse_address(true);
    let first = bind(&service, options.clone(), Probe::new().0);
    let builder = udp::Socket::builder(&service, Probe::new().0).options(options.clone());
    let second = builder.bind(first.local_addr()).unwrap();
    assert_eq!(first.local_addr(), second.local_addr());
    if cfg!(unix) {
        let options = options.reuse_address(false).reuse_port(true);
        let first = bind(&service, options.clone(), Probe::new().0);
        let builder = udp::Socket::builder(&service, Probe::new().0).options(options);
        builder.bind(first.local_addr()).unwrap();
    }
}

fn a_client_sends_from_the_address_it_is_told(design: Design, options: udp::Options) {
    let service = design.service();
    let (peer, local) = (peer(), peer().local_addr().unwrap());
    let options = options.local_address(local);
    let builder = udp::Socket::builder(&service, Probe::new().0).options(options);
    let client = builder.connect(peer.local_addr().unwrap()).unwrap();
    client.send("from here");
    assert_eq!(receive(&peer), (b"from here".to_vec(), local));
}

#[cfg(target_os = "linux")]
fn options_reach_the_system(design: Design, options: udp::Options) {
    let service = design.service();
    let (tell, told) = channel();
    let options = options
        .receive_buffer(30_000)
        .send_buffer(20_000)
        .ttl(7)
        .dscp(46)
        .ecn(2)
        .multicast_ttl(3)
        .multicast_loopback(false)
        .multicast_interface(udp::Interface::Address(Ipv4Addr::LOCALHOST))
        .broadcast(true)
        .configure(move |socket| {
            let sizes = (socket.recv_buffer_size()?, socket.send_buffer_size()?);
            let hops = (socket.ttl_v4()?, socket.multicast_ttl_v4()?);
            let loopback = (socket.multicast_loop_v4()?, socket.multicast_if_v4()?);
            tell.send((sizes, hops, socket.tos_v4()?, loopback, socket.broadcast()?)).unwrap();
            Ok(())
        });
    let _socket = bind(&service, options, Probe::new().0);
    let (sizes, hops, octet, loopback, broadcast) = told.recv_timeout(LIMIT).unwrap();
    assert_eq!(sizes, (60_000, 40_000));
    assert_eq!((hops, octet), ((7, 3), 46 << 2 | 2));
    assert_eq!((loopback, broadcast), ((false, Ipv4Addr::LOCALHOST), true));
}

#[cfg(not(target_os = "linux"))]
fn options_reach_the_system(_: Design, _: udp::Options) {}

fn a_bad_value_is_named(design: Design, options: udp::Options) {
    let service = design.service();
    for (options, name) in [
        (options.clone().dscp(64), "dscp"),
        (options.clone().ecn(4), "ecn"),
        (options.clone().ttl(0), "ttl"),
        (options.multicast_ttl(256), "multicast_ttl"),
    ] {
        let builder = udp::Socket::builder(&service, Probe::new().0).options(options);
        let error = builder.bind("127.0.0.1:0").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains(&format!("option {name}: ")), "{error}");
    }
}

fn a_hook_that_panics_ends_the_attempt(design: Design, options: udp::Options) {
    let service = design.service();
    let options = options.configure(|_| panic!("no socket for you"));
    let builder = udp::Socket::builder(&service, Probe::new().0).options(options);
    let error = builder.bind("127.0.0.1:0").unwrap_err();
    assert!(error.to_string().contains("no socket for you"), "{error}");
}

#[cfg(target_os = "linux")]
fn details_tell_where_a_datagram_was_sent_to(design: Design) {
    let service = design.service();
    let (tell, told) = channel();
    let handler = move |socket: &mut udp::Session<'_>, _: SocketAddr, _: &[u8]| {
        tell.send((socket.destination(), socket.interface(), socket.ecn())).unwrap();
    };
    let options = udp::Options::default().details(true);
    let builder = udp::Socket::builder(&service, handler).options(options);
    let socket = builder.bind(0).unwrap();
    let port = socket.local_addr().port();
    let marked = bind(&service, udp::Options::default().ecn(1), Probe::new().0);
    let mut destinations = vec![Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 9)];
    destinations.rotate_left(1);
    for to in destinations {
        marked.send_to((to, port).into(), "marked");
        let expected = (Some(IpAddr::V4(to)), Some(1), Some(1));
        assert_eq!(told.recv_timeout(LIMIT).unwrap(), expected);
        peer().send_to(b"not marked", (to, port)).unwrap();
        assert_eq!(told.recv_timeout(LIMIT).unwrap().2, Some(0));
    }
    if socket.local_addr().is_ipv6() {
        let options = udp::Options::default().ecn(2);
        let builder = udp::Socket::builder(&service, Probe::new().0).options(options);
        let six = builder.bind("[::1]:0").unwrap();
        six.send_to(format!("[::1]:{port}").parse().unwrap(), "six");
        let expected = (Some("::1".parse().unwrap()), Some(1), Some(2));
        assert_eq!(told.recv_timeout(LIMIT).unwrap(), expected);
    }
}

#[cfg(not(target_os = "linux"))]
fn details_tell_where_a_datagram_was_sent_to(_: Design) {}

fn coalesced_datagrams_are_handed_out_one_by_one(design: Design) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let options = udp::Options::default().coalescing(true).details(true);
    let receiver = bind(&service, options, probe.echo());
    events.open();
    let to = receiver.local_addr();
    let (probe, answers) = Probe::new();
    // Runs, which go out in one piece and come in as one.
    let probe = probe.on_open(move |socket| {
        for number in 0..100u32 {
            socket.send_to(to, [number.to_le_bytes(); 10].concat());
        }
        socket.send_to(to, "shorter");
        socket.send_to(to, vec![9; udp::LONGEST]);
        socket.send_to(to, "");
    });
    let sender = bind(&service, udp::Options::default(), probe);
    answers.open();
    for events in [events, answers] {
        for number in 0..100u32 {
            assert_eq!(events.datagram().1, [number.to_le_bytes(); 10].concat());
        }
        assert_eq!(events.datagram().1, b"shorter");
        assert_eq!(events.datagram().1, vec![9; udp::LONGEST]);
        assert_eq!(events.datagram().1, b"");
    }
    assert_eq!(sender.stats().datagrams_received, 103);
}

fn all_ways_to_the_system_give_the_same(design: Design) {
    let service = design.service();
    let plain = udp::Options::default();
    let mut random = crate::common::Random::new();
    let payloads = (0..60)
        .map(|_| {
            let size = random.below(3000);
            random.bytes(size)
        })
        .collect::<Vec<_>>();
    for options in [
        plain.clone(),
        plain.clone().segmenting(false),
        plain.clone().coalescing(true),
        plain.clone().details(true),
        plain.batching(false),
    ] {
        let (probe, _events) = Probe::new();
        let socket = bind(&service, options, probe.echo());
        let peer = peer();
        for payload in &payloads {
            peer.send_to(payload, socket.local_addr()).unwrap();
        }
        for payload in &payloads {
            assert_eq!(&receive(&peer).0, payload);
        }
        exchange(&peer, socket.local_addr(), b"that is all");
    }
}
