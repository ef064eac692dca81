//! A peer that cuts the connection, in every state in which a session can be.

use std::sync::mpsc::channel;

use sockeye::{CloseReason, Limits, Server, Service};

use crate::common::{
    Event, Events, LIMIT, Peer, Probe, Random, Served, Setting, eventually, narrow,
};
use crate::on_streams_with_resets;

on_streams_with_resets!(
    a_reset_of_an_open_session_is_noticed,
    a_reset_behind_data_is_noticed_and_the_data_is_not_doubled,
    a_reset_while_much_is_queued_is_noticed,
    a_reset_while_reading_waits_for_room_is_noticed,
    a_reset_of_a_paused_session_is_noticed,
    a_reset_of_a_paused_session_with_unread_data_is_noticed,
    a_reset_of_a_session_that_has_finished_is_noticed,
    a_reset_after_the_peers_end_is_noticed,
    a_reset_in_the_middle_of_a_close_ends_it,
    a_reset_in_the_middle_of_a_callback_is_noticed,
    many_resets_at_random_moments_close_each_session_once,
);

fn served(setting: Setting, service: &Service, probe: Probe) -> Served {
    let limits = Limits::default().idle(None).close(LIMIT * 10);
    setting.listen(narrow(Server::builder(service, probe.serve()).limits(limits)))
}

#[track_caller]
fn assert_reset(server: &Server, events: &Events) {
    let reason = events.close();
    assert!(matches!(reason, CloseReason::Reset) && !reason.is_clean(), "{reason:?}");
    assert_gone(server, events);
}

#[track_caller]
fn assert_gone(server: &Server, events: &Events) {
    eventually("the session is gone", || server.connections() == 0);
    server.service().stop().unwrap();
    assert!(events.rest().is_empty(), "on_close is the last, and comes once");
}

fn a_reset_of_an_open_session_is_noticed(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = served(setting, &service, probe);
    let peer = Peer::new(&server);
    events.open();
    peer.reset();
    assert_reset(&server, &events);
}

fn a_reset_behind_data_is_noticed_and_the_data_is_not_doubled(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = served(setting, &service, probe);
    let mut peer = Peer::new(&server);
    events.open();
    peer.send("the last words");
    peer.reset();
    let mut got = Vec::new();
    let reason = events.wait(|event| match event {
        Event::Data(data) => {
            got.extend(data);
            None
        }
        Event::Close(reason) => Some(reason),
        _ => None,
    });
    // A reset may overtake what was sent before; it may not bring more than that.
    assert!(b"the last words".starts_with(&got), "{got:?}");
    assert!(matches!(reason, CloseReason::Reset), "{reason:?}");
    assert_gone(&server, &events);
}

fn a_reset_while_much_is_queued_is_noticed(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = served(setting, &service, probe);
    let mut peer = Peer::narrow(&server);
    let handle = events.open();
    assert!(handle.send(vec![1; 500_000]).is_queued());
    peer.expect([1]);
    assert!(handle.pending() > 0);
    peer.reset();
    assert_reset(&server, &events);
}

fn a_reset_while_reading_waits_for_room_is_noticed(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = served(setting, &service, probe.echo());
    let mut peer = Peer::narrow(&server);
    let handle = events.open();
    // Above the high mark, so that the session does not read, though there is something to read.
    assert!(handle.send(vec![1; 4 << 20]).is_queued());
    peer.expect([1]);
    peer.send([2; 1000]);
    peer.reset();
    assert_reset(&server, &events);
}

fn a_reset_of_a_paused_session_is_noticed(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = served(setting, &service, probe.on_open(|session| session.pause()));
    let peer = Peer::new(&server);
    events.open();
    peer.reset();
    assert_reset(&server, &events);
}

fn a_reset_of_a_paused_session_with_unread_data_is_noticed(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = served(setting, &service, probe);
    let mut peer = Peer::new(&server);
    let handle = events.open();
    handle.pause();
    let (told, obeyed) = channel();
    handle.post(move |_| _ = told.send(())).unwrap();
    obeyed.recv_timeout(LIMIT).unwrap();
    peer.send("unread");
    peer.reset();
    assert_reset(&server, &events);
}

fn a_reset_of_a_session_that_has_finished_is_noticed(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = served(setting, &service, probe.on_open(|session| session.finish()));
    let mut peer = Peer::new(&server);
    events.open();
    peer.expect_end();
    peer.reset();
    assert_reset(&server, &events);
}

fn a_reset_after_the_peers_end_is_noticed(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = served(setting, &service, probe.keep_open());
    let peer = Peer::new(&server);
    events.open();
    peer.finish();
    events.end();
    peer.reset();
    assert_reset(&server, &events);
}

fn a_reset_in_the_middle_of_a_close_ends_it(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = served(setting, &service, probe);
    let mut peer = Peer::narrow(&server);
    let handle = events.open();
    handle.send(vec![1; 500_000]);
    handle.close();
    peer.expect([1]);
    peer.reset();
    let reason = events.close();
    assert!(matches!(reason, CloseReason::Local), "the first reason counts: {reason:?}");
    assert_gone(&server, &events);
}

fn a_reset_in_the_middle_of_a_callback_is_noticed(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let (go_on, wait) = channel();
    let wait = std::sync::Mutex::new(wait);
    let probe = probe.on_data(move |session, data| {
        wait.lock().unwrap().recv_timeout(LIMIT).unwrap();
        session.send(data);
    });
    let server = served(setting, &service, probe);
    let mut peer = Peer::new(&server);
    let handle = events.open();
    peer.send("x");
    events.data(1);
    peer.reset();
    go_on.send(()).unwrap();
    assert_reset(&server, &events);
    assert!(!handle.is_open());
}

fn many_resets_at_random_moments_close_each_session_once(setting: Setting) {
    let service = setting.service();
    let (told, happened) = channel();
    let closed = told.clone();
    let (probe, _events) = Probe::new();
    let probe = probe
        .echo()
        .on_open(move |session| _ = told.send((session.id(), true)))
        .on_close(move |session| _ = closed.send((session.id(), false)));
    let server = served(setting, &service, probe);
    let mut random = Random::new();
    let mut peers = Vec::new();
    for _ in 0..200 {
        let mut peer = Peer::new(&server);
        let size = 1 + random.below(5000);
        peer.send(random.bytes(size));
        peers.push(peer);
        while peers.len() > random.below(10) {
            let index = random.below(peers.len());
            let mut peer = peers.swap_remove(index);
            match random.below(4) {
                0 => drop(peer),
                1 => peer.reset(),
                2 => {
                    peer.receive(1);
                    peer.reset();
                }
                _ => {
                    peer.finish();
                    peer.reset();
                }
            }
        }
    }
    drop(peers);
    eventually("all are gone", || server.connections() == 0);
    service.stop().unwrap();
    let mut open = std::collections::HashSet::new();
    for (id, opened) in happened.try_iter() {
        assert!(if opened { open.insert(id) } else { open.remove(&id) }, "in turn");
    }
    assert!(open.is_empty(), "each has been closed");
    assert_eq!(server.metrics().begun, 200);
}
