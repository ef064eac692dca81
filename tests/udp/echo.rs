//! Datagrams there and back: of every size, from many peers, in order.

use std::net::SocketAddr;

use sockeye::udp;

use crate::common::{Design, LIMIT, Random};
use crate::on_both_paths;
use crate::probe::{Probe, bind, exchange, peer, receive};

on_both_paths!(
    datagrams_come_back_whatever_their_size,
    a_client_talks_to_its_server,
    a_connected_socket_hears_its_peer_alone,
    datagrams_of_one_peer_keep_their_order,
    many_peers_get_their_own,
    callbacks_may_send_more_than_they_get,
    runs_of_one_size_are_datagrams_still,
    ipv6_and_ipv4_share_a_port,
    shared_payloads_arrive,
    counters_count_both_ways,
);

fn datagrams_come_back_whatever_their_size(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let socket = bind(&service, options, probe.echo());
    events.open();
    let peer = peer();
    let mut random = Random::new();
    for size in [0, 1, 2, 511, 512, 1452, 1453, 2048, 2049, 9000, 65_506, udp::LONGEST, 0] {
        let data = random.bytes(size);
        exchange(&peer, socket.local_addr(), &data);
        assert_eq!(events.datagram(), (peer.local_addr().unwrap(), data));
    }
}

fn a_client_talks_to_its_server(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let server = bind(&service, options.clone(), probe.echo());
    events.open();
    let (probe, answers) = Probe::new();
    let probe = probe.on_open(|socket| {
        socket.send("hello");
    });
    let builder = udp::Socket::builder(&service, probe).options(options);
    let client = builder.connect(server.local_addr()).unwrap();
    assert_eq!(client.peer_addr(), Some(server.local_addr()));
    assert_eq!(answers.open(), client.handle());
    assert_eq!(events.datagram(), (client.local_addr(), b"hello".to_vec()));
    assert_eq!(answers.datagram(), (server.local_addr(), b"hello".to_vec()));
    assert!(client.send("again").is_queued());
    assert_eq!(answers.datagram(), (server.local_addr(), b"again".to_vec()));
    client.send_within("in time", LIMIT).unwrap();
    assert_eq!(answers.datagram(), (server.local_addr(), b"in time".to_vec()));
}

fn a_connected_socket_hears_its_peer_alone(design: Design, options: udp::Options) {
    let service = design.service();
    let (friend, stranger) = (peer(), peer());
    let (probe, events) = Probe::new();
    let builder = udp::Socket::builder(&service, probe).options(options);
    let client = builder.connect(friend.local_addr().unwrap()).unwrap();
    events.open();
    stranger.send_to(b"from a stranger", client.local_addr()).unwrap();
    friend.send_to(b"from a friend", client.local_addr()).unwrap();
    assert_eq!(events.datagram(), (friend.local_addr().unwrap(), b"from a friend".to_vec()));
    assert_eq!(client.stats().datagrams_received, 1);
}

fn datagrams_of_one_peer_keep_their_order(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let socket = bind(&service, options, probe.echo());
    events.open();
    let peer = peer();
    // As many as the system's buffer surely holds, and more than one call takes.
    for round in 0..20u32 {
        let numbers = (0..100u32).map(|number| (round * 100 + number).to_le_bytes());
        for number in numbers.clone() {
            peer.send_to(&number, socket.local_addr()).unwrap();
        }
        for number in numbers {
            assert_eq!(receive(&peer), (number.to_vec(), socket.local_addr()));
            assert_eq!(events.datagram().1, number);
        }
    }
    socket.flush(LIMIT).unwrap();
    assert_eq!(socket.stats().datagrams_sent, 2000);
}

fn many_peers_get_their_own(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, _events) = Probe::new();
    let socket = bind(&service, options, probe.echo());
    let peers = (0..60).map(|_| peer()).collect::<Vec<_>>();
    let data = |peer: usize, round: usize| format!("{round} of {peer}").into_bytes();
    for round in 0..3 {
        for (index, peer) in peers.iter().enumerate() {
            peer.send_to(&data(index, round), socket.local_addr()).unwrap();
        }
    }
    for (index, peer) in peers.iter().enumerate() {
        for round in 0..3 {
            assert_eq!(receive(peer), (data(index, round), socket.local_addr()));
        }
    }
}

fn callbacks_may_send_more_than_they_get(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, _events) = Probe::new();
    let others = [peer(), peer()];
    let addresses = [0, 1].map(|index: usize| others[index].local_addr().unwrap());
    let socket = bind(
        &service,
        options,
        probe.on_datagram(move |socket, from, data| {
            for copy in 0..70u8 {
                socket.send_to(addresses[usize::from(copy % 2)], [data, &[copy]].concat());
            }
            socket.send_to(from, "done");
        }),
    );
    let sender = peer();
    sender.send_to(b"copy ", socket.local_addr()).unwrap();
    assert_eq!(receive(&sender).0, b"done");
    for copy in 0..70u8 {
        let (data, _) = receive(&others[usize::from(copy % 2)]);
        assert_eq!(data, [&b"copy "[..], &[copy]].concat());
    }
}

/// However the system is handed them, the peer sees datagrams.
fn runs_of_one_size_are_datagrams_still(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, _events) = Probe::new();
    let sizes =
        [100, 100, 100, 40, 40, 0, 0, 100, 1452, 1452, 1452, 7, 1453, 1453, 3000, 3000, 100];
    let socket = bind(
        &service,
        options,
        probe.on_datagram(move |socket, from, _| {
            for (index, size) in sizes.iter().enumerate() {
                socket.send_to(from, vec![index as u8; *size]);
            }
            // More than one call and one piece can take.
            for index in 0..100u32 {
                socket.send_to(from, index.to_le_bytes());
            }
        }),
    );
    let peer = peer();
    peer.send_to(b"go", socket.local_addr()).unwrap();
    for (index, size) in sizes.iter().enumerate() {
        assert_eq!(receive(&peer).0, vec![index as u8; *size]);
    }
    for index in 0..100u32 {
        assert_eq!(receive(&peer).0, index.to_le_bytes());
    }
    socket.flush(LIMIT).unwrap();
    assert_eq!(socket.stats().datagrams_sent, 117);
}

fn ipv6_and_ipv4_share_a_port(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let builder = udp::Socket::builder(&service, probe.echo()).options(options);
    let socket = builder.bind(0).unwrap();
    events.open();
    let port = socket.local_addr().port();
    let v4 = peer();
    exchange(&v4, SocketAddr::from(([127, 0, 0, 1], port)), b"four");
    // Shown as what it is.
    assert_eq!(events.datagram(), (v4.local_addr().unwrap(), b"four".to_vec()));
    if socket.local_addr().is_ipv4() {
        return; // The machine has no IPv6.
    }
    let v6 = crate::probe::peer_at("[::1]:0".parse().unwrap());
    exchange(&v6, format!("[::1]:{port}").parse().unwrap(), b"six");
    assert_eq!(events.datagram(), (v6.local_addr().unwrap(), b"six".to_vec()));
}

fn shared_payloads_arrive(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, _events) = Probe::new();
    let payload = sockeye::Bytes::from(vec![5; 20_000]);
    let copy = payload.clone();
    let socket = bind(
        &service,
        options,
        probe.on_datagram(move |socket, from, _| {
            socket.send_to(from, "before");
            socket.send_shared_to(from, copy.clone());
            socket.send_shared_to(from, copy.slice(..5));
            socket.send_to(from, "after");
        }),
    );
    let peer = peer();
    peer.send_to(b"go", socket.local_addr()).unwrap();
    for expected in [&b"before"[..], &payload, &payload[..5], b"after"] {
        assert_eq!(receive(&peer).0, expected);
    }
    assert!(socket.send_shared_to(peer.local_addr().unwrap(), payload.clone()).is_queued());
    assert_eq!(receive(&peer).0, payload);
}

fn counters_count_both_ways(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, _events) = Probe::new();
    let socket = bind(&service, options, probe.echo());
    assert_eq!(socket.stats(), udp::Stats::default());
    let peer = peer();
    for size in [0, 1, 1000] {
        exchange(&peer, socket.local_addr(), &vec![1; size]);
    }
    socket.send_to(peer.local_addr().unwrap(), "unasked");
    receive(&peer);
    socket.flush(LIMIT).unwrap();
    let stats = socket.stats();
    assert_eq!((stats.datagrams_received, stats.bytes_received), (3, 1001));
    assert_eq!((stats.datagrams_sent, stats.bytes_sent), (4, 1008));
    assert_eq!((stats.dropped, stats.errors), (0, 0));
    assert_eq!(socket.pending(), 0);
}
