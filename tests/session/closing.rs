//! How sessions end: by close, by abort, by a time limit.

use std::thread;
use std::time::{Duration, Instant};

use sockeye::{CloseReason, Limit, Limits, Sent, Server, Service, raw};

use crate::common::{
    Event, Events, LIMIT, Peer, Probe, Random, SHORT, Served, Setting, eventually,
};
use crate::{on_all_streams, on_tcp};

on_all_streams!(
    close_sends_what_is_queued_before_the_end,
    close_by_a_handle_comes_after_what_the_handle_sent,
    close_in_on_open_is_obeyed,
    a_second_close_changes_nothing,
    a_closing_session_refuses_messages,
    a_peer_that_does_not_read_is_cut_off_at_the_limit,
    a_peer_that_does_not_end_is_cut_off_at_the_limit,
    what_the_peer_still_sends_does_not_spoil_a_close,
    abort_resets_and_loses_what_is_queued,
    abort_by_a_handle_resets,
    abort_cuts_a_close_short,
    an_idle_session_is_closed,
    without_an_idle_limit_nothing_is_closed,
    the_first_reason_counts,
);

on_tcp!(activity_postpones_the_idle_limit, sending_alone_postpones_the_idle_limit);

fn served(setting: Setting, service: &Service, probe: Probe, limits: Limits) -> Served {
    setting.listen(Server::builder(service, probe.serve()).limits(limits))
}

#[track_caller]
fn assert_local(events: &Events) {
    let reason = events.close();
    assert!(matches!(reason, CloseReason::Local) && reason.is_clean(), "{reason:?}");
}

fn close_sends_what_is_queued_before_the_end(setting: Setting) {
    let service = setting.service();
    let data = Random::new().bytes(3 << 20);
    let (probe, events) = Probe::new();
    let queued = data.clone();
    let probe = probe.on_data(move |session, _| {
        assert!(session.send(&queued).is_queued());
        session.close();
        assert_eq!(session.send("more"), Sent::Closed);
    });
    let server = setting.serve(&service, probe.serve());
    let mut peer = Peer::narrow(&server);
    peer.send("go");
    assert!(peer.receive_to_end() == data, "all of it, and nothing more");
    drop(peer);
    assert_local(&events);
}

fn close_by_a_handle_comes_after_what_the_handle_sent(setting: Setting) {
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let server = setting.serve(&service, protocol);
    let data = Random::new().bytes(1 << 20);
    let mut peer = Peer::new(&server);
    let handle = events.open();
    assert!(handle.send(&data).is_queued());
    assert!(handle.send("the end").is_queued());
    handle.close();
    let got = peer.receive_to_end();
    assert_eq!(got.len(), data.len() + 7);
    assert!(got[..data.len()] == data && got.ends_with(b"the end"));
    drop(peer);
    assert_local(&events);
}

fn close_in_on_open_is_obeyed(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let probe = probe.on_open(|session| {
        session.send("no room for you");
        session.close();
    });
    let server = setting.serve(&service, probe.serve());
    let mut peer = Peer::new(&server);
    assert_eq!(peer.receive_to_end(), b"no room for you");
    drop(peer);
    assert_local(&events);
}

fn a_second_close_changes_nothing(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let probe = probe.on_data(|session, data| {
        session.send(data);
        session.close();
        session.close();
        session.handle().close();
    });
    let server = setting.serve(&service, probe.serve());
    let mut peer = Peer::new(&server);
    let handle = events.open();
    peer.send("hello");
    peer.expect("hello");
    handle.close();
    peer.expect_end();
    handle.close();
    drop(peer);
    assert_local(&events);
    service.stop().unwrap();
    assert!(events.rest().is_empty());
}

fn a_closing_session_refuses_messages(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = served(setting, &service, probe, Limits::default().close(LIMIT * 10));
    let mut peer = Peer::new(&server);
    let handle = events.open();
    handle.send("the last words");
    handle.close();
    assert_eq!(handle.send("too late"), Sent::Closed);
    assert_eq!(peer.receive_to_end(), b"the last words");
    // The peer has not ended yet, so the session is still there.
    assert_eq!(server.connections(), 1);
    assert_eq!(handle.send("one more"), Sent::Closed);
    assert_eq!(handle.send_shared(vec![1; 1000].into()), Sent::Closed);
    assert!(!handle.is_open());
    drop(peer);
    assert_local(&events);
}

fn a_peer_that_does_not_read_is_cut_off_at_the_limit(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let probe = probe.on_data(|session, _| {
        session.send(vec![4; 8 << 20]);
        session.close();
    });
    let server = served(setting, &service, probe, Limits::default().close(SHORT));
    let mut peer = Peer::narrow(&server);
    let began = Instant::now();
    peer.send("go");
    let reason = events.close();
    assert!(matches!(reason, CloseReason::Timeout(Limit::Close)), "{reason:?}");
    assert!(!reason.is_clean());
    assert!(began.elapsed() >= SHORT);
    let got = peer.receive_to_reset();
    assert!(got.len() < 8 << 20 && got.iter().all(|byte| *byte == 4));
}

fn a_peer_that_does_not_end_is_cut_off_at_the_limit(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = served(setting, &service, probe, Limits::default().close(SHORT));
    let mut peer = Peer::new(&server);
    let handle = events.open();
    let began = Instant::now();
    handle.send("all of it");
    handle.close();
    assert_eq!(peer.receive_to_end(), b"all of it");
    // It has got all, so that this was no failure.
    assert_local(&events);
    assert!(began.elapsed() >= SHORT);
    eventually("it is gone", || server.connections() == 0);
}

fn what_the_peer_still_sends_does_not_spoil_a_close(setting: Setting) {
    let service = setting.service();
    let data = Random::new().bytes(2 << 20);
    let (probe, events) = Probe::new();
    let queued = data.clone();
    let probe = probe.on_data(move |session, _| {
        session.send(&queued);
        session.close();
    });
    let server = served(setting, &service, probe, Limits::default().read_budget(4096));
    let mut peer = Peer::narrow(&server);
    let mut writer = peer.another_handle();
    // Unread, this would turn the end into a reset that overtakes what was sent.
    let writing = thread::spawn(move || {
        writer.send(vec![9; 2 << 20]);
        writer.finish();
    });
    assert!(peer.receive_to_end() == data);
    writing.join().unwrap();
    assert_local(&events);
}

fn abort_resets_and_loses_what_is_queued(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let probe = probe.on_data(|session, data| {
        session.send(data);
        session.abort();
        assert_eq!(session.send(data), Sent::Closed);
    });
    let server = setting.serve(&service, probe.serve());
    let mut peer = Peer::new(&server);
    peer.send("hello");
    let reason = events.close();
    assert!(matches!(reason, CloseReason::Aborted) && !reason.is_clean(), "{reason:?}");
    assert!(peer.receive_to_reset().is_empty(), "what was queued is lost");
}

fn abort_by_a_handle_resets(setting: Setting) {
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let server = setting.serve(&service, protocol);
    let mut peer = Peer::new(&server);
    let handle = events.open();
    handle.send("before");
    peer.expect("before");
    handle.abort();
    let reason = events.close();
    assert!(matches!(reason, CloseReason::Aborted), "{reason:?}");
    assert!(peer.receive_to_reset().is_empty());
}

fn abort_cuts_a_close_short(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = served(setting, &service, probe, Limits::default().close(LIMIT * 10));
    let mut peer = Peer::narrow(&server);
    let handle = events.open();
    handle.send(vec![4; 8 << 20]);
    handle.close();
    peer.expect([4]);
    handle.abort();
    let reason = events.close();
    assert!(matches!(reason, CloseReason::Local), "the first reason counts: {reason:?}");
    peer.receive_to_reset();
}

fn an_idle_session_is_closed(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let began = Instant::now();
    let server = served(setting, &service, probe, Limits::default().idle(SHORT));
    let mut peer = Peer::new(&server);
    peer.expect_end();
    assert!(began.elapsed() >= SHORT);
    drop(peer);
    let reason = events.close();
    assert!(matches!(reason, CloseReason::Timeout(Limit::Idle)), "{reason:?}");
}

/// Keeps a session busy for several times the idle limit, and tells how long it lived thereafter.
fn assert_postponed(setting: Setting, mut busy: impl FnMut(&mut Peer, &raw::Handle)) {
    let idle = Duration::from_millis(600);
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = served(setting, &service, probe.echo(), Limits::default().idle(idle));
    let mut peer = Peer::new(&server);
    let handle = events.open();
    let until = Instant::now() + idle * 3 / 2;
    while Instant::now() < until {
        busy(&mut peer, &handle);
    }
    let last = Instant::now();
    assert!(!events.rest().iter().any(|event| matches!(event, Event::Close(_))));
    peer.receive_to_end();
    drop(peer);
    let reason = events.close();
    assert!(matches!(reason, CloseReason::Timeout(Limit::Idle)), "{reason:?}");
    // The service looks at its clock when it polls, not at each byte.
    assert!(last.elapsed() >= idle - SHORT, "closed {:?} after the last byte", last.elapsed());
}

fn activity_postpones_the_idle_limit(setting: Setting) {
    assert_postponed(setting, |peer, _| {
        peer.exchange("busy");
        thread::sleep(Duration::from_millis(5));
    });
}

fn sending_alone_postpones_the_idle_limit(setting: Setting) {
    assert_postponed(setting, |peer, handle| {
        handle.send("busy");
        peer.expect("busy");
        thread::sleep(Duration::from_millis(5));
    });
}

fn without_an_idle_limit_nothing_is_closed(setting: Setting) {
    let service = setting.service();
    let (patient, events) = Probe::new();
    let patient = served(setting, &service, patient.echo(), Limits::default().idle(None));
    let (impatient, other_events) = Probe::new();
    let impatient = served(setting, &service, impatient, Limits::default().idle(SHORT * 2));
    let mut peer = Peer::new(&patient);
    events.open();
    Peer::new(&impatient).expect_end();
    other_events.close();
    assert!(events.rest().is_empty());
    peer.exchange("still here");
}

fn the_first_reason_counts(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let probe = probe.on_data(|session, _| {
        session.close();
        panic!("after the close");
    });
    let server = setting.serve(&service, probe.serve());
    let mut peer = Peer::new(&server);
    peer.send("x");
    let reason = events.close();
    assert!(matches!(reason, CloseReason::Local), "{reason:?}");
    peer.receive_to_reset();
}
