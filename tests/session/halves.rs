//! Connections of which one side has finished sending, and the other has not.

use std::thread;

use sockeye::{CloseReason, Limits, Sent, Server};

use crate::common::{LIMIT, Peer, Probe, Random, Setting, eventually};
use crate::on_all_streams;

on_all_streams!(
    what_is_queued_at_the_peers_end_is_still_sent,
    finish_ends_sending_and_receiving_goes_on,
    finish_comes_after_what_is_queued,
    finish_by_a_posted_job_comes_after_what_the_handle_sent,
    a_session_kept_open_goes_on_sending_after_the_peers_end,
    a_session_kept_open_can_be_closed,
    a_session_that_has_finished_closes_at_the_peers_end_even_if_kept_open,
    a_session_kept_open_closes_when_it_finishes,
    a_kept_open_session_that_finishes_in_on_end_closes,
    both_ends_at_once_close_in_order,
);

#[track_caller]
fn assert_remote(reason: &CloseReason) {
    assert!(matches!(reason, CloseReason::Remote) && reason.is_clean(), "{reason:?}");
}

fn what_is_queued_at_the_peers_end_is_still_sent(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = setting.serve(&service, probe.echo().serve());
    let data = Random::new().bytes(2 << 20);
    let mut peer = Peer::narrow(&server);
    let mut writer = peer.another_handle();
    let sent = data.clone();
    let writing = thread::spawn(move || {
        writer.send(sent);
        writer.finish();
    });
    assert!(peer.receive_to_end() == data, "the whole echo");
    writing.join().unwrap();
    assert_remote(&events.close());
}

fn finish_ends_sending_and_receiving_goes_on(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let probe = probe.on_open(|session| {
        session.send("that is all");
        session.finish();
        assert_eq!(session.send("more"), Sent::Closed);
    });
    let server = setting.serve(&service, probe.serve());
    let mut peer = Peer::new(&server);
    let handle = events.open();
    assert_eq!(peer.receive_to_end(), b"that is all");
    let data = Random::new().bytes(200_000);
    peer.send(&data);
    assert!(events.data(data.len()) == data, "it still listens");
    assert_eq!(handle.send("more still"), Sent::Closed, "what it says it would not send");
    peer.finish();
    events.end();
    assert_remote(&events.close());
    peer.expect_end();
}

fn finish_comes_after_what_is_queued(setting: Setting) {
    let service = setting.service();
    let data = Random::new().bytes(3 << 20);
    let (probe, events) = Probe::new();
    let queued = data.clone();
    let probe = probe.on_open(move |session| {
        session.send(&queued);
        session.finish();
    });
    let server = setting.serve(&service, probe.serve());
    let mut peer = Peer::narrow(&server);
    assert!(peer.receive_to_end() == data);
    peer.send("thank you");
    assert_eq!(events.data(9), b"thank you");
    drop(peer);
    assert_remote(&events.close());
}

fn finish_by_a_posted_job_comes_after_what_the_handle_sent(setting: Setting) {
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let server = setting.serve(&service, protocol);
    let mut peer = Peer::new(&server);
    let handle = events.open();
    handle.send("the last words");
    handle.post(|session| session.finish()).unwrap();
    assert_eq!(peer.receive_to_end(), b"the last words");
    drop(peer);
    assert_remote(&events.close());
}

fn a_session_kept_open_goes_on_sending_after_the_peers_end(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = setting.serve(&service, probe.keep_open().serve());
    let mut peer = Peer::new(&server);
    let handle = events.open();
    peer.finish();
    events.end();
    for word in ["still ", "talking ", "to you"] {
        assert_eq!(handle.send(word), Sent::Queued);
        peer.expect(word);
    }
    assert_eq!(server.connections(), 1);
    handle.close();
    peer.expect_end();
    let reason = events.close();
    assert!(matches!(reason, CloseReason::Local), "{reason:?}");
}

fn a_session_kept_open_can_be_closed(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let data = Random::new().bytes(2 << 20);
    let queued = data.clone();
    let probe = probe.keep_open().on_end(move |session| {
        session.send(&queued);
        session.close();
    });
    let server = setting.serve(&service, probe.serve());
    let mut peer = Peer::narrow(&server);
    peer.finish();
    assert!(peer.receive_to_end() == data);
    let reason = events.close();
    assert!(matches!(reason, CloseReason::Local), "{reason:?}");
}

fn a_session_that_has_finished_closes_at_the_peers_end_even_if_kept_open(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server =
        setting.serve(&service, probe.keep_open().on_open(|session| session.finish()).serve());
    let mut peer = Peer::new(&server);
    events.open();
    peer.expect_end();
    peer.finish();
    assert_remote(&events.close());
    eventually("it is gone", || server.connections() == 0);
}

fn a_session_kept_open_closes_when_it_finishes(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = setting.serve(&service, probe.keep_open().serve());
    let mut peer = Peer::new(&server);
    let handle = events.open();
    peer.finish();
    events.end();
    handle.send("the last words");
    // "The session ends when it has finished too": neither side has anything more to say.
    handle.post(|session| session.finish()).unwrap();
    assert_eq!(peer.receive_to_end(), b"the last words");
    let reason = events.close();
    assert!(reason.is_clean(), "{reason:?}");
}

fn a_kept_open_session_that_finishes_in_on_end_closes(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let probe = probe.keep_open().on_end(|session| {
        session.send("the last words");
        session.finish();
    });
    let server = setting.serve(&service, probe.serve());
    let mut peer = Peer::new(&server);
    peer.finish();
    assert_eq!(peer.receive_to_end(), b"the last words");
    let reason = events.close();
    assert!(reason.is_clean(), "{reason:?}");
}

fn both_ends_at_once_close_in_order(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let limits = Limits::default().close(LIMIT * 10);
    let builder = Server::builder(&service, probe.serve()).limits(limits);
    let server = setting.listen(builder);
    for _ in 0..50 {
        let mut peer = Peer::new(&server);
        let handle = events.open();
        let closing = thread::spawn(move || handle.close());
        peer.finish();
        peer.expect_end();
        closing.join().unwrap();
        let reason = events.close();
        assert!(matches!(reason, CloseReason::Local | CloseReason::Remote), "{reason:?}");
    }
}
