//! A panic in a callback closes its session, says so, and harms nobody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use sockeye::{CloseReason, Error, ErrorKind, Key, Limits, Server, Service, raw, server};

use crate::common::{Events, LIMIT, Peer, Probe, Served, Setting, bounded, eventually};
use crate::on_all_streams;

on_all_streams!(
    a_panic_in_on_open_closes_only_its_session,
    a_panic_in_on_data_closes_only_its_session,
    a_panic_in_on_sent_closes_only_its_session,
    a_panic_in_on_drain_closes_only_its_session,
    a_panic_in_on_end_closes_only_its_session,
    a_panic_in_a_posted_job_closes_only_its_session,
    a_panic_in_a_dispatched_job_closes_only_its_session,
    a_panic_in_on_close_is_told_and_on_close_does_not_come_again,
    a_panic_where_a_handler_is_dropped_is_contained,
    a_panic_where_a_sessions_value_is_dropped_is_contained,
    a_panic_with_a_value_that_is_no_text_is_told_too,
    who_waits_for_a_session_that_panics_is_told_at_once,
    what_a_panicking_callback_sent_is_not_sent,
);

struct Errors(Sender<Error>);

impl server::Events for Errors {
    fn on_error(&self, error: &Error) {
        let _ = self.0.send(error.clone());
    }
}

/// A server whose first session is the victim's; the others echo.
struct Scene {
    server: Served,
    victim: Peer,
    session: raw::Handle,
    events: Events,
    bystander: Peer,
    errors: Receiver<Error>,
}

impl Scene {
    fn new(setting: Setting, service: &Service, panicking: impl FnOnce(Probe) -> Probe) -> Self {
        let (probe, events) = Probe::new();
        let panicking = panicking(probe);
        let (other, _) = Probe::new();
        let other = other.echo();
        let count = AtomicUsize::new(0);
        let make = move |_: &_| match count.fetch_add(1, Ordering::SeqCst) {
            0 => panicking.clone(),
            _ => other.clone(),
        };
        let (told, errors) = channel();
        let builder = Server::builder(service, raw::server(make))
            .events(Errors(told))
            .limits(Limits::default().marks(0, 10));
        let server = setting.listen(builder);
        let victim = Peer::new(&server);
        let session = events.open();
        let mut bystander = Peer::new(&server);
        bystander.exchange("before");
        Self { server, victim, session, events, bystander, errors }
    }

    /// The session is closed for the panic, which is told; nobody else is harmed.
    fn assert_contained(mut self, said: &str) {
        let reason = self.events.close();
        let CloseReason::Panic(error) = &reason else { panic!("{reason:?}") };
        assert_eq!(error.kind(), ErrorKind::Panicked);
        assert!(error.to_string().contains(said), "{error}");
        assert!(!reason.is_clean());
        self.assert_told(said);
        self.victim.receive_to_reset();
        self.assert_others_live();
    }

    fn assert_told(&self, said: &str) {
        let error = self.errors.recv_timeout(LIMIT).unwrap();
        assert_eq!(error.kind(), ErrorKind::Panicked);
        assert!(error.to_string().contains(said), "{error}");
    }

    fn assert_others_live(mut self) {
        self.bystander.exchange("after");
        eventually("the session is gone", || self.server.connections() == 1);
        assert_eq!(self.server.sessions().len(), 1);
        assert!(!self.session.is_open());
        Peer::new(&self.server).exchange("somebody new");
        let service = self.server.service().clone();
        bounded("stop", move || service.stop()).unwrap();
        let more = self.events.rest();
        assert!(more.is_empty(), "nothing comes after on_close, but {more:?}");
        assert!(self.errors.try_recv().is_err(), "it is told once");
    }
}

fn a_panic_in_on_open_closes_only_its_session(setting: Setting) {
    let service = setting.service();
    let scene =
        Scene::new(setting, &service, |probe| probe.on_open(|_| panic!("wrong in on_open")));
    scene.assert_contained("wrong in on_open");
}

fn a_panic_in_on_data_closes_only_its_session(setting: Setting) {
    let service = setting.service();
    let act = |_: &mut raw::Session<'_>, data: &[u8]| panic!("wrong with {} bytes", data.len());
    let mut scene = Scene::new(setting, &service, |probe| probe.on_data(act));
    scene.victim.send("seven b");
    scene.assert_contained("wrong with 7 bytes");
}

fn a_panic_in_on_sent_closes_only_its_session(setting: Setting) {
    let service = setting.service();
    let scene =
        Scene::new(setting, &service, |probe| probe.on_sent(|_| panic!("wrong in on_sent")));
    scene.session.send("x");
    scene.assert_contained("wrong in on_sent");
}

fn a_panic_in_on_drain_closes_only_its_session(setting: Setting) {
    let service = setting.service();
    let scene =
        Scene::new(setting, &service, |probe| probe.on_drain(|_| panic!("wrong in on_drain")));
    scene.session.send("more than the high mark");
    scene.assert_contained("wrong in on_drain");
}

fn a_panic_in_on_end_closes_only_its_session(setting: Setting) {
    let service = setting.service();
    let scene = Scene::new(setting, &service, |probe| probe.on_end(|_| panic!("wrong in on_end")));
    scene.victim.finish();
    scene.assert_contained("wrong in on_end");
}

fn a_panic_in_a_posted_job_closes_only_its_session(setting: Setting) {
    let service = setting.service();
    let scene = Scene::new(setting, &service, |probe| probe);
    scene.session.post(|_| panic!("wrong in a job")).unwrap();
    scene.assert_contained("wrong in a job");
}

fn a_panic_in_a_dispatched_job_closes_only_its_session(setting: Setting) {
    let service = setting.service();
    let scene = Scene::new(setting, &service, |probe| probe);
    let session = scene.session.clone();
    // From a thread of the service, where it may run on the spot.
    service.post(move || drop(session.dispatch(|_| panic!("wrong in a dispatched job")))).unwrap();
    scene.assert_contained("wrong in a dispatched job");
}

fn a_panic_in_on_close_is_told_and_on_close_does_not_come_again(setting: Setting) {
    let service = setting.service();
    let mut scene =
        Scene::new(setting, &service, |probe| probe.on_close(|_| panic!("wrong in on_close")));
    scene.victim.finish();
    let reason = scene.events.close();
    assert!(matches!(reason, CloseReason::Remote), "{reason:?}");
    scene.victim.expect_end();
    scene.assert_told("wrong in on_close");
    scene.assert_others_live();
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        // Not beside another panic, which would end the process.
        assert!(std::thread::panicking(), "wrong in a drop");
    }
}

/// Each session has so many that panic when they are dropped.
fn assert_drops_are_contained(
    setting: Setting,
    service: &Service,
    protocol: raw::ServerProtocol,
    bombs: usize,
) {
    let (told, errors) = channel();
    let builder = Server::builder(service, protocol).events(Errors(told)).max_connections(1);
    let server = setting.listen(builder);
    for _ in 0..3 {
        // Where a session that ended so still counted, the next would be refused.
        let mut peer = Peer::new(&server);
        peer.exchange("hello");
        drop(peer);
        for _ in 0..bombs {
            let error = errors.recv_timeout(LIMIT).expect("the panic is told");
            assert!(error.to_string().contains("wrong in a drop"), "{error}");
        }
        eventually("the session is gone", || server.connections() == 0);
    }
    let service = service.clone();
    bounded("stop", move || service.stop()).unwrap();
}

fn a_panic_where_a_handler_is_dropped_is_contained(setting: Setting) {
    let service = setting.service();
    let protocol = raw::server(|_| {
        let bomb = Bomb;
        move |session: &mut raw::Session<'_>, data: &[u8]| {
            let _keep = &bomb;
            session.send(data);
        }
    });
    assert_drops_are_contained(setting, &service, protocol, 1);
}

fn a_panic_where_a_sessions_value_is_dropped_is_contained(setting: Setting) {
    let service = setting.service();
    let (probe, _events) = Probe::new();
    // One that panics beside the other would end the process.
    let probe = probe.echo().on_open(|session| {
        session.set(&Key::new("one"), Bomb);
        session.set(&Key::new("other"), Bomb);
    });
    assert_drops_are_contained(setting, &service, probe.serve(), 2);
}

fn a_panic_with_a_value_that_is_no_text_is_told_too(setting: Setting) {
    let service = setting.service();
    let scene = Scene::new(setting, &service, |probe| probe);
    scene.session.post(|_| std::panic::panic_any(17)).unwrap();
    scene.assert_contained("a callback panicked");
}

fn who_waits_for_a_session_that_panics_is_told_at_once(setting: Setting) {
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let server = setting.serve(&service, protocol);
    for _ in 0..20 {
        let _peer = Peer::new(&server);
        let handle = events.open();
        // While this job runs, all of the following get into the mailbox.
        let (go_on, wait) = channel::<()>();
        handle.post(move |_| _ = wait.recv_timeout(LIMIT)).unwrap();
        handle.post(|_| panic!("as the test wished")).unwrap();
        let flushed = handle.clone();
        let flushing = Arc::new(std::sync::Barrier::new(2));
        let begun = Arc::clone(&flushing);
        let waiting = std::thread::spawn(move || {
            begun.wait();
            flushed.flush(LIMIT * 10)
        });
        flushing.wait();
        go_on.send(()).unwrap();
        let flushed = bounded("flush", move || waiting.join().unwrap());
        assert_eq!(flushed.unwrap_err().kind(), ErrorKind::Closed);
    }
}

fn what_a_panicking_callback_sent_is_not_sent(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let probe = probe.on_data(|session, data| {
        session.send(data);
        panic!("after sending");
    });
    let server = setting.serve(&service, probe.serve());
    let mut peer = Peer::new(&server);
    peer.send("half a truth");
    events.close();
    assert!(peer.receive_to_reset().is_empty());
}
