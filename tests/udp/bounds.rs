//! The bounds of the queue: each policy, from callbacks and from other threads.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use sockeye::{CloseReason, ErrorKind, Overflow, Sent, Service, udp};

use crate::common::{Design, LIMIT, SHORT, bounded};
use crate::on_both_paths;
use crate::probe::{Events, Probe, bind, peer, receive};

on_both_paths!(
    waiting_refuses_at_the_bound,
    dropping_counts_at_the_bound,
    disconnecting_closes_at_the_bound,
    datagrams_are_bounded_as_bytes_are,
    other_threads_meet_the_same_bound,
    a_thread_can_wait_for_room,
    a_thread_waits_no_longer_than_it_wants,
    above_the_high_mark_the_handler_hears_of_room,
    a_flood_takes_no_memory,
    an_echo_with_a_tiny_queue_loses_nothing,
    a_flood_leaves_time_for_others,
    calls_that_wait_are_refused_on_service_threads,
);

/// Ten datagrams of ten bytes.
fn limits(overflow: Overflow) -> udp::Limits {
    udp::Limits::default().queue(100).marks(20, 50).overflow(overflow)
}

/// Sends so many datagrams of ten bytes to `peer` in one callback, and tells what became of them.
fn send_in_one_callback(
    service: &Service,
    options: udp::Options,
    limits: udp::Limits,
    count: usize,
    to: std::net::SocketAddr,
) -> (udp::Socket, Events, Vec<Sent>) {
    let (probe, events) = Probe::new();
    let (tell, told) = channel();
    let probe = probe.on_open(move |socket| {
        let sent = (0..count).map(|_| socket.send_to(to, [1; 10])).collect::<Vec<_>>();
        tell.send(sent).unwrap();
    });
    let builder = udp::Socket::builder(service, probe).options(options).limits(limits);
    let socket = builder.bind("127.0.0.1:0").unwrap();
    events.open();
    let sent = told.recv_timeout(LIMIT).unwrap();
    (socket, events, sent)
}

fn waiting_refuses_at_the_bound(design: Design, options: udp::Options) {
    let (service, peer) = (design.service(), peer());
    let limits = limits(Overflow::Wait);
    let to = peer.local_addr().unwrap();
    let (socket, events, sent) = send_in_one_callback(&service, options, limits, 12, to);
    let (queued, refused) = sent.split_at(10);
    assert_eq!(queued[..5], [Sent::Queued; 5]);
    assert_eq!(queued[5..], [Sent::Congested; 5]);
    assert_eq!(refused, [Sent::Full; 2]);
    events.drain();
    (0..10).for_each(|_| assert_eq!(receive(&peer).0, [1; 10]));
    assert_eq!((socket.stats().datagrams_sent, socket.stats().dropped), (10, 0));
}

fn dropping_counts_at_the_bound(design: Design, options: udp::Options) {
    let (service, peer) = (design.service(), peer());
    let limits = limits(Overflow::Drop);
    let to = peer.local_addr().unwrap();
    let (socket, events, sent) = send_in_one_callback(&service, options, limits, 12, to);
    assert_eq!(sent[10..], [Sent::Dropped; 2]);
    events.drain();
    (0..10).for_each(|_| assert_eq!(receive(&peer).0, [1; 10]));
    assert_eq!((socket.stats().datagrams_sent, socket.stats().dropped), (10, 2));
    assert!(socket.is_open());
}

fn disconnecting_closes_at_the_bound(design: Design, options: udp::Options) {
    let (service, peer) = (design.service(), peer());
    let limits = limits(Overflow::Disconnect);
    let to = peer.local_addr().unwrap();
    let (socket, events, sent) = send_in_one_callback(&service, options, limits, 12, to);
    assert_eq!(sent[10..], [Sent::Overflow, Sent::Closed]);
    assert!(matches!(events.close(), CloseReason::Overflow));
    events.end();
    socket.wait_closed(LIMIT).unwrap();
    assert_eq!(socket.send_to(to, "late"), Sent::Closed);
    assert_eq!((socket.stats().datagrams_sent, socket.stats().dropped), (0, 10));
}

fn datagrams_are_bounded_as_bytes_are(design: Design, options: udp::Options) {
    let (service, peer) = (design.service(), peer());
    let limits = udp::Limits::default().datagrams(4);
    let to = peer.local_addr().unwrap();
    let (probe, events) = Probe::new();
    let (tell, told) = channel();
    let probe = probe.on_open(move |socket| {
        tell.send([(); 5].map(|()| socket.send_to(to, []))).unwrap();
    });
    let builder = udp::Socket::builder(&service, probe).options(options).limits(limits);
    let _socket = builder.bind("127.0.0.1:0").unwrap();
    events.open();
    let expected = [Sent::Queued, Sent::Queued, Sent::Congested, Sent::Congested, Sent::Full];
    assert_eq!(told.recv_timeout(LIMIT).unwrap(), expected);
    events.drain();
    (0..4).for_each(|_| assert_eq!(receive(&peer).0, b""));
}

/// A socket whose callback is held up until the second value is dropped.
fn held(
    service: &Service,
    options: udp::Options,
    limits: udp::Limits,
) -> (udp::Socket, Sender<()>, Events) {
    let (probe, events) = Probe::new();
    let (release, wait) = channel::<()>();
    let wait: std::sync::Mutex<Receiver<()>> = wait.into();
    let probe = probe.on_open(move |_| {
        let _ = wait.lock().unwrap().recv_timeout(LIMIT);
    });
    let builder = udp::Socket::builder(service, probe).options(options).limits(limits);
    let socket = builder.bind("127.0.0.1:0").unwrap();
    events.open();
    (socket, release, events)
}

fn other_threads_meet_the_same_bound(design: Design, options: udp::Options) {
    let (service, peer) = (design.service(), peer());
    let to = peer.local_addr().unwrap();
    for (overflow, beyond) in [
        (Overflow::Wait, Sent::Full),
        (Overflow::Drop, Sent::Dropped),
        (Overflow::Disconnect, Sent::Overflow),
    ] {
        let (socket, release, events) = held(&service, options.clone(), limits(overflow));
        let sent = (0..11).map(|_| socket.send_to(to, [2; 10])).collect::<Vec<_>>();
        assert_eq!(
            sent[4..],
            [[Sent::Queued].as_slice(), &[Sent::Congested; 5], &[beyond]].concat()
        );
        assert_eq!(socket.pending(), 100);
        drop(release);
        if overflow == Overflow::Disconnect {
            assert!(matches!(events.close(), CloseReason::Overflow));
            assert_eq!(socket.stats().dropped, 10);
            continue;
        }
        events.drain();
        (0..10).for_each(|_| assert_eq!(receive(&peer).0, [2; 10]));
        assert_eq!(socket.stats().dropped, u64::from(overflow == Overflow::Drop));
    }
}

fn a_thread_can_wait_for_room(design: Design, options: udp::Options) {
    let (service, peer) = (design.service(), peer());
    let to = peer.local_addr().unwrap();
    let (socket, release, events) = held(&service, options, limits(Overflow::Wait));
    (0..10).for_each(|_| assert!(socket.send_to(to, [3; 10]).is_queued()));
    let handle = socket.handle();
    let waiting = std::thread::spawn(move || handle.send_to_within(to, [4; 10], LIMIT));
    drop(release);
    bounded("room comes", move || waiting.join().unwrap()).unwrap();
    events.drain();
    (0..10).for_each(|_| assert_eq!(receive(&peer).0, [3; 10]));
    assert_eq!(receive(&peer).0, [4; 10]);
}

fn a_thread_waits_no_longer_than_it_wants(design: Design, options: udp::Options) {
    let (service, peer) = (design.service(), peer());
    let to = peer.local_addr().unwrap();
    let (socket, release, _events) = held(&service, options, limits(Overflow::Wait));
    (0..10).for_each(|_| assert!(socket.send_to(to, [3; 10]).is_queued()));
    let begun = Instant::now();
    let error = socket.send_to_within(to, [4; 10], SHORT).unwrap_err();
    assert_eq!((error.kind(), error.address()), (ErrorKind::TimedOut, Some(&*to.to_string())));
    assert!(begun.elapsed() >= SHORT);
    let error = socket.flush(SHORT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    // Larger than the whole queue: no waiting helps.
    let error = socket.send_to_within(to, [4; 101], LIMIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitReached);
    assert_eq!(socket.wait_closed(Duration::ZERO).unwrap_err().kind(), ErrorKind::TimedOut);
    drop(release);
}

fn above_the_high_mark_the_handler_hears_of_room(design: Design, options: udp::Options) {
    let (service, peer) = (design.service(), peer());
    let to = peer.local_addr().unwrap();
    let (probe, events) = Probe::new();
    // Sends as long as it may, and goes on when there is room: 30 datagrams.
    let left = std::sync::atomic::AtomicUsize::new(30);
    let send = std::sync::Arc::new(move |socket: &mut udp::Session<'_>| {
        use std::sync::atomic::Ordering::Relaxed;
        while left.load(Relaxed) > 0 && socket.send_to(to, [5; 10]) == Sent::Queued {
            left.fetch_sub(1, Relaxed);
        }
    });
    let again = std::sync::Arc::clone(&send);
    let probe = probe.on_open(move |socket| send(socket)).on_drain(move |socket| again(socket));
    let builder = udp::Socket::builder(&service, probe).options(options);
    let socket = builder.limits(limits(Overflow::Wait)).bind("127.0.0.1:0").unwrap();
    events.open();
    // Each round but the last queues five, and a sixth that is congested.
    for _ in 0..5 {
        events.drain();
    }
    (0..35).for_each(|_| assert_eq!(receive(&peer).0, [5; 10]));
    socket.flush(LIMIT).unwrap();
    assert_eq!(socket.stats().dropped, 0);
    events.nothing();
}

/// What comes while the handler is busy is the system's to keep or lose.
fn a_flood_takes_no_memory(design: Design, options: udp::Options) {
    let service = design.service();
    let (socket, release, events) = held(&service, options, limits(Overflow::Wait));
    let peer = peer();
    for _ in 0..20_000 {
        peer.send_to(&[6; 1000], socket.local_addr()).unwrap();
    }
    assert_eq!((socket.pending(), socket.stats().datagrams_received), (0, 0));
    drop(release);
    let mut got = 0;
    loop {
        peer.send_to(b"done", socket.local_addr()).unwrap();
        if events.datagram().1 == b"done" {
            break;
        }
        got += 1;
    }
    assert!(got < 20_000, "the system's buffer is bounded");
    assert_eq!(socket.stats().dropped, 0);
}

/// Its room is less than one read may bring, so that it reads one at a time.
fn an_echo_with_a_tiny_queue_loses_nothing(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, _events) = Probe::new();
    let probe = probe.on_datagram(|socket, from, data| {
        socket.send_to(from, data);
    });
    let limits = udp::Limits::default().queue(1000).datagrams(1);
    let builder = udp::Socket::builder(&service, probe).options(options).limits(limits);
    let socket = builder.bind("127.0.0.1:0").unwrap();
    let peer = peer();
    for round in 0..10u8 {
        for _ in 0..50 {
            peer.send_to(&[round; 1000], socket.local_addr()).unwrap();
        }
        for _ in 0..50 {
            assert_eq!(receive(&peer).0, [round; 1000]);
        }
    }
    socket.flush(LIMIT).unwrap();
    assert_eq!(socket.stats().datagrams_sent, 500);
}

fn a_flood_leaves_time_for_others(design: Design, options: udp::Options) {
    // One thread for both.
    let service = design.with(1).start().unwrap();
    let (probe, _events) = Probe::new();
    let limits = udp::Limits::default().read_budget(1);
    let busy = probe.on_datagram(|socket, _, _| {
        // It feeds itself for ever.
        let to = socket.local_addr();
        socket.send_to(to, "again");
        socket.send_to(to, "and again");
    });
    let builder = udp::Socket::builder(&service, busy).options(options.clone()).limits(limits);
    let busy = builder.bind("127.0.0.1:0").unwrap();
    let (probe, events) = Probe::new();
    let calm = bind(&service, options, probe.echo());
    events.open();
    let peer = peer();
    busy.send_to(busy.local_addr(), "go");
    for _ in 0..10 {
        crate::probe::exchange(&peer, calm.local_addr(), b"my turn");
    }
    let (tell, told) = channel();
    let _timer = service.after(Duration::from_millis(1), move || tell.send(()).unwrap());
    told.recv_timeout(LIMIT).unwrap();
    assert!(busy.stats().datagrams_received > 0);
}

fn calls_that_wait_are_refused_on_service_threads(design: Design, options: udp::Options) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let (tell, told) = channel();
    let (_, inbox) = udp::Inbox::new(&service, 1000);
    let inbox = std::sync::Mutex::new(inbox);
    let probe = probe.on_open(move |socket| {
        let (handle, to) = (socket.handle(), socket.local_addr());
        let errors = [
            handle.send_to_within(to, "x", LIMIT).unwrap_err(),
            handle.flush(LIMIT).unwrap_err(),
            handle.wait_closed(LIMIT).unwrap_err(),
            inbox.lock().unwrap().receive(LIMIT).unwrap_err(),
        ];
        tell.send(errors.map(|error| error.kind())).unwrap();
    });
    let _socket = bind(&service, options, probe);
    events.open();
    assert_eq!(told.recv_timeout(LIMIT).unwrap(), [ErrorKind::WouldDeadlock; 4]);
}
