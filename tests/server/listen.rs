//! Where a server listens.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::channel;

use sockeye::{Acceptors, Address, ErrorKind, Result, Server, Service, TcpOptions, raw, server};

use crate::common::{Design, Echo, LIMIT, Peer, Probe, addr_of, bounded, free_addr, quiet};
use crate::on_both_designs;

on_both_designs!(
    every_form_of_a_loopback_address_is_listened_on,
    a_port_alone_means_every_address_of_the_machine,
    peers_of_a_dual_stack_server_have_the_addresses_they_know,
    without_dual_stack_ipv6_alone_is_served,
    several_addresses_are_all_served,
    a_host_name_is_resolved_and_all_its_addresses_are_served,
    a_socket_that_listens_already_is_adopted,
    an_adopted_socket_survives_restarts,
    a_socket_that_does_not_listen_is_refused,
    a_taken_port_is_an_error_that_names_the_address,
    one_bad_address_leaves_none_bound,
    what_is_no_address_is_an_error_that_names_the_text,
    an_address_of_another_machine_is_an_error,
    a_stopped_service_takes_no_server,
    one_acceptor_per_loop_shares_one_port,
);

fn builder(service: &Service) -> server::Builder {
    Server::builder(service, raw::server(|_| Echo))
}

fn assert_served(addr: SocketAddr) {
    Peer::at(addr).exchange("hello");
}

fn every_form_of_a_loopback_address_is_listened_on(design: Design) {
    let service = design.service();
    let listen: [fn(server::Builder) -> Result<Server>; 6] = [
        |builder| builder.listen("127.0.0.1:0"),
        |builder| builder.listen(String::from("127.0.0.1:0")),
        |builder| builder.listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
        |builder| builder.listen((IpAddr::V4(Ipv4Addr::LOCALHOST), 0)),
        |builder| builder.listen(("127.0.0.1", 0)),
        |builder| builder.listen("127.0.0.1:0".parse::<Address>()?),
    ];
    for listen in listen {
        let server = listen(builder(&service)).unwrap();
        let addr = addr_of(&server);
        assert_eq!(addr.ip(), Ipv4Addr::LOCALHOST);
        assert_ne!(addr.port(), 0, "the port that the system chose");
        assert!(server.is_listening());
        assert_served(addr);
    }
}

fn a_port_alone_means_every_address_of_the_machine(design: Design) {
    let service = design.service();
    for server in [builder(&service).listen(":0"), builder(&service).listen(0_u16)] {
        let server = server.unwrap();
        let port = addr_of(&server).port();
        assert_ne!(port, 0);
        assert_served((Ipv4Addr::LOCALHOST, port).into());
        if has_ipv6() {
            assert_served((Ipv6Addr::LOCALHOST, port).into());
        }
    }
}

fn peers_of_a_dual_stack_server_have_the_addresses_they_know(design: Design) {
    let service = design.service();
    let (told, seen) = channel();
    let (probe, _events) = Probe::new();
    let probe = probe.on_open(move |session| {
        let _ = told.send((session.peer_addr(), session.local_addr()));
    });
    let server = Server::builder(&service, probe.serve()).listen(":0").unwrap();
    let port = addr_of(&server).port();
    let mut addrs = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, port))];
    if has_ipv6() {
        addrs.push((Ipv6Addr::LOCALHOST, port).into());
    }
    for addr in addrs {
        let peer = Peer::at(addr);
        let wanted = (Some(peer.addr().into()), Some(addr.into()));
        assert_eq!(seen.recv_timeout(LIMIT).unwrap(), wanted, "no IPv4 in the guise of IPv6");
    }
}

fn without_dual_stack_ipv6_alone_is_served(design: Design) {
    if !has_ipv6() {
        return;
    }
    let service = design.service();
    let options = TcpOptions::default().dual_stack(false);
    let server = builder(&service).tcp_options(options).listen("[::]:0").unwrap();
    let port = addr_of(&server).port();
    assert_served((Ipv6Addr::LOCALHOST, port).into());
    // The port is still free for IPv4.
    let other = builder(&service).listen(("0.0.0.0", port)).unwrap();
    assert_eq!(addr_of(&other).port(), port);
    assert_served((Ipv4Addr::LOCALHOST, port).into());
}

fn several_addresses_are_all_served(design: Design) {
    let service = design.service();
    let server = builder(&service).listen(["127.0.0.1:0", "127.0.0.1:0", "localhost:0"]).unwrap();
    let addrs = server.local_addrs();
    assert!(addrs.len() >= 3, "{addrs:?}");
    assert_eq!(addrs[0], server.local_addr());
    for addr in &addrs {
        assert_served(addr.socket_addr().unwrap());
    }
    assert_eq!(server.metrics().begun, addrs.len() as u64);
}

fn a_host_name_is_resolved_and_all_its_addresses_are_served(design: Design) {
    let service = design.service();
    let server = builder(&service).listen("localhost:0").unwrap();
    for addr in server.local_addrs() {
        let addr = addr.socket_addr().unwrap();
        assert!(addr.ip().is_loopback() && addr.port() != 0, "{addr}");
        assert_served(addr);
    }
}

fn a_socket_that_listens_already_is_adopted(design: Design) {
    let service = design.service();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = socket.local_addr().unwrap();
    // Who came before the server is served as well.
    let mut early = Peer::at(addr);
    let server = builder(&service).listen_socket(socket).unwrap();
    assert_eq!(addr_of(&server), addr);
    early.exchange("early");
    assert_served(addr);
}

fn an_adopted_socket_survives_restarts(design: Design) {
    let service = design.service();
    let socket = TcpListener::bind(quiet()).unwrap();
    let addr = socket.local_addr().unwrap();
    let server = builder(&service).listen_socket(socket).unwrap();
    server.restart().unwrap();
    assert_eq!(addr_of(&server), addr);
    assert_served(addr);
    service.restart().unwrap();
    assert_served(addr);
    drop(server);
    service.stop().unwrap();
    TcpListener::bind(addr).expect("the socket is closed with the server");
}

fn a_socket_that_does_not_listen_is_refused(design: Design) {
    let service = design.service();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let connected = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let deaf = TcpListener::from(socket2::Socket::from(connected));
    let error = builder(&service).listen_socket(deaf).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
}

fn a_taken_port_is_an_error_that_names_the_address(design: Design) {
    let service = design.service();
    let taken = TcpListener::bind(quiet()).unwrap();
    let addr = taken.local_addr().unwrap();
    let error = builder(&service).listen(addr).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInUse);
    assert_eq!(error.address(), Some(&*addr.to_string()));
    assert!(error.to_string().starts_with(&format!("cannot bind {addr}: ")), "{error}");
    assert!(error.io_error().is_some());
    drop(taken);
    assert_eq!(addr_of(&builder(&service).listen(addr).unwrap()), addr);
}

fn one_bad_address_leaves_none_bound(design: Design) {
    let service = design.service();
    let other = TcpListener::bind(quiet()).unwrap();
    let (free, taken) = (free_addr(), other.local_addr().unwrap());
    let error = builder(&service).listen([free, taken]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInUse);
    assert_eq!(error.address(), Some(&*taken.to_string()));
    TcpListener::bind(free).expect("the other address is free again");
}

fn what_is_no_address_is_an_error_that_names_the_text(design: Design) {
    let service = design.service();
    for text in ["", "localhost", "127.0.0.1", "127.0.0.1:65536", "256.0.0.1:80", "::1:80", ":x y"]
    {
        let error = builder(&service).listen(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressInvalid, "{text}");
        assert_eq!(error.address(), Some(text));
    }
    let none = builder(&service).listen(Vec::<SocketAddr>::new()).unwrap_err();
    assert_eq!(none.kind(), ErrorKind::AddressInvalid);
}

fn an_address_of_another_machine_is_an_error(design: Design) {
    let service = design.service();
    // RFC 5737: for documentation, so nobody's.
    let error = builder(&service).listen("192.0.2.1:0").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInvalid);
    assert_eq!(error.address(), Some("192.0.2.1:0"));
}

fn a_stopped_service_takes_no_server(design: Design) {
    let service = design.service();
    service.stop().unwrap();
    let error = builder(&service).listen("127.0.0.1:0").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stopped);
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    assert_eq!(builder(&service).listen_socket(socket).unwrap_err().kind(), ErrorKind::Stopped);
}

fn one_acceptor_per_loop_shares_one_port(design: Design) {
    let service = design.service();
    let server = builder(&service).acceptors(Acceptors::OnePerLoop).listen(quiet()).unwrap();
    assert_eq!(server.local_addrs().len(), 1);
    let mut peers: Vec<Peer> = (0..64).map(|_| Peer::new(&server)).collect();
    for peer in &mut peers {
        peer.exchange("hello");
    }
    assert_eq!((server.connections(), server.metrics().begun), (64, 64));
    let addr = addr_of(&server);
    let stopped = server.clone();
    bounded("stop", move || stopped.stop()).unwrap();
    assert!(TcpStream::connect(addr).is_err(), "no acceptor is left");
    server.start().unwrap();
    assert_eq!(addr_of(&server), addr);
    assert_served(addr);
}

fn has_ipv6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}
