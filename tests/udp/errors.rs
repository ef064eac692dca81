//! What cannot be sent, what is refused, and who is told.

use sockeye::{ErrorKind, Sent, udp};

use crate::common::{Design, LIMIT};
use crate::on_both_paths;
use crate::probe::{Probe, bind, exchange, peer, receive};

on_both_paths!(
    one_byte_too_many_is_a_typed_error,
    a_refused_datagram_is_told_to_the_client,
    a_client_goes_on_after_a_refusal,
    an_unconnected_socket_needs_an_address,
    a_family_that_cannot_be_reached_is_a_typed_error,
    port_zero_is_a_typed_error,
    a_broadcast_needs_permission,
    an_address_that_is_taken_is_named,
    an_address_of_another_machine_is_named,
    a_handler_may_answer_an_error,
);

fn one_byte_too_many_is_a_typed_error(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let peer = peer();
    let to = peer.local_addr().unwrap();
    let long = vec![7; udp::LONGEST + 1];
    let copy = long.clone();
    let probe = probe.on_open(move |socket| {
        assert_eq!(socket.send_to(to, &copy), Sent::Dropped);
        assert!(socket.send_to(to, &copy[1..]).is_queued());
    });
    let socket = bind(&service, options, probe);
    events.open();
    let told = events.error();
    assert_eq!(told.kind(), ErrorKind::LimitReached);
    let text = format!(
        "cannot send to {to}: the limit is reached (65508 bytes are too long for a \
                        datagram)"
    );
    assert_eq!(told.to_string(), text);
    assert_eq!(receive(&peer).0, long[1..]);

    assert_eq!(socket.send_to(to, &long), Sent::Dropped);
    assert_eq!(events.error().to_string(), text);
    let error = socket.send_to_within(to, &long, LIMIT).unwrap_err();
    assert_eq!(error.to_string(), text);
    assert_eq!((socket.stats().dropped, socket.stats().errors), (2, 2));
    events.nothing();
}

/// ICMP says so, and connected sockets are told.
#[cfg(target_os = "linux")]
fn a_refused_datagram_is_told_to_the_client(design: Design, options: udp::Options) {
    let service = design.service();
    let gone = peer();
    let address = gone.local_addr().unwrap();
    let (probe, events) = Probe::new();
    let builder = udp::Socket::builder(&service, probe).options(options);
    let client = builder.connect(address).unwrap();
    events.open();
    drop(gone);
    client.send("is anybody there?");
    let error = events.error();
    assert_eq!((error.kind(), error.address()), (ErrorKind::Refused, Some(&*address.to_string())));
    assert_eq!(client.stats().errors, 1);
    assert!(client.is_open());
}

#[cfg(not(target_os = "linux"))]
fn a_refused_datagram_is_told_to_the_client(_: Design, _: udp::Options) {}

#[cfg(target_os = "linux")]
fn a_client_goes_on_after_a_refusal(design: Design, options: udp::Options) {
    let service = design.service();
    let gone = peer();
    let address = gone.local_addr().unwrap();
    let (probe, events) = Probe::new();
    let builder = udp::Socket::builder(&service, probe).options(options);
    let client = builder.connect(address).unwrap();
    events.open();
    drop(gone);
    // The first of a batch is refused while the others are on their way; none takes its place.
    for _ in 0..3 {
        client.send("one");
        client.send("two");
        assert_eq!(events.error().kind(), ErrorKind::Refused);
        client.flush(LIMIT).unwrap();
    }
    let back = crate::probe::peer_at(address);
    client.send("still there");
    assert_eq!(receive(&back), (b"still there".to_vec(), client.local_addr()));
}

#[cfg(not(target_os = "linux"))]
fn a_client_goes_on_after_a_refusal(_: Design, _: udp::Options) {}

fn an_unconnected_socket_needs_an_address(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let socket = bind(&service, options, probe);
    events.open();
    for sent in [socket.send("to whom?"), socket.multicast("to whom?")] {
        assert_eq!(sent, Sent::Dropped);
        let error = events.error();
        assert_eq!(error.kind(), ErrorKind::AddressInvalid);
        assert!(error.to_string().ends_with("(the socket is not connected)"), "{error}");
    }
    let error = socket.send_within("to whom?", LIMIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInvalid);
}

fn a_family_that_cannot_be_reached_is_a_typed_error(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let socket = bind(&service, options, probe);
    events.open();
    let to = "[::1]:9".parse().unwrap();
    assert_eq!(socket.send_to(to, "six"), Sent::Dropped);
    let error = events.error();
    assert_eq!((error.kind(), error.address()), (ErrorKind::AddressInvalid, Some("[::1]:9")));
}

fn port_zero_is_a_typed_error(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let socket = bind(&service, options, probe);
    events.open();
    assert_eq!(socket.send_to("127.0.0.1:0".parse().unwrap(), "nobody"), Sent::Dropped);
    assert_eq!(events.error().kind(), ErrorKind::AddressInvalid);
}

#[cfg(target_os = "linux")]
fn a_broadcast_needs_permission(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let socket = bind(&service, options.clone(), probe);
    events.open();
    let to = "127.255.255.255:9".parse().unwrap();
    let friend = peer();
    // It costs only itself.
    socket.send_to(to, "to all");
    socket.send_to(friend.local_addr().unwrap(), "to one");
    let error = events.error();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(error.address(), Some("127.255.255.255:9"));
    assert_eq!(receive(&friend).0, b"to one");
    assert_eq!((socket.stats().dropped, socket.stats().errors), (1, 1));

    let (probe, all) = Probe::new();
    let builder = udp::Socket::builder(&service, probe).options(options.clone());
    let listener = builder.bind("0.0.0.0:0").unwrap();
    all.open();
    let (probe, events) = Probe::new();
    let socket = bind(&service, options.broadcast(true), probe);
    events.open();
    let to = ([127, 255, 255, 255], listener.local_addr().port()).into();
    assert!(socket.send_to(to, "to all").is_queued());
    assert_eq!(all.datagram(), (socket.local_addr(), b"to all".to_vec()));
}

#[cfg(not(target_os = "linux"))]
fn a_broadcast_needs_permission(_: Design, _: udp::Options) {}

fn an_address_that_is_taken_is_named(design: Design, options: udp::Options) {
    let service = design.service();
    let taken = peer().local_addr().unwrap();
    let first = crate::probe::peer_at(taken);
    let builder = udp::Socket::builder(&service, Probe::new().0).options(options);
    let error = builder.bind(taken).unwrap_err();
    assert_eq!((error.kind(), error.attempt()), (ErrorKind::AddressInUse, "bind"));
    assert_eq!(error.address(), Some(&*taken.to_string()));
    drop(first);
}

fn an_address_of_another_machine_is_named(design: Design, options: udp::Options) {
    let service = design.service();
    for address in ["192.0.2.1:0", "no such host.invalid:1", "unix:/tmp/socket"] {
        let builder = udp::Socket::builder(&service, Probe::new().0).options(options.clone());
        let error = builder.bind(address).unwrap_err();
        let kinds = [ErrorKind::AddressInvalid, ErrorKind::Unresolved];
        assert!(kinds.contains(&error.kind()), "{error:?}");
    }
}

fn a_handler_may_answer_an_error(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let friend = peer();
    let to = friend.local_addr().unwrap();
    let probe = probe.on_error(move |socket| {
        socket.send_to(to, "it failed");
    });
    let socket = bind(&service, options, probe.echo());
    events.open();
    socket.send("to whom?");
    events.error();
    assert_eq!(receive(&friend).0, b"it failed");
    exchange(&friend, socket.local_addr(), b"and goes on");
}
