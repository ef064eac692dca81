//! The marks: when sending is congested, and when it no longer is.

use std::sync::mpsc::channel;
use std::thread;

use sockeye::{Limits, Overflow, Sent};

use crate::common::{Event, LIMIT, Peer, Probe, Setting};
use crate::{ask, on_all_streams, served};

on_all_streams!(
    above_the_high_mark_sends_report_congestion,
    a_handles_sends_count_what_waits_in_the_mailbox,
    on_drain_comes_once_for_each_congestion,
    on_drain_comes_at_the_low_mark,
    what_on_drain_sends_goes_on,
    a_sender_paced_by_on_drain_never_meets_the_bound,
);

fn drains(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event, Event::Drain)).count()
}

fn above_the_high_mark_sends_report_congestion(setting: Setting) {
    let service = setting.service();
    for policy in [Overflow::Wait, Overflow::Drop, Overflow::Disconnect] {
        let (probe, events) = Probe::new();
        let limits = Limits::default().queue(10_000).marks(100, 1000).overflow(policy);
        let server = served(setting, &service, probe, limits);
        let mut peer = Peer::new(&server);
        let handle = events.open();
        let sent = ask(&handle, |session| {
            [600, 400, 1, 1].map(|size| (session.send(vec![1; size]), session.pending()))
        });
        let wanted = [
            (Sent::Queued, 600),
            (Sent::Queued, 1000),
            (Sent::Congested, 1001),
            (Sent::Congested, 1002),
        ];
        assert_eq!(sent, wanted);
        peer.receive(1002);
        events.drain();
    }
}

fn a_handles_sends_count_what_waits_in_the_mailbox(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = served(setting, &service, probe, Limits::default().queue(2000).marks(100, 1000));
    let mut peer = Peer::new(&server);
    let handle = events.open();
    let (go_on, wait) = channel::<()>();
    let (told, begun) = channel();
    let hold = move |_: &mut sockeye::raw::Session<'_>| {
        let _ = told.send(());
        let _ = wait.recv_timeout(LIMIT);
    };
    handle.post(hold).unwrap();
    begun.recv_timeout(LIMIT).unwrap();
    let sent = [1000, 1, 999, 1].map(|size| (handle.send(vec![1; size]), handle.pending()));
    let wanted = [
        (Sent::Queued, 1000),
        (Sent::Congested, 1001),
        (Sent::Congested, 2000),
        (Sent::Full, 2000),
    ];
    assert_eq!(sent, wanted);
    go_on.send(()).unwrap();
    peer.receive(2000);
    handle.flush(LIMIT).unwrap();
    assert_eq!(handle.pending(), 0);
    assert!(handle.send("and on").is_queued());
    peer.expect("and on");
}

fn on_drain_comes_once_for_each_congestion(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = served(setting, &service, probe, Limits::default().marks(100, 1000));
    let mut peer = Peer::new(&server);
    let handle = events.open();
    for _ in 0..5 {
        assert_eq!(ask(&handle, |session| session.send([1; 1000])), Sent::Queued);
        peer.receive(1000);
        handle.flush(LIMIT).unwrap();
        assert_eq!(drains(&events.rest()), 0, "it was not congested");
        ask(&handle, |session| (0..5).for_each(|_| _ = session.send([1; 1000])));
        peer.receive(5000);
        events.drain();
        ask(&handle, |_| ());
        assert_eq!(drains(&events.rest()), 0, "once is enough");
    }
}

fn on_drain_comes_at_the_low_mark(setting: Setting) {
    let service = setting.service();
    let (told, pending) = channel();
    let (probe, events) = Probe::new();
    let probe = probe.on_drain(move |session| _ = told.send(session.pending()));
    let server = served(setting, &service, probe, Limits::default().marks(10_000, 20_000));
    let mut peer = Peer::narrow(&server);
    let handle = events.open();
    let size = 1 << 20;
    assert_eq!(handle.send(vec![1; size]), Sent::Congested);
    assert_eq!(peer.receive(size / 2).len(), size / 2);
    ask(&handle, |_| ());
    assert!(pending.try_recv().is_err(), "half of it is still there");
    assert_eq!(peer.receive(size / 2).len(), size / 2);
    let pending = pending.recv_timeout(LIMIT).unwrap();
    assert!(pending <= 10_000, "{pending} bytes");
}

fn what_on_drain_sends_goes_on(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let rounds = std::sync::atomic::AtomicUsize::new(0);
    let probe = probe.on_drain(move |session| {
        // Each round is congested again, more often than one turn writes.
        if rounds.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 50 {
            session.send([2; 500]);
        }
    });
    let server = served(setting, &service, probe, Limits::default().marks(0, 100));
    let mut peer = Peer::new(&server);
    let handle = events.open();
    handle.send([1; 500]);
    assert_eq!(peer.receive(500 + 50 * 500).len(), 25_500);
    (0..51).for_each(|_| events.drain());
    handle.close();
    peer.expect_end();
}

fn a_sender_paced_by_on_drain_never_meets_the_bound(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let left = std::sync::Arc::new(std::sync::Mutex::new(2000));
    let go_on = move |session: &mut sockeye::raw::Session<'_>| {
        let mut left = left.lock().unwrap();
        while *left > 0 {
            *left -= 1;
            match session.send([*left as u8; 1000]) {
                Sent::Queued => {}
                Sent::Congested => return,
                other => panic!("{other:?}"),
            }
        }
        session.close();
    };
    let probe = probe.on_open(go_on.clone()).on_drain(go_on);
    let limits = Limits::default().queue(20_000).marks(5000, 10_000);
    let server = served(setting, &service, probe, limits.overflow(Overflow::Disconnect));
    let mut peer = Peer::narrow(&server);
    let data = thread::spawn(move || peer.receive_to_end()).join().unwrap();
    let wanted: Vec<u8> = (0..2000).rev().flat_map(|left| [left as u8; 1000]).collect();
    assert!(data == wanted);
    let reason = events.close();
    assert!(reason.is_clean(), "{reason:?}");
}
