//! Multicast on the loopback interface.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use sockeye::udp::{self, Interface, MulticastGroup};
use sockeye::{ErrorKind, Service};

use crate::common::{Design, LIMIT, SHORT};
use crate::on_both_paths;
use crate::probe::{Events, Probe, bind};

on_both_paths!(
    all_who_have_joined_get_it,
    a_group_can_be_joined_and_left,
    joining_twice_is_a_typed_error,
    a_missing_interface_is_a_typed_error,
    leaving_what_was_not_joined_is_a_typed_error,
    what_is_no_group_is_a_typed_error,
    groups_are_joined_again_after_a_restart,
    one_source_alone_is_heard,
    nobody_gets_the_groups_of_others,
    without_loopback_this_machine_hears_nothing,
    groups_of_ipv6_work_too,
    a_group_of_the_other_family_is_a_typed_error,
    callbacks_join_and_leave_too,
    an_index_names_the_interface_of_ipv4_too,
);

const LOOPBACK: Interface = Interface::Address(Ipv4Addr::LOCALHOST);

/// A group of this test's own: tests run beside each other.
fn group() -> Ipv4Addr {
    use std::sync::atomic::{AtomicU8, Ordering};
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [_, _, high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(239, 192 | high & 63, low, NEXT.fetch_add(1, Ordering::Relaxed))
}

fn on_loopback(group: Ipv4Addr) -> MulticastGroup {
    MulticastGroup::new(group).on(LOOPBACK)
}

/// A socket that may have joined groups.
fn listener(
    service: &Service,
    options: &udp::Options,
    port: u16,
    groups: &[MulticastGroup],
) -> (udp::Socket, Events) {
    let (probe, events) = Probe::new();
    let options = options.clone().reuse_address(true);
    let mut builder = udp::Socket::builder(service, probe).options(options);
    for group in groups {
        builder = builder.join(*group);
    }
    let socket = builder.bind(("0.0.0.0", port)).unwrap();
    events.open();
    (socket, events)
}

/// A socket that sends to the group through the loopback interface.
fn source(service: &Service, options: udp::Options, group: Ipv4Addr, port: u16) -> udp::Socket {
    let (probe, _) = Probe::new();
    let options = options.multicast_interface(LOOPBACK).multicast_ttl(0);
    let builder = udp::Socket::builder(service, probe).options(options);
    builder.multicast_to((std::net::IpAddr::V4(group), port)).bind("127.0.0.1:0").unwrap()
}

fn all_who_have_joined_get_it(design: Design, options: udp::Options) {
    let (service, group) = (design.service(), group());
    let (first, one) = listener(&service, &options, 0, &[on_loopback(group)]);
    let port = first.local_addr().port();
    let (_second, two) = listener(&service, &options, port, &[on_loopback(group)]);
    let source = source(&service, options, group, port);
    for number in 0..10u8 {
        assert!(source.multicast([number]).is_queued());
    }
    source.multicast_within("and the last", LIMIT).unwrap();
    for events in [one, two] {
        for number in 0..10u8 {
            assert_eq!(events.datagram(), (source.local_addr(), vec![number]));
        }
        assert_eq!(events.datagram().1, b"and the last");
    }
}

/// The loopback interface is the first on Linux, macOS and Windows.
fn an_index_names_the_interface_of_ipv4_too(design: Design, options: udp::Options) {
    let (service, group) = (design.service(), group());
    let (listener, events) = listener(&service, &options, 0, &[on_loopback(group)]);
    let port = listener.local_addr().port();
    let by_index = options.clone().multicast_interface(Interface::Index(1)).multicast_ttl(0);
    let builder = udp::Socket::builder(&service, Probe::new().0).options(by_index);
    let source = match builder.bind("127.0.0.1:0") {
        // Wine hands the index on as an address.
        Err(error) if cfg!(windows) && error.kind() == ErrorKind::Unsupported => return,
        source => source.unwrap(),
    };
    source.send_to((group, port).into(), "through the first");
    assert_eq!(events.datagram(), (source.local_addr(), b"through the first".to_vec()));

    let nowhere = options.multicast_interface(Interface::Index(9999));
    let builder = udp::Socket::builder(&service, Probe::new().0).options(nowhere);
    let error = builder.bind("127.0.0.1:0").unwrap_err();
    assert!(error.to_string().contains("multicast_interface"), "{error}");
}

fn a_group_can_be_joined_and_left(design: Design, options: udp::Options) {
    let (service, group) = (design.service(), group());
    let (listener, events) = listener(&service, &options, 0, &[]);
    let port = listener.local_addr().port();
    let source = source(&service, options, group, port);
    source.multicast("nobody listens");
    source.flush(LIMIT).unwrap();
    listener.join(on_loopback(group)).unwrap();
    source.multicast("somebody listens");
    assert_eq!(events.datagram().1, b"somebody listens");
    listener.leave(on_loopback(group)).unwrap();
    source.multicast("nobody again");
    source.send_to(([127, 0, 0, 1], port).into(), "to you alone");
    assert_eq!(events.datagram().1, b"to you alone");
    listener.join(on_loopback(group)).unwrap();
    source.multicast("somebody again");
    assert_eq!(events.datagram().1, b"somebody again");
    events.nothing();
}

fn joining_twice_is_a_typed_error(design: Design, options: udp::Options) {
    let (service, group) = (design.service(), group());
    let (socket, _events) = listener(&service, &options, 0, &[on_loopback(group)]);
    let error = socket.join(on_loopback(group)).unwrap_err();
    assert_eq!((error.kind(), error.attempt()), (ErrorKind::AddressInUse, "join the group"));
    assert_eq!(error.address(), Some(&*format!("{group} on interface 127.0.0.1")));
    let builder = udp::Socket::builder(&service, Probe::new().0).join(on_loopback(group));
    let error = builder.join(on_loopback(group)).bind("0.0.0.0:0").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInUse);
}

fn a_missing_interface_is_a_typed_error(design: Design, options: udp::Options) {
    let service = design.service();
    let (socket, _events) = listener(&service, &options, 0, &[]);
    for interface in [Interface::Index(999_999), Interface::Address([192, 0, 2, 1].into())] {
        let group = MulticastGroup::new(group()).on(interface);
        let error = socket.join(group).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressInvalid, "{error}");
        let builder = udp::Socket::builder(&service, Probe::new().0).join(group);
        let error = builder.bind("0.0.0.0:0").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressInvalid, "{error}");
    }
}

fn leaving_what_was_not_joined_is_a_typed_error(design: Design, options: udp::Options) {
    let (service, group) = (design.service(), group());
    let (socket, _events) = listener(&service, &options, 0, &[]);
    let error = socket.leave(on_loopback(group)).unwrap_err();
    assert_eq!((error.kind(), error.attempt()), (ErrorKind::AddressInvalid, "leave the group"));
}

fn what_is_no_group_is_a_typed_error(design: Design, options: udp::Options) {
    let service = design.service();
    let (socket, _events) = listener(&service, &options, 0, &[]);
    for text in ["192.0.2.1", "no group"] {
        let error = socket.join(text).unwrap_err();
        assert_eq!((error.kind(), error.address()), (ErrorKind::AddressInvalid, Some(text)));
        let builder = udp::Socket::builder(&service, Probe::new().0).join(text);
        assert_eq!(builder.bind("0.0.0.0:0").unwrap_err().kind(), ErrorKind::AddressInvalid);
    }
}

fn groups_are_joined_again_after_a_restart(design: Design, options: udp::Options) {
    let (service, groups) = (design.service(), [group(), group(), group()]);
    let (listener, events) =
        listener(&service, &options, 0, &[on_loopback(groups[0]), on_loopback(groups[1])]);
    listener.join(on_loopback(groups[2])).unwrap();
    listener.leave(on_loopback(groups[1])).unwrap();
    let port = listener.local_addr().port();
    let source = source(&service, options, groups[0], port);
    service.restart().unwrap();
    events.close();
    events.open();
    for group in groups {
        let to = SocketAddr::from((group, port));
        assert!(source.send_to(to, group.to_string()).is_queued());
    }
    assert_eq!(events.datagram().1, groups[0].to_string().as_bytes());
    assert_eq!(events.datagram().1, groups[2].to_string().as_bytes());
    events.nothing();
}

fn one_source_alone_is_heard(design: Design, options: udp::Options) {
    let (service, group) = (design.service(), group());
    let single = on_loopback(group).from(Ipv4Addr::LOCALHOST);
    let (listener, events) = listener(&service, &options, 0, &[single]);
    let port = listener.local_addr().port();
    // macOS has one address of this machine unless it is told otherwise.
    let Ok(stranger) = UdpSocket::bind("127.0.0.2:0") else { return };
    let stranger_options = socket2::SockRef::from(&stranger);
    stranger_options.set_multicast_if_v4(&Ipv4Addr::LOCALHOST).unwrap();
    stranger.send_to(b"from a stranger", (group, port)).unwrap();
    let source = source(&service, options, group, port);
    source.multicast("from the source");
    assert_eq!(events.datagram(), (source.local_addr(), b"from the source".to_vec()));
    listener.leave(single).unwrap();
    source.multicast("nobody listens");
    source.send_to(([127, 0, 0, 1], port).into(), "to you alone");
    assert_eq!(events.datagram().1, b"to you alone");
    let error = listener.join(single.on(Interface::Index(1))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

fn nobody_gets_the_groups_of_others(design: Design, options: udp::Options) {
    let (service, mine, yours) = (design.service(), group(), group());
    let (first, one) = listener(&service, &options, 0, &[on_loopback(mine)]);
    let port = first.local_addr().port();
    let (_second, two) = listener(&service, &options, port, &[on_loopback(yours)]);
    let source = source(&service, options, yours, port);
    source.multicast("yours");
    source.send_to((mine, port).into(), "mine");
    assert_eq!(one.datagram().1, b"mine");
    assert_eq!(two.datagram().1, b"yours");
    one.nothing();
}

fn without_loopback_this_machine_hears_nothing(design: Design, options: udp::Options) {
    let (service, group) = (design.service(), group());
    let (listener, events) = listener(&service, &options, 0, &[on_loopback(group)]);
    let port = listener.local_addr().port();
    let silent = source(&service, options.clone().multicast_loopback(false), group, port);
    silent.multicast("unheard");
    silent.flush(LIMIT).unwrap();
    let source = source(&service, options, group, port);
    source.multicast("heard");
    // On this interface everything comes back by itself; there both may be heard.
    let (_, first) = events.datagram();
    assert!([&b"unheard"[..], b"heard"].contains(&&*first));
}

fn groups_of_ipv6_work_too(design: Design, options: udp::Options) {
    // Links only, and the first interface is the loopback one.
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let own = u16::from_be_bytes([high, low]);
    let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, own, rand_tail());
    let here = MulticastGroup::new(group).on(Interface::Index(1));
    let service = design.service();
    let (probe, events) = Probe::new();
    let builder = udp::Socket::builder(&service, probe).options(options.clone()).join(here);
    let Ok(listener) = builder.bind("[::]:0") else { return };
    if listener.local_addr().is_ipv4() {
        return;
    }
    events.open();
    let port = listener.local_addr().port();
    let (probe, sender) = Probe::new();
    let options = options.multicast_interface(Interface::Index(1)).multicast_ttl(1);
    let builder = udp::Socket::builder(&service, probe).options(options);
    let source = builder.multicast_to((std::net::IpAddr::V6(group), port)).bind("[::1]:0").unwrap();
    sender.open();
    source.multicast("six");
    source.flush(LIMIT).unwrap();
    if source.stats().errors > 0 {
        return; // No route for it: the interface knows no multicast.
    }
    assert_eq!(events.datagram().1, b"six");
    assert_eq!(listener.join(here).unwrap_err().kind(), ErrorKind::AddressInUse);
    listener.leave(here).unwrap();
    assert_eq!(listener.leave(here).unwrap_err().kind(), ErrorKind::AddressInvalid);
    let missing = MulticastGroup::new(group).on(Interface::Index(999_999));
    assert_eq!(listener.join(missing).unwrap_err().kind(), ErrorKind::AddressInvalid);
    let one = here.from(Ipv6Addr::LOCALHOST);
    assert_eq!(listener.join(one).unwrap_err().kind(), ErrorKind::Unsupported);
}

fn rand_tail() -> u16 {
    use std::sync::atomic::{AtomicU16, Ordering};
    static NEXT: AtomicU16 = AtomicU16::new(0x100);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn a_group_of_the_other_family_is_a_typed_error(design: Design, options: udp::Options) {
    let service = design.service();
    let socket = bind(&service, options, Probe::new().0);
    assert!(socket.join("ff02::1234").is_err());
    let builder = udp::Socket::builder(&service, Probe::new().0);
    let error = builder.multicast_to("[ff02::1]:9").bind("127.0.0.1:0").unwrap_err();
    assert_eq!((error.kind(), error.attempt()), (ErrorKind::AddressInvalid, "multicast to"));
}

fn callbacks_join_and_leave_too(design: Design, options: udp::Options) {
    let (service, group) = (design.service(), group());
    let (handler, inbox) = udp::Inbox::new(&service, 1000);
    let (probe, events) = Probe::new();
    let probe = probe.on_datagram(move |socket, from, data| match data {
        b"join" => {
            socket.join(on_loopback(group)).unwrap();
            socket.send_to(from, "joined");
        }
        b"leave" => {
            socket.leave(on_loopback(group)).unwrap();
            socket.send_to(from, "left");
        }
        _ => {}
    });
    let builder = udp::Socket::builder(&service, probe).options(options.clone());
    let socket = builder.bind("0.0.0.0:0").unwrap();
    events.open();
    let port = socket.local_addr().port();
    let options = options.multicast_interface(LOOPBACK);
    let builder = udp::Socket::builder(&service, handler).options(options);
    let to = (std::net::IpAddr::V4(group), port);
    let source = builder.multicast_to(to).bind("127.0.0.1:0").unwrap();
    let alone = SocketAddr::from(([127, 0, 0, 1], port));
    source.send_to(alone, "join");
    assert_eq!(inbox.receive(LIMIT).unwrap().data, b"joined");
    source.multicast("to all");
    source.send_to(alone, "leave");
    assert_eq!(inbox.receive(LIMIT).unwrap().data, b"left");
    source.multicast("unheard");
    source.send_to(alone, "end");
    let seen = std::iter::repeat_with(|| events.datagram().1).take_while(|data| data != b"end");
    assert_eq!(seen.collect::<Vec<_>>(), [&b"join"[..], b"to all", b"leave"]);
    assert_eq!(inbox.receive(SHORT).unwrap_err().kind(), ErrorKind::TimedOut);
}
