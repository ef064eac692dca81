//! A panic in a callback ends its socket, and nothing else.

use sockeye::{CloseReason, udp};

use crate::common::{Design, LIMIT};
use crate::on_both_paths;
use crate::probe::{Event, Events, Probe, bind, exchange, peer};

on_both_paths!(
    a_panic_closes_only_its_socket,
    a_panic_on_opening_closes,
    a_panic_on_closing_is_contained,
    a_panic_does_not_come_back_with_the_service,
);

#[track_caller]
fn panicked(events: &Events, with: &str) {
    match events.close() {
        CloseReason::Panic(error) => assert!(error.to_string().contains(with), "{error}"),
        other => panic!("closed for {other:?}"),
    }
    events.end();
}

fn a_panic_closes_only_its_socket(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let probe = probe.on_datagram(|socket, from, data| {
        socket.send_to(from, data);
        assert_ne!(data, b"bad", "cannot take that");
    });
    let socket = bind(&service, options.clone(), probe);
    let (probe, _others) = Probe::new();
    let other = bind(&service, options, probe.echo());
    events.open();
    let peer = peer();
    exchange(&peer, socket.local_addr(), b"good");
    events.datagram();
    peer.send_to(b"bad", socket.local_addr()).unwrap();
    events.datagram();
    panicked(&events, "cannot take that");
    socket.wait_closed(LIMIT).unwrap();
    for _ in 0..10 {
        exchange(&peer, other.local_addr(), b"unharmed");
    }
}

fn a_panic_on_opening_closes(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let _socket = bind(&service, options, probe.on_open(|_| panic!("not today")));
    events.open();
    panicked(&events, "not today");
}

fn a_panic_on_closing_is_contained(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let socket = bind(&service, options, probe.on_close(|_| panic!("at the end")));
    events.open();
    let handle = socket.handle();
    drop(socket);
    assert!(matches!(events.next(), Event::Close(CloseReason::Local)));
    events.end();
    handle.wait_closed(LIMIT).unwrap();
    service.shutdown(LIMIT).unwrap();
}

fn a_panic_does_not_come_back_with_the_service(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let socket = bind(&service, options, probe.on_open(|_| panic!("once")));
    events.open();
    panicked(&events, "once");
    service.restart().unwrap();
    assert!(!socket.is_open());
}
