//! Opening and closing, with the program and with the service.

use std::net::UdpSocket;
use std::sync::mpsc::channel;

use sockeye::{CloseReason, ErrorKind, Sent, Service, udp};

use crate::common::{Design, LIMIT, bounded, eventually};
use crate::on_both_paths;
use crate::probe::{Event, Probe, bind, exchange, peer, receive};

on_both_paths!(
    dropping_the_last_clone_closes,
    a_close_sends_what_is_queued,
    a_callback_can_close,
    a_stop_closes_and_a_start_opens_again,
    a_closed_socket_stays_closed,
    a_shutdown_sends_what_is_queued,
    a_client_keeps_its_peer_over_a_restart,
    a_socket_dropped_while_stopped_drops_its_handler,
    a_stopped_service_takes_no_sockets,
    a_program_can_run_the_loop,
    the_last_handle_of_a_service_ends_its_sockets,
    many_sockets_come_and_go,
);

fn dropping_the_last_clone_closes(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let socket = bind(&service, options, probe);
    let (clone, handle, address) = (socket.clone(), socket.handle(), socket.local_addr());
    events.open();
    drop(socket);
    assert!(handle.is_open());
    drop(clone);
    assert!(matches!(events.close(), CloseReason::Local));
    events.end();
    handle.wait_closed(LIMIT).unwrap();
    assert!(matches!(handle.close_reason(), Some(CloseReason::Local)));
    assert_eq!(handle.send_to(address, "late"), Sent::Closed);
    assert_eq!(
        handle.send_to_within(address, "late", LIMIT).unwrap_err().kind(),
        ErrorKind::Closed
    );
    assert_eq!(handle.flush(LIMIT).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(handle.join("239.255.0.1").unwrap_err().kind(), ErrorKind::Closed);
    // The address is free.
    UdpSocket::bind(address).unwrap();
}

fn a_close_sends_what_is_queued(design: Design, options: udp::Options) {
    let service = design.service();
    let peer = peer();
    let to = peer.local_addr().unwrap();
    let (probe, events) = Probe::new();
    let socket = bind(&service, options, probe);
    for index in 0..100u8 {
        assert!(socket.send_to(to, [index]).is_queued());
    }
    socket.close();
    assert_eq!(socket.send_to(to, "late"), Sent::Closed);
    events.open();
    assert!(matches!(events.close(), CloseReason::Local));
    (0..100u8).for_each(|index| assert_eq!(receive(&peer).0, [index]));
}

fn a_callback_can_close(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let probe = probe.on_datagram(|socket, from, data| {
        if data == b"stop" {
            socket.send_to(from, "bye");
            socket.close();
            assert_eq!(socket.send_to(from, "late"), Sent::Closed);
        }
    });
    let socket = bind(&service, options, probe);
    events.open();
    let peer = peer();
    for data in [&b"stop"[..], b"too late"] {
        peer.send_to(data, socket.local_addr()).unwrap();
    }
    assert_eq!(events.datagram().1, b"stop");
    assert!(matches!(events.close(), CloseReason::Local));
    events.end();
    assert_eq!(receive(&peer).0, b"bye");
}

fn a_stop_closes_and_a_start_opens_again(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let socket = bind(&service, options, probe.echo());
    let address = socket.local_addr();
    let peer = peer();
    for _ in 0..3 {
        let handle = events.open();
        assert_eq!(handle, socket.handle());
        exchange(&peer, address, b"hello");
        events.datagram();
        service.stop().unwrap();
        assert!(matches!(events.close(), CloseReason::Shutdown));
        assert!(!socket.is_open());
        assert_eq!(socket.send_to(peer.local_addr().unwrap(), "down"), Sent::Closed);
        // Somebody else could have it meanwhile.
        drop(UdpSocket::bind(address).unwrap());
        service.start().unwrap();
        assert_eq!(socket.local_addr(), address);
    }
    events.open();
    assert_eq!(socket.stats().datagrams_received, 3);
    // Somebody else has it: the service says so, and goes on.
    service.stop().unwrap();
    let other = UdpSocket::bind(address).unwrap();
    service.start().unwrap();
    assert!(!socket.is_open());
    drop(other);
    service.restart().unwrap();
    exchange(&peer, address, b"back");
}

fn a_closed_socket_stays_closed(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let probe = probe.on_open(|socket| socket.close());
    let socket = bind(&service, options, probe);
    events.open();
    events.close();
    events.end();
    service.restart().unwrap();
    assert!(!socket.is_open());
}

fn a_shutdown_sends_what_is_queued(design: Design, options: udp::Options) {
    let service = design.service();
    let peer = peer();
    let to = peer.local_addr().unwrap();
    let (probe, events) = Probe::new();
    let (release, wait) = channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let probe = probe.on_open(move |_| {
        let _ = wait.lock().unwrap().recv_timeout(LIMIT);
    });
    let socket = bind(&service, options, probe);
    events.open();
    for index in 0..50u8 {
        assert!(socket.send_to(to, [index; 1000]).is_queued());
    }
    let shut = std::thread::spawn(move || service.shutdown(LIMIT));
    eventually("it takes no more", || !socket.is_open());
    drop(release);
    bounded("the shutdown ends", move || shut.join().unwrap()).unwrap();
    assert!(matches!(events.close(), CloseReason::Shutdown));
    (0..50u8).for_each(|index| assert_eq!(receive(&peer).0, [index; 1000]));
    assert_eq!(socket.stats().dropped, 0);
}

fn a_client_keeps_its_peer_over_a_restart(design: Design, options: udp::Options) {
    let service = design.service();
    let peer = peer();
    let (probe, events) = Probe::new();
    let builder = udp::Socket::builder(&service, probe).options(options);
    let client = builder.connect(peer.local_addr().unwrap()).unwrap();
    let address = client.local_addr();
    events.open();
    service.restart().unwrap();
    assert!(matches!(events.close(), CloseReason::Shutdown));
    events.open();
    assert!(client.send("here again").is_queued());
    assert_eq!(receive(&peer), (b"here again".to_vec(), address));
}

fn a_socket_dropped_while_stopped_drops_its_handler(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let socket = bind(&service, options, probe);
    events.open();
    service.stop().unwrap();
    assert!(matches!(events.close(), CloseReason::Shutdown));
    drop(socket);
    events.end();
    service.start().unwrap();
}

fn a_stopped_service_takes_no_sockets(design: Design, options: udp::Options) {
    let service = design.service();
    service.stop().unwrap();
    let (probe, events) = Probe::new();
    let builder = udp::Socket::builder(&service, probe).options(options);
    assert_eq!(builder.bind("127.0.0.1:0").unwrap_err().kind(), ErrorKind::Stopped);
    events.end();
}

fn a_program_can_run_the_loop(_: Design, options: udp::Options) {
    let service = Service::builder().threads(0).start().unwrap();
    let (handler, inbox) = udp::Inbox::new(&service, 1000);
    let socket = bind(&service, options, handler);
    socket.send_to_within(socket.local_addr(), "to myself", LIMIT).unwrap();
    assert_eq!(inbox.receive(LIMIT).unwrap().data, b"to myself");
    service.stop().unwrap();
}

fn the_last_handle_of_a_service_ends_its_sockets(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let socket = bind(&service, options, probe);
    let handle = socket.handle();
    events.open();
    // A socket holds its service, too.
    drop(service);
    assert!(handle.is_open());
    drop(socket);
    let Event::Close(_) = events.next() else { panic!("the end is missing") };
    events.end();
    assert!(!handle.is_open());
}

fn many_sockets_come_and_go(design: Design, options: udp::Options) {
    let service = design.service();
    let peer = peer();
    for _ in 0..20 {
        let sockets = (0..20).map(|_| {
            let (probe, events) = Probe::new();
            (bind(&service, options.clone(), probe.echo()), events)
        });
        for (socket, events) in sockets.collect::<Vec<_>>() {
            exchange(&peer, socket.local_addr(), b"hello");
            drop(socket);
            events.open();
            events.datagram();
            assert!(matches!(events.close(), CloseReason::Local));
            events.end();
        }
    }
}
