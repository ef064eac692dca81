//! Which callbacks come, in which order, and what they may do.

use std::thread;
use std::time::Duration;

use sockeye::{CloseReason, Limits, Sent, Server, raw};

use crate::common::{Echo, Event, LIMIT, Peer, Probe, Random, Setting, ask, eventually};
use crate::on_all_streams;

on_all_streams!(
    callbacks_come_in_order_and_close_comes_once,
    closures_are_handlers,
    random_sizes_are_echoed,
    the_smallest_read_budget_changes_nothing_but_the_pace,
    a_peer_that_is_gone_at_once_gets_its_open_and_its_close,
    data_that_came_before_the_end_is_handed_out_first,
    nothing_is_handed_out_after_a_close,
    what_on_open_sends_comes_first,
    in_on_close_everything_is_refused,
    on_sent_tells_how_much_and_what_is_left,
    each_session_has_a_handler_of_its_own,
    callbacks_of_one_session_never_overlap,
);

fn callbacks_come_in_order_and_close_comes_once(setting: Setting) {
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let server = setting.serve(&service, protocol);
    let mut peer = Peer::new(&server);
    let Event::Open(handle) = events.next() else { panic!("on_open comes first") };
    for word in ["one", "two", "three"] {
        peer.send(word);
        let Event::Data(data) = events.next() else { panic!("then on_data") };
        assert_eq!(data, word.as_bytes());
    }
    peer.finish();
    assert!(matches!(events.next(), Event::End));
    assert!(matches!(events.next(), Event::Close(CloseReason::Remote)));
    peer.expect_end();
    eventually("the handle knows", || !handle.is_open());
    service.stop().unwrap();
    assert!(events.rest().is_empty(), "on_close is the last, and comes once");
}

fn closures_are_handlers(setting: Setting) {
    let service = setting.service();
    let protocol = raw::server(|_| {
        let mut count = 0;
        move |session: &mut raw::Session<'_>, data: &[u8]| {
            count += data.len();
            session.send(count.to_string());
        }
    });
    let server = setting.serve(&service, protocol);
    let mut peer = Peer::new(&server);
    peer.send("12345");
    peer.expect("5");
    peer.send("12345");
    peer.expect("10");
}

fn random_sizes_are_echoed(setting: Setting) {
    let service = setting.service();
    let server = setting.serve(&service, raw::server(|_| Echo));
    let mut random = Random::new();
    for _ in 0..4 {
        let mut peer = Peer::new(&server);
        let mut messages: Vec<_> = (0..20)
            .map(|_| {
                let most = [16, 2000, 100_000][random.below(3)];
                let size = 1 + random.below(most);
                random.bytes(size)
            })
            .collect();
        messages.push(random.bytes((1 << 20) + 12_345));
        let mut writer = peer.another_handle();
        let sent = messages.concat();
        let writing =
            thread::spawn(move || messages.iter().for_each(|message| writer.send(message)));
        peer.expect(sent);
        writing.join().unwrap();
    }
}

fn the_smallest_read_budget_changes_nothing_but_the_pace(setting: Setting) {
    let service = setting.service();
    let limits = Limits::default().read_budget(1);
    let builder = Server::builder(&service, raw::server(|_| Echo)).limits(limits);
    let server = setting.listen(builder);
    let data = Random::new().bytes(1 << 20);
    let mut peer = Peer::new(&server);
    let mut writer = peer.another_handle();
    let sent = data.clone();
    let writing = thread::spawn(move || {
        writer.send(sent);
        writer.finish();
    });
    assert!(peer.receive_to_end() == data);
    writing.join().unwrap();
}

fn a_peer_that_is_gone_at_once_gets_its_open_and_its_close(setting: Setting) {
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let server = setting.serve(&service, protocol);
    for _ in 0..50 {
        drop(Peer::new(&server));
    }
    let (mut opened, mut closed) = (0, 0);
    while closed < 50 {
        match events.next() {
            Event::Open(_) => opened += 1,
            Event::Close(_) => closed += 1,
            Event::End => {}
            other => panic!("{other:?}"),
        }
        assert!(closed <= opened);
    }
    assert_eq!(opened, 50);
}

fn data_that_came_before_the_end_is_handed_out_first(setting: Setting) {
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let server = setting.serve(&service, protocol);
    let mut random = Random::new();
    for size in [1, 65_535, 65_536, 65_537, 300_000] {
        let data = random.bytes(size);
        let mut peer = Peer::new(&server);
        peer.send(&data);
        drop(peer);
        let mut got = Vec::new();
        let reason = events.wait(|event| match event {
            Event::Data(data) => {
                got.extend(data);
                None
            }
            Event::Close(reason) => Some(reason),
            _ => None,
        });
        assert!(got == data, "{} of {size} bytes", got.len());
        assert!(matches!(reason, CloseReason::Remote), "{reason:?}");
    }
}

fn nothing_is_handed_out_after_a_close(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let probe = probe.on_data(|session, data| {
        session.close();
        assert_eq!(session.send(data), Sent::Closed);
    });
    let server = setting.serve(&service, probe.serve());
    let mut peer = Peer::new(&server);
    peer.send("the first");
    peer.expect_end();
    // It goes on for a while, and its own end comes last.
    peer.send([1; 100_000]);
    drop(peer);
    let mut data = 0;
    let reason = events.wait(|event| match event {
        Event::Data(_) => {
            data += 1;
            None
        }
        Event::Close(reason) => Some(reason),
        _ => None,
    });
    assert_eq!(data, 1);
    assert!(matches!(reason, CloseReason::Local), "{reason:?}");
}

fn what_on_open_sends_comes_first(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let probe = probe.echo().on_open(|session| {
        session.send("welcome ");
    });
    let server = setting.serve(&service, probe.serve());
    for _ in 0..20 {
        let mut peer = Peer::new(&server);
        peer.send("echo ");
        events.open().send("handle ");
        let said = String::from_utf8(peer.receive("welcome echo handle ".len())).unwrap();
        assert!(said.starts_with("welcome "), "{said}");
        assert!(said.contains("echo ") && said.contains("handle "), "{said}");
    }
}

fn in_on_close_everything_is_refused(setting: Setting) {
    let service = setting.service();
    let (told, answers) = std::sync::mpsc::channel();
    let (probe, _events) = Probe::new();
    let group = raw::Group::new(&service);
    let probe = probe.on_close(move |session| {
        let handle = session.handle();
        let refused = [session.send("x"), handle.send("x")] == [Sent::Closed; 2];
        let posted = handle.post(|_| ()).is_ok();
        let joined = session.join(&group);
        let _ = told.send((refused, posted, joined, handle.is_open()));
    });
    let server = setting.serve(&service, probe.serve());
    drop(Peer::new(&server));
    assert_eq!(answers.recv_timeout(LIMIT), Ok((true, false, false, false)));
}

fn on_sent_tells_how_much_and_what_is_left(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let total = 4 << 20;
    let probe = probe.on_open(move |session| {
        session.send(vec![5; total]);
    });
    let server = setting.serve(&service, probe.serve());
    let mut peer = Peer::narrow(&server);
    let reading = thread::spawn(move || peer.receive(total));
    let (mut told, mut left) = (0, total);
    while left > 0 {
        let (sent, pending) = events.wait(|event| match event {
            Event::Sent { sent, pending } => Some((sent, pending)),
            _ => None,
        });
        assert!(sent > 0);
        told += sent;
        assert_eq!(told + pending, total);
        left = pending;
    }
    assert_eq!(reading.join().unwrap().len(), total);
}

fn each_session_has_a_handler_of_its_own(setting: Setting) {
    let service = setting.service();
    let protocol = raw::server(|peer| {
        let mut said = format!("{peer}:").into_bytes();
        move |session: &mut raw::Session<'_>, data: &[u8]| {
            said.extend_from_slice(data);
            session.send(&said);
        }
    });
    let server = setting.serve(&service, protocol);
    let mut peers: Vec<Peer> = (0..10).map(|_| Peer::new(&server)).collect();
    for round in 1..=3 {
        for peer in &mut peers {
            peer.send("x");
            peer.expect(format!("{}:{}", peer.endpoint(), "x".repeat(round)));
        }
    }
}

fn callbacks_of_one_session_never_overlap(setting: Setting) {
    let service = setting.with(4).start().unwrap();
    let (told, overlaps) = std::sync::mpsc::channel();
    let (probe, events) = Probe::new();
    let busy = std::sync::atomic::AtomicBool::new(false);
    let busy = std::sync::Arc::new(busy);
    let enter = move || {
        let order = std::sync::atomic::Ordering::SeqCst;
        let _ = told.send(busy.swap(true, order));
        thread::sleep(Duration::from_micros(50));
        busy.store(false, order);
    };
    let enter_too = enter.clone();
    let probe = probe.on_data(move |_, _| enter());
    let server = setting.serve(&service, probe.serve());
    let mut peer = Peer::new(&server);
    let handle = events.open();
    for _ in 0..200 {
        peer.send("x");
        let enter = enter_too.clone();
        handle.post(move |_| enter()).unwrap();
    }
    events.data(200);
    // A job that waits when the session closes is dropped.
    ask(&handle, |_| ());
    drop(enter_too);
    drop(peer);
    events.close();
    drop(server);
    service.stop().unwrap();
    let overlaps: Vec<bool> = overlaps.try_iter().collect();
    assert!(overlaps.len() > 200, "{} turns", overlaps.len());
    assert!(overlaps.iter().all(|overlap| !overlap));
}
