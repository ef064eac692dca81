//! Values that are attached to sessions: who finds them, and until when.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use sockeye::{Key, raw};

use crate::common::{LIMIT, Peer, Probe, Setting, ask, bounded, eventually};
use crate::on_all_streams;

on_all_streams!(
    a_value_is_found_by_type_and_name,
    each_session_has_its_own_values,
    any_thread_sets_gets_and_removes,
    a_value_can_be_changed_in_place,
    values_are_dropped_with_the_session,
    values_are_still_there_in_on_close,
    a_closed_session_keeps_nothing,
    dropping_a_value_may_use_its_session,
);

static NAME: Key<String> = Key::new("name");
static NUMBER: Key<u64> = Key::new("number");

/// Tells when it is dropped.
struct Tell(Sender<()>);

impl Drop for Tell {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

fn a_value_is_found_by_type_and_name(setting: Setting) {
    const SAME: Key<String> = Key::new("name");
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let server = setting.serve(&service, protocol);
    let _peer = Peer::new(&server);
    ask(&events.open(), |session| {
        assert!(session.set(&NAME, String::from("Ada")).is_none());
        assert_eq!(session.get(&SAME).as_deref().map(String::as_str), Some("Ada"));
        assert_eq!(session.get(&Key::<String>::new("names")), None);
        assert_eq!(session.get(&Key::<&str>::new("name")), None);
        assert_eq!(session.set(&Key::new("name"), 5_u64), None, "it is another key");
        let replaced = session.set(&SAME, String::from("Grace"));
        assert_eq!(replaced.as_deref().map(String::as_str), Some("Ada"));
        assert_eq!(session.remove(&NUMBER), None);
        assert_eq!(session.remove(&NAME).as_deref().map(String::as_str), Some("Grace"));
        assert_eq!((session.remove(&NAME), session.get(&NAME)), (None, None));
        assert_eq!(session.get(&Key::<u64>::new("name")).as_deref(), Some(&5));
    });
}

fn each_session_has_its_own_values(setting: Setting) {
    let service = setting.service();
    let (probe, _events) = Probe::new();
    let probe = probe.on_data(|session, data| {
        let so_far = session.get(&NUMBER).map_or(0, |number| *number);
        session.set(&NUMBER, so_far + data.len() as u64);
        session.send(session.get(&NUMBER).unwrap().to_string());
    });
    let server = setting.serve(&service, probe.serve());
    let (mut one, mut other) = (Peer::new(&server), Peer::new(&server));
    for (peer, said, answer) in [(0, "xx", "2"), (1, "x", "1"), (0, "x", "3"), (1, "x", "2")] {
        let peer = [&mut one, &mut other].into_iter().nth(peer).unwrap();
        peer.send(said);
        peer.expect(answer);
    }
}

fn any_thread_sets_gets_and_removes(setting: Setting) {
    const KEYS: [Key<usize>; 4] = [Key::new("0"), Key::new("1"), Key::new("2"), Key::new("3")];
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let server = setting.serve(&service, protocol);
    let _peer = Peer::new(&server);
    let handle = events.open();
    assert!(handle.set(&NAME, String::from("from outside")).is_none());
    let seen = ask(&handle, |session| session.get(&NAME));
    assert_eq!(seen.as_deref().map(String::as_str), Some("from outside"));
    let work = |key: Key<usize>| {
        let handle = handle.clone();
        move || {
            for number in 0..500 {
                assert_eq!(handle.set(&key, number), None);
                assert_eq!(handle.get(&key).as_deref(), Some(&number));
                assert_eq!(handle.remove(&key).as_deref(), Some(&number));
                assert_eq!(handle.get(&key), None);
            }
        }
    };
    let workers: Vec<_> = KEYS.map(|key| thread::spawn(work(key))).into_iter().collect();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    assert!(handle.get(&NAME).is_some());
}

fn a_value_can_be_changed_in_place(setting: Setting) {
    static SAID: Key<Mutex<Vec<u8>>> = Key::new("said");
    let service = setting.service();
    let (probe, events) = Probe::new();
    let probe = probe
        .on_open(|session| drop(session.set(&SAID, Mutex::default())))
        .on_data(|session, data| session.get(&SAID).unwrap().lock().unwrap().extend(data));
    let server = setting.serve(&service, probe.serve());
    let mut peer = Peer::new(&server);
    let handle = events.open();
    peer.send("all that it has said");
    let said = || handle.get(&SAID).is_some_and(|said| said.lock().unwrap().len() == 20);
    eventually("all is there", said);
}

fn values_are_dropped_with_the_session(setting: Setting) {
    let service = setting.service();
    let (told, dropped) = channel();
    let (probe, events) = Probe::new();
    let kept = told.clone();
    let probe = probe.on_open(move |session| {
        session.set(&Key::new("tells"), Tell(told.clone()));
        session.set(&Key::new("kept"), Tell(kept.clone()));
    });
    let server = setting.serve(&service, probe.serve());
    let peer = Peer::new(&server);
    let handle = events.open();
    let kept = ask(&handle, |session| session.get(&Key::<Tell>::new("kept")));
    assert!(dropped.try_recv().is_err());
    drop(peer);
    dropped.recv_timeout(LIMIT).expect("though a handle is kept");
    assert!(dropped.try_recv().is_err(), "what is in use is not");
    assert!(handle.get(&Key::<Tell>::new("kept")).is_none());
    drop(kept);
    dropped.recv_timeout(LIMIT).expect("nobody uses it any more");
}

fn values_are_still_there_in_on_close(setting: Setting) {
    let service = setting.service();
    let (told, seen) = channel();
    let (probe, _events) = Probe::new();
    let probe = probe
        .on_open(|session| drop(session.set(&NAME, String::from("a text"))))
        .on_close(move |session| drop(told.send((session.get(&NAME), session.handle()))));
    let server = setting.serve(&service, probe.serve());
    drop(Peer::new(&server));
    let (value, handle) = seen.recv_timeout(LIMIT).unwrap();
    assert_eq!(value.as_deref().map(String::as_str), Some("a text"));
    eventually("it goes with the session", || handle.get(&NAME).is_none());
}

fn a_closed_session_keeps_nothing(setting: Setting) {
    let service = setting.service();
    let (told, dropped) = channel();
    let (late, late_dropped) = channel();
    let (probe, events) = Probe::new();
    let probe = probe.on_close(move |session| {
        session.set(&Key::new("late"), Tell(late.clone()));
    });
    let server = setting.serve(&service, probe.serve());
    let peer = Peer::new(&server);
    let handle = events.open();
    drop(peer);
    late_dropped.recv_timeout(LIMIT).expect("what on_close attaches is dropped behind it");
    eventually("it is gone", || server.connections() == 0);
    assert!(handle.set(&Key::new("tells"), Tell(told)).is_none());
    dropped.try_recv().expect("at once");
    assert!(handle.get(&Key::<Tell>::new("tells")).is_none());
    assert!(handle.remove(&Key::<Tell>::new("tells")).is_none());
}

fn dropping_a_value_may_use_its_session(setting: Setting) {
    struct Uses(raw::Handle, Sender<Option<Arc<String>>>);
    impl Drop for Uses {
        fn drop(&mut self) {
            self.0.set(&NUMBER, 1);
            let _ = self.1.send(self.0.get(&NAME));
        }
    }
    static USES: Key<Uses> = Key::new("uses");
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let server = setting.serve(&service, protocol);
    let peer = Peer::new(&server);
    let handle = events.open();
    let (told, seen) = channel();
    handle.set(&NAME, String::from("Ada"));
    let (user, replacing) = (handle.clone(), told.clone());
    bounded("replacing it", move || {
        user.set(&USES, Uses(user.clone(), replacing.clone()));
        user.set(&USES, Uses(user.clone(), replacing));
    });
    assert!(seen.recv_timeout(LIMIT).unwrap().is_some());
    assert_eq!(handle.get(&NUMBER).as_deref(), Some(&1));
    drop(peer);
    assert_eq!(seen.recv_timeout(LIMIT).unwrap(), None, "all are taken out before one is dropped");
    bounded("dropping it at once", move || handle.set(&USES, Uses(handle.clone(), told)));
    assert_eq!(seen.recv_timeout(LIMIT).unwrap(), None);
}
