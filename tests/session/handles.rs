//! What a handle asks of its session, and what it tells of it.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use sockeye::{ErrorKind, Limits, Server, raw};

use crate::common::{Design, Event, LIMIT, Peer, Probe, Served, Setting, eventually, narrow};
use crate::on_all_streams;

on_all_streams!(
    a_paused_session_reads_nothing_until_it_is_resumed,
    a_callback_pauses_its_session,
    the_last_word_on_pausing_counts,
    a_paused_session_still_sends,
    a_paused_session_can_be_closed,
    jobs_run_on_a_service_thread_in_the_order_posted,
    a_job_posted_in_a_callback_runs_after_it,
    a_dispatched_job_runs_on_the_spot_on_its_sessions_loop,
    a_job_dispatched_in_the_sessions_own_callback_runs_after_it,
    a_job_dispatched_from_a_foreign_thread_is_posted,
    too_many_jobs_are_refused,
    what_a_job_has_captured_is_dropped_with_the_session,
    addresses_are_those_of_the_connection,
    stats_count_one_session,
    activity_is_told,
);

/// Waits until what was asked of the session so far has been done.
fn sync(handle: &raw::Handle) {
    let (told, done) = channel();
    handle.post(move |_| _ = told.send(())).unwrap();
    done.recv_timeout(LIMIT).unwrap();
}

/// A server whose sessions' system buffers are small.
fn narrow_server(setting: Setting, service: &sockeye::Service, probe: Probe) -> Served {
    setting.listen(narrow(Server::builder(service, probe.serve())))
}

fn is_data(event: &Event) -> bool {
    matches!(event, Event::Data(_))
}

fn a_paused_session_reads_nothing_until_it_is_resumed(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = narrow_server(setting, &service, probe);
    let mut peer = Peer::narrow(&server);
    let handle = events.open();
    for _ in 0..3 {
        handle.pause();
        sync(&handle);
        let most = 64 << 20;
        let sent = peer.send_what_fits(most);
        assert!(sent < most, "nobody reads, so it does not all fit");
        sync(&handle);
        assert!(!events.rest().iter().any(is_data));
        handle.resume();
        assert_eq!(events.data(sent).len(), sent);
    }
}

fn a_callback_pauses_its_session(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let probe = probe.on_data(|session, _| session.pause());
    let server = narrow_server(setting, &service, probe);
    let mut peer = Peer::narrow(&server);
    let handle = events.open();
    peer.send("x");
    events.data(1);
    let sent = peer.send_what_fits(64 << 20);
    sync(&handle);
    assert!(!events.rest().iter().any(is_data));
    // Each read pauses it again.
    let mut got = 0;
    while got < sent {
        handle.post(|session| session.resume()).unwrap();
        got += events.data(1).len();
    }
    assert_eq!(got, sent);
}

fn the_last_word_on_pausing_counts(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = setting.serve(&service, probe.serve());
    let mut peer = Peer::new(&server);
    let handle = events.open();
    handle.resume();
    handle.pause();
    handle.resume();
    peer.send("read");
    assert_eq!(events.data(4), b"read");
    handle.pause();
    handle.resume();
    handle.pause();
    sync(&handle);
    peer.send("unread");
    sync(&handle);
    sync(&handle);
    assert!(!events.rest().iter().any(is_data));
    handle.resume();
    assert_eq!(events.data(6), b"unread");
}

fn a_paused_session_still_sends(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = setting.serve(&service, probe.on_open(|session| session.pause()).serve());
    let mut peer = Peer::new(&server);
    let handle = events.open();
    peer.send("unread");
    handle.send("sent all the same");
    peer.expect("sent all the same");
    assert!(!events.rest().iter().any(is_data));
}

fn a_paused_session_can_be_closed(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let probe = probe.on_open(|session| session.pause());
    let limits = Limits::default().close(LIMIT * 10);
    let builder = Server::builder(&service, probe.serve()).limits(limits);
    let server = setting.listen(builder);
    let mut peer = Peer::new(&server);
    let handle = events.open();
    peer.send([1; 100_000]);
    handle.send("good bye");
    handle.close();
    assert_eq!(peer.receive_to_end(), b"good bye");
    drop(peer);
    assert!(events.close().is_clean());
}

fn jobs_run_on_a_service_thread_in_the_order_posted(setting: Setting) {
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let server = setting.serve(&service, protocol);
    let _peer = Peer::new(&server);
    let handle = events.open();
    let (told, ran) = channel();
    for number in 0..1000 {
        let (told, service) = (told.clone(), service.clone());
        let job = move |_: &mut raw::Session<'_>| {
            let _ = told.send((number, service.is_service_thread()));
        };
        handle.post(job).unwrap();
    }
    for number in 0..1000 {
        assert_eq!(ran.recv_timeout(LIMIT), Ok((number, true)));
    }
}

/// Adds to a list that several callbacks share.
fn note(list: &Mutex<Vec<&'static str>>, what: &'static str) {
    list.lock().unwrap().push(what);
}

/// What is noted when a callback asks for a job and then ends.
fn noted(setting: Setting, ask: fn(&raw::Handle, Box<dyn FnOnce() + Send>)) -> Vec<&'static str> {
    let service = setting.service();
    let list = Arc::new(Mutex::new(Vec::new()));
    let (told, done) = channel();
    let (probe, _events) = Probe::new();
    let noting = Arc::clone(&list);
    let probe = probe.on_data(move |session, _| {
        note(&noting, "callback begins");
        let (noting_too, told) = (Arc::clone(&noting), told.clone());
        let job = move || {
            note(&noting_too, "job");
            let _ = told.send(());
        };
        ask(&session.handle(), Box::new(job));
        note(&noting, "callback ends");
    });
    let server = setting.serve(&service, probe.serve());
    let mut peer = Peer::new(&server);
    peer.send("x");
    done.recv_timeout(LIMIT).unwrap();
    service.stop().unwrap();
    std::mem::take(&mut list.lock().unwrap())
}

fn a_job_posted_in_a_callback_runs_after_it(setting: Setting) {
    let noted = noted(setting, |handle, job| handle.post(|_| job()).unwrap());
    assert_eq!(noted, ["callback begins", "callback ends", "job"]);
}

fn a_job_dispatched_in_the_sessions_own_callback_runs_after_it(setting: Setting) {
    let noted = noted(setting, |handle, job| handle.dispatch(|_| job()).unwrap());
    assert_eq!(noted, ["callback begins", "callback ends", "job"]);
}

fn a_dispatched_job_runs_on_the_spot_on_its_sessions_loop(setting: Setting) {
    // With one thread of a loop's own, every session is on the same loop.
    let service = match setting.design {
        Design::LoopPerThread => setting.with(1),
        Design::ThreadPool => setting.with(2),
    };
    let service = service.start().unwrap();
    let (probe, events) = Probe::new();
    let server = setting.serve(&service, probe.serve());
    let _peer = Peer::new(&server);
    let first = events.open();
    let mut other_peer = Peer::new(&server);
    let second = events.open();
    let on_the_spot = || {
        let (second, (told, ran)) = (second.clone(), channel());
        let dispatch = move |_: &mut raw::Session<'_>| {
            let there = thread::current().id();
            let (here, done) = channel();
            let job = move |session: &mut raw::Session<'_>| {
                session.send("done.");
                let _ = here.send(thread::current().id());
            };
            second.dispatch(job).unwrap();
            // Where it was posted, another thread runs it, or this one later.
            let _ = told.send(done.recv_timeout(Duration::from_millis(10)) == Ok(there));
        };
        first.post(dispatch).unwrap();
        ran.recv_timeout(LIMIT).unwrap()
    };
    // Its last turn may still be under way, or another be due, and it is posted then.
    eventually("it runs on the spot", on_the_spot);
    other_peer.expect("done.");
}

fn a_job_dispatched_from_a_foreign_thread_is_posted(setting: Setting) {
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let server = setting.serve(&service, protocol);
    let _peer = Peer::new(&server);
    let handle = events.open();
    let (told, ran) = channel();
    handle.dispatch(move |_| _ = told.send(thread::current().id())).unwrap();
    assert_ne!(ran.recv_timeout(LIMIT).unwrap(), thread::current().id());
}

fn too_many_jobs_are_refused(setting: Setting) {
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let limits = Limits::default().jobs(4);
    let server = setting.listen(Server::builder(&service, protocol).limits(limits));
    let mut peer = Peer::new(&server);
    let handle = events.open();
    for _ in 0..3 {
        let (go_on, wait) = channel::<()>();
        let (told, begun) = channel();
        let hold = move |_: &mut raw::Session<'_>| {
            let _ = told.send(());
            let _ = wait.recv_timeout(LIMIT);
        };
        handle.post(hold).unwrap();
        begun.recv_timeout(LIMIT).unwrap();
        for _ in 0..4 {
            handle.post(|session| _ = session.send("x")).unwrap();
        }
        assert_eq!(handle.post(|_| ()).unwrap_err().kind(), ErrorKind::LimitReached);
        assert!(handle.send("y").is_queued(), "messages are bounded otherwise");
        go_on.send(()).unwrap();
        peer.expect("xxxxy");
    }
}

fn what_a_job_has_captured_is_dropped_with_the_session(setting: Setting) {
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let server = setting.serve(&service, protocol);
    let _peer = Peer::new(&server);
    let handle = events.open();
    let value = Arc::new(());
    let (go_on, wait) = channel::<()>();
    handle.post(move |_| _ = wait.recv_timeout(LIMIT)).unwrap();
    handle.abort();
    for _ in 0..10 {
        let value = Arc::clone(&value);
        // Behind the abort: whether it runs or not, what it holds goes.
        let _ = handle.post(move |_| drop(value));
    }
    go_on.send(()).unwrap();
    events.close();
    eventually("nobody holds it", || Arc::strong_count(&value) == 1);
}

fn addresses_are_those_of_the_connection(setting: Setting) {
    let service = setting.service();
    let (told, seen) = channel();
    let (probe, events) = Probe::new();
    let probe = probe.on_open(move |session| {
        let _ = told.send((session.local_addr(), session.peer_addr(), session.id()));
    });
    let server = setting.serve(&service, probe.serve());
    let peer = Peer::new(&server);
    let (local, remote, id) = seen.recv_timeout(LIMIT).unwrap();
    assert_eq!(local, Some(server.local_addr()));
    assert_eq!(remote, Some(peer.endpoint()));
    let handle = events.open();
    assert_eq!((handle.id(), handle.peer_addr()), (id, remote.clone()));
    drop(peer);
    events.close();
    assert_eq!(handle.peer_addr(), remote, "it is still known");
}

fn stats_count_one_session(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = setting.serve(&service, probe.echo().serve());
    let mut peer = Peer::new(&server);
    let handle = events.open();
    assert_eq!(handle.stats(), sockeye::Stats::default());
    let mut other = Peer::new(&server);
    other.exchange([1; 500]);
    for _ in 0..10 {
        peer.exchange([1; 100]);
    }
    eventually("all is counted", || handle.stats().bytes_sent == 1000);
    let stats = handle.stats();
    assert_eq!((stats.bytes_received, stats.messages_received), (1000, 10));
    assert_eq!((stats.messages_sent, stats.dropped), (10, 0));
    drop(peer);
    events.close();
    assert_eq!(handle.stats(), stats, "they outlive it");
    eventually("the other's are counted", || server.metrics().stats.bytes_received == 1500);
}

fn activity_is_told(setting: Setting) {
    let before = Instant::now();
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = setting.serve(&service, probe.echo().serve());
    let mut peer = Peer::new(&server);
    let handle = events.open();
    let connected = handle.connected_at().unwrap();
    let first = handle.last_activity().unwrap();
    // Both to some milliseconds.
    let slack = Duration::from_millis(20);
    assert!(connected + slack >= before && connected <= Instant::now() + slack);
    assert!(first + slack >= connected);
    eventually("the activity moves on", || {
        peer.exchange("x");
        handle.last_activity().unwrap() > first
    });
    assert_eq!(handle.connected_at(), Some(connected));
}
