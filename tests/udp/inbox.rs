//! Receiving by calls that wait.

use std::time::Instant;

use sockeye::{ErrorKind, udp};

use crate::common::{Design, LIMIT, SHORT, eventually};
use crate::on_both_paths;
use crate::probe::{bind, peer};

on_both_paths!(
    datagrams_are_taken_one_by_one,
    waiting_ends_in_time,
    a_full_inbox_drops_and_counts,
    a_small_buffer_is_a_typed_error,
    the_end_follows_what_came_before,
    a_refusal_is_told_to_who_waits,
);

fn datagrams_are_taken_one_by_one(design: Design, options: udp::Options) {
    let service = design.service();
    let (handler, inbox) = udp::Inbox::new(&service, 100_000);
    let socket = bind(&service, options, handler);
    let peer = peer();
    for data in [&b"one"[..], b"", b"three"] {
        peer.send_to(data, socket.local_addr()).unwrap();
    }
    let from = peer.local_addr().unwrap();
    let datagram = |data: &[u8]| udp::Datagram { from, data: data.to_vec() };
    assert_eq!(inbox.receive(LIMIT).unwrap(), datagram(b"one"));
    assert_eq!(inbox.receive(LIMIT).unwrap(), datagram(b""));
    let mut buffer = [0; 10];
    assert_eq!(inbox.receive_into(&mut buffer, LIMIT).unwrap(), (5, from));
    assert_eq!(&buffer[..5], b"three");
    assert!(inbox.is_empty());
}

fn waiting_ends_in_time(design: Design, options: udp::Options) {
    let service = design.service();
    let (handler, inbox) = udp::Inbox::new(&service, 1000);
    let _socket = bind(&service, options, handler);
    let begun = Instant::now();
    assert_eq!(inbox.receive(SHORT).unwrap_err().kind(), ErrorKind::TimedOut);
    assert!(begun.elapsed() >= SHORT);
}

fn a_full_inbox_drops_and_counts(design: Design, options: udp::Options) {
    let service = design.service();
    // Each counts as 64 bytes more.
    let (handler, inbox) = udp::Inbox::new(&service, 3 * (10 + 64));
    let socket = bind(&service, options, handler);
    let peer = peer();
    (0..5u8).for_each(|index| {
        peer.send_to(&[index; 10], socket.local_addr()).unwrap();
    });
    eventually("all have come", || inbox.dropped() == 2);
    assert_eq!(inbox.len(), 3);
    (0..3u8).for_each(|index| assert_eq!(inbox.receive(LIMIT).unwrap().data, [index; 10]));
    peer.send_to(b"room again", socket.local_addr()).unwrap();
    assert_eq!(inbox.receive(LIMIT).unwrap().data, b"room again");
}

fn a_small_buffer_is_a_typed_error(design: Design, options: udp::Options) {
    let service = design.service();
    let (handler, inbox) = udp::Inbox::new(&service, 1000);
    let socket = bind(&service, options, handler);
    let peer = peer();
    peer.send_to(b"hello", socket.local_addr()).unwrap();
    peer.send_to(b"ok", socket.local_addr()).unwrap();
    let error = inbox.receive_into(&mut [0; 4], LIMIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitReached);
    assert!(error.to_string().ends_with("(5 bytes into 4)"), "{error}");
    assert_eq!(inbox.receive_into(&mut [0; 4], LIMIT).unwrap().0, 2);
}

fn the_end_follows_what_came_before(design: Design, options: udp::Options) {
    let service = design.service();
    let (handler, inbox) = udp::Inbox::new(&service, 1000);
    let socket = bind(&service, options, handler);
    peer().send_to(b"last words", socket.local_addr()).unwrap();
    eventually("it has come", || inbox.len() == 1);
    drop(socket);
    assert_eq!(inbox.receive(LIMIT).unwrap().data, b"last words");
    assert_eq!(inbox.receive(LIMIT).unwrap_err().kind(), ErrorKind::Closed);
}

#[cfg(target_os = "linux")]
fn a_refusal_is_told_to_who_waits(design: Design, options: udp::Options) {
    let service = design.service();
    let (handler, inbox) = udp::Inbox::new(&service, 1000);
    let gone = peer().local_addr().unwrap();
    let builder = udp::Socket::builder(&service, handler).options(options);
    let client = builder.connect(gone).unwrap();
    client.send("hello?");
    assert_eq!(inbox.receive(LIMIT).unwrap_err().kind(), ErrorKind::Refused);
}

#[cfg(not(target_os = "linux"))]
fn a_refusal_is_told_to_who_waits(_: Design, _: udp::Options) {}
