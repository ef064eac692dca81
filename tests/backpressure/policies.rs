//! `Overflow::Drop` and `Overflow::Disconnect`: at the bound of the queue, at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use sockeye::{CloseReason, ErrorKind, Limits, Overflow, Sent};

use crate::common::{Event, LIMIT, Peer, Probe, Setting, eventually};
use crate::{ask, on_all_streams, served};

on_all_streams!(
    drop_skips_what_does_not_fit_and_counts_it,
    drop_keeps_the_order_of_the_rest_and_the_messages_whole,
    drop_skips_what_a_handle_sends_too,
    drop_lets_an_echo_read_on,
    disconnect_ends_the_session_after_the_callback_and_sends_nothing_more,
    disconnect_ends_the_session_when_a_handle_meets_the_bound,
    disconnect_does_not_strike_below_the_bound,
);

fn drop_skips_what_does_not_fit_and_counts_it(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let limits = Limits::default().queue(10_000).overflow(Overflow::Drop);
    let server = served(setting, &service, probe, limits);
    let mut peer = Peer::new(&server);
    let handle = events.open();
    for round in 1..=3 {
        let sent = ask(&handle, |session| {
            let sizes = [4000, 4000, 4000, 2000, 1, 20_000];
            sizes.map(|size| (session.send(vec![1; size]).is_queued(), session.pending()))
        });
        // A smaller one behind it may fit; that is what skipping means.
        let wanted = [
            (true, 4000),
            (true, 8000),
            (false, 8000),
            (true, 10_000),
            (false, 10_000),
            (false, 10_000),
        ];
        assert_eq!(sent, wanted);
        assert_eq!(peer.receive(10_000).len(), 10_000);
        handle.flush(LIMIT).unwrap();
        ask(&handle, |_| ());
        assert_eq!(handle.stats().dropped, 3 * round);
        assert_eq!(server.metrics().stats.dropped, 3 * round);
        assert_eq!(handle.stats().messages_sent, 3 * round);
    }
}

/// Messages of a hundred bytes, with a number in the first four.
fn numbered(number: u32) -> [u8; 100] {
    let mut message = [b'.'; 100];
    message[..4].copy_from_slice(&number.to_be_bytes());
    message
}

/// Reads numbered messages up to the end: their numbers.
fn numbers(data: &[u8]) -> Vec<u32> {
    assert_eq!(data.len() % 100, 0, "messages are whole");
    let number = |message: &[u8]| {
        assert!(message[4..].iter().all(|byte| *byte == b'.'), "messages are unharmed");
        u32::from_be_bytes(message[..4].try_into().unwrap())
    };
    data.chunks(100).map(number).collect()
}

fn drop_keeps_the_order_of_the_rest_and_the_messages_whole(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let limits = Limits::default().queue(5000).overflow(Overflow::Drop);
    let server = served(setting, &service, probe, limits);
    let mut peer = Peer::narrow(&server);
    let handle = events.open();
    let mut accepted = Vec::new();
    for batch in 0..100 {
        accepted.extend(ask(&handle, move |session| {
            let mut accepted = Vec::new();
            for number in batch * 20..(batch + 1) * 20 {
                match session.send(numbered(number)) {
                    Sent::Queued => accepted.push(number),
                    Sent::Dropped => {}
                    other => panic!("{other:?}"),
                }
            }
            accepted
        }));
    }
    assert!((50..2000).contains(&accepted.len()), "{} fit", accepted.len());
    ask(&handle, |_| ());
    assert_eq!(handle.stats().dropped, 2000 - accepted.len() as u64);
    let reading = thread::spawn(move || peer.receive_to_end());
    handle.flush(LIMIT).unwrap();
    assert_eq!(handle.send(numbered(2000)), Sent::Queued, "there is room again");
    accepted.push(2000);
    handle.close();
    assert_eq!(numbers(&reading.join().unwrap()), accepted);
}

fn drop_skips_what_a_handle_sends_too(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let limits = Limits::default().queue(5000).overflow(Overflow::Drop);
    let server = served(setting, &service, probe, limits);
    let mut peer = Peer::narrow(&server);
    let handle = events.open();
    let mut accepted = Vec::new();
    for number in 0..5000 {
        match handle.send(numbered(number)) {
            Sent::Queued => accepted.push(number),
            Sent::Dropped => {}
            other => panic!("{other:?}"),
        }
        assert!(handle.pending() <= 5000);
    }
    assert!((50..5000).contains(&accepted.len()), "{} fit", accepted.len());
    let dropped = 5000 - accepted.len() as u64;
    assert_eq!(handle.stats().dropped, dropped);
    assert_eq!(server.metrics().stats.dropped, dropped);
    let refused = handle.send_within([0; 5001], LIMIT).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::LimitReached, "who waits does not, under this policy");
    let reading = thread::spawn(move || peer.receive_to_end());
    handle.flush(LIMIT).unwrap();
    handle.close();
    assert_eq!(numbers(&reading.join().unwrap()), accepted);
}

fn drop_lets_an_echo_read_on(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let limits = Limits::default().queue(20_000).marks(0, 1000).overflow(Overflow::Drop);
    let server = served(setting, &service, probe.echo(), limits);
    let mut peer = Peer::narrow(&server);
    let handle = events.open();
    // It never reads, and is read from all the same.
    peer.send(vec![1; 2 << 20]);
    events.data(2 << 20);
    assert!(handle.pending() <= 20_000);
    eventually("some are dropped", || handle.stats().dropped > 0);
    assert!(handle.is_open());
}

fn disconnect_ends_the_session_after_the_callback_and_sends_nothing_more(setting: Setting) {
    let service = setting.service();
    let returned = Arc::new(AtomicBool::new(false));
    let (told, answers) = channel();
    let (closed, at_close) = channel();
    let (probe, events) = Probe::new();
    let (in_callback, in_close) = (Arc::clone(&returned), returned);
    let probe = probe
        .on_data(move |session, _| {
            let sent = [600, 600, 1].map(|size| session.send(vec![1; size]));
            let _ = told.send(sent);
            // Were on_close called within send, this would come too late.
            in_callback.store(true, Ordering::SeqCst);
        })
        .on_close(move |_| _ = closed.send(in_close.load(Ordering::SeqCst)));
    let limits = Limits::default().queue(1000).overflow(Overflow::Disconnect);
    let server = served(setting, &service, probe, limits);
    let mut peer = Peer::new(&server);
    peer.send("x");
    let sent = answers.recv_timeout(LIMIT).unwrap();
    assert_eq!(sent, [Sent::Queued, Sent::Overflow, Sent::Closed]);
    assert_eq!(at_close.recv_timeout(LIMIT), Ok(true), "after the callback");
    let reason = events.close();
    assert!(matches!(reason, CloseReason::Overflow) && !reason.is_clean(), "{reason:?}");
    assert!(peer.receive_to_reset().is_empty(), "nothing is sent any more");
    assert_eq!(server.metrics().stats.bytes_sent, 0);
}

fn disconnect_ends_the_session_when_a_handle_meets_the_bound(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let limits = Limits::default().queue(100_000).overflow(Overflow::Disconnect);
    let server = served(setting, &service, probe, limits);
    let mut peer = Peer::narrow(&server);
    let handle = events.open();
    let mut bystander = Peer::new(&server);
    events.open();
    let refused = loop {
        match handle.send([1; 10_000]) {
            Sent::Queued | Sent::Congested => assert!(handle.pending() <= 100_000),
            refused => break refused,
        }
    };
    assert_eq!(refused, Sent::Overflow);
    let reason = events.close();
    assert!(matches!(reason, CloseReason::Overflow), "{reason:?}");
    assert!(peer.receive_to_reset().len() <= 200_000);
    eventually("one is left", || server.connections() == 1);
    bystander.send("still here");
    assert_eq!(events.data(10), b"still here");
}

fn disconnect_does_not_strike_below_the_bound(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let limits = Limits::default().queue(10_000).overflow(Overflow::Disconnect);
    let server = served(setting, &service, probe.echo(), limits);
    let mut peer = Peer::new(&server);
    for _ in 0..200 {
        // As much as the queue holds, again and again.
        peer.exchange([1; 5000]);
        peer.exchange([2; 5000]);
    }
    assert!(!events.rest().iter().any(|event| matches!(event, Event::Close(_))));
}
