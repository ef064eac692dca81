//! `Overflow::Wait`: whoever can wait does, and nothing is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use sockeye::{CloseReason, ErrorKind, Limits, Sent, Server};

use crate::common::{Event, LIMIT, Peer, Probe, Random, SHORT, Setting, bounded};
use crate::{ask, on_all_streams, served};

on_all_streams!(
    an_echo_that_ignores_every_answer_is_bounded_and_loses_nothing,
    an_echo_with_a_queue_smaller_than_a_read_loses_nothing,
    a_peer_that_does_not_read_is_not_read_from,
    a_foreign_thread_meets_the_bound_and_waits_for_room,
    many_threads_wait_for_room_and_lose_nothing,
    a_message_larger_than_the_queue_never_fits,
    flush_waits_for_the_peer_to_read,
    who_waits_is_told_when_the_session_ends,
    a_callback_that_goes_on_sending_meets_the_bound,
    a_flood_does_not_starve_others,
);

const HIGH: usize = 64 << 10;

/// The most that a worker reads at once.
const READ: usize = 64 << 10;

fn an_echo_that_ignores_every_answer_is_bounded_and_loses_nothing(setting: Setting) {
    let service = setting.service();
    let most = Arc::new(AtomicUsize::new(0));
    let (told, congested) = channel();
    let (probe, events) = Probe::new();
    let seen = Arc::clone(&most);
    let probe = probe.on_data(move |session, data| {
        let sent = session.send(data);
        seen.fetch_max(session.pending(), Ordering::Relaxed);
        if sent == Sent::Congested {
            let _ = told.send(());
        }
    });
    let limits = Limits::default().queue(256 << 10).marks(32 << 10, HIGH);
    let server = served(setting, &service, probe, limits);
    let data = Random::new().bytes(4 << 20);
    let mut peer = Peer::narrow(&server);
    let mut writer = peer.another_handle();
    let sent = data.clone();
    let writing = thread::spawn(move || writer.send(sent));
    congested.recv_timeout(LIMIT).expect("the peer does not read");
    peer.expect(&data);
    writing.join().unwrap();
    let most = most.load(Ordering::Relaxed);
    assert!((HIGH..=HIGH + READ).contains(&most), "{most} bytes were queued");
    assert!(!events.rest().iter().any(|event| matches!(event, Event::Close(_))));
}

fn an_echo_with_a_queue_smaller_than_a_read_loses_nothing(setting: Setting) {
    let service = setting.service();
    for queue in [1, 1000, READ - 1] {
        let (probe, events) = Probe::new();
        let probe = probe.echo();
        let server = served(setting, &service, probe, Limits::default().queue(queue));
        let data = Random::new().bytes(if queue == 1 { 2000 } else { 300_000 });
        let mut peer = Peer::narrow(&server);
        let mut writer = peer.another_handle();
        let sent = data.clone();
        let writing = thread::spawn(move || {
            writer.send(sent);
            writer.finish();
        });
        assert!(peer.receive_to_end() == data, "the whole echo");
        writing.join().unwrap();
        assert!(matches!(events.close(), CloseReason::Remote));
    }
}

fn a_peer_that_does_not_read_is_not_read_from(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = served(setting, &service, probe, Limits::default().marks(1000, 2000));
    let mut peer = Peer::narrow(&server);
    let handle = events.open();
    let queued = 1 << 20;
    assert_eq!(ask(&handle, move |session| session.send(vec![1; queued])), Sent::Congested);
    let sent = peer.send_what_fits(64 << 20);
    assert!(sent < 64 << 20, "nobody reads it");
    ask(&handle, |_| ());
    assert!(!events.rest().iter().any(|event| matches!(event, Event::Data(_))));
    // When it reads, so does the session.
    assert_eq!(peer.receive(queued).len(), queued);
    assert_eq!(events.data(sent).len(), sent);
}

fn a_foreign_thread_meets_the_bound_and_waits_for_room(setting: Setting) {
    let limit = 200_000;
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server =
        served(setting, &service, probe, Limits::default().queue(limit).marks(50_000, 100_000));
    let mut peer = Peer::narrow(&server);
    let handle = events.open();
    let mut random = Random::new();
    let mut accepted = Vec::new();
    let mut full = 0;
    // Some more are taken after the first refusal, as the system takes some from the queue.
    while full < 10 {
        let message = random.bytes(4096);
        match handle.send(&message) {
            Sent::Full => full += 1,
            sent => {
                assert!(sent.is_queued(), "{sent:?}");
                accepted.extend(message);
            }
        }
        assert!(handle.pending() <= limit, "{} bytes are queued", handle.pending());
        ask(&handle, |_| ());
    }
    let late = handle.send_within(vec![0; limit / 2], SHORT).unwrap_err();
    assert_eq!(late.kind(), ErrorKind::TimedOut);
    assert_eq!(late.address(), Some(&*peer.endpoint().to_string()));
    let waiting = handle.clone();
    let sending = thread::spawn(move || waiting.send_within("there is room", LIMIT));
    let reading = thread::spawn(move || peer.receive_to_end());
    bounded("send_within", move || sending.join().unwrap()).unwrap();
    handle.close();
    accepted.extend(b"there is room");
    assert!(reading.join().unwrap() == accepted, "what was accepted, and nothing else");
}

fn many_threads_wait_for_room_and_lose_nothing(setting: Setting) {
    let limit = 50_000;
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server =
        served(setting, &service, probe, Limits::default().queue(limit).marks(10_000, 20_000));
    let mut peer = Peer::narrow(&server);
    let handle = events.open();
    let sender = |name: u8| {
        let handle = handle.clone();
        move || {
            for number in 0..100_u8 {
                let mut message = [name; 5000];
                message[1] = number;
                handle.send_within(message, LIMIT).unwrap();
                assert!(handle.pending() <= limit);
            }
        }
    };
    let senders: Vec<_> = (0..4).map(|name| thread::spawn(sender(name))).collect();
    let (watched, done) = (handle.clone(), Arc::new(AtomicBool::new(false)));
    let all_sent = Arc::clone(&done);
    let watching = thread::spawn(move || {
        let mut most = 0;
        while !done.load(Ordering::Relaxed) {
            most = most.max(watched.pending());
        }
        most
    });
    let mut next = [0; 4];
    for _ in 0..400 {
        let message = peer.receive(5000);
        let name = usize::from(message[0]);
        assert_eq!(message[1], next[name], "of thread {name}");
        assert!(message[2..].iter().all(|byte| *byte == message[0]), "messages are whole");
        next[name] += 1;
    }
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    all_sent.store(true, Ordering::Relaxed);
    let most = watching.join().unwrap();
    assert!(most <= limit, "{most} bytes were pending");
}

fn a_message_larger_than_the_queue_never_fits(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = served(setting, &service, probe, Limits::default().queue(1000));
    let mut peer = Peer::new(&server);
    let handle = events.open();
    assert_eq!(handle.send([1; 1001]), Sent::Full);
    let refused = handle.clone();
    let error = bounded("send_within", move || refused.send_within([1; 1001], LIMIT)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitReached);
    handle.send_within([2; 1000], LIMIT).unwrap();
    handle.send_within([3; 1000], LIMIT).unwrap();
    peer.expect([[2; 1000], [3; 1000]].concat());
}

fn flush_waits_for_the_peer_to_read(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = served(setting, &service, probe, Limits::default());
    let mut peer = Peer::narrow(&server);
    let handle = events.open();
    let size = 2 << 20;
    assert!(handle.send(vec![1; size]).is_queued());
    let late = handle.flush(SHORT).unwrap_err();
    assert_eq!(late.kind(), ErrorKind::TimedOut);
    // It stays for the flush.
    let reading = thread::spawn(move || (peer.receive(size), peer));
    let flushed = handle.clone();
    bounded("flush", move || flushed.flush(LIMIT)).unwrap();
    assert_eq!(handle.pending(), 0);
    assert_eq!(reading.join().unwrap().0.len(), size);
}

fn who_waits_is_told_when_the_session_ends(setting: Setting) {
    let service = setting.service();
    let limits = Limits::default().queue(100_000).idle(None).close(LIMIT * 10);
    let ends: [fn(&sockeye::raw::Handle, Peer); 3] = [
        |handle, _peer| handle.abort(),
        |_, peer| peer.reset(),
        |handle, _peer| handle.post(|_| panic!("as the test wished")).unwrap(),
    ];
    for end in ends {
        let (probe, events) = Probe::new();
        let server = served(setting, &service, probe, limits.clone());
        let peer = Peer::narrow(&server);
        let handle = events.open();
        assert!(handle.send([1; 100_000]).is_queued());
        let (flushing, sending) = (handle.clone(), handle.clone());
        let flushing = thread::spawn(move || flushing.flush(LIMIT * 10));
        let sending = thread::spawn(move || sending.send_within([1; 100_000], LIMIT * 10));
        end(&handle, peer);
        for waiting in [flushing, sending] {
            let error = bounded("the call", move || waiting.join().unwrap()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Closed);
        }
        events.close();
    }
}

fn a_callback_that_goes_on_sending_meets_the_bound(setting: Setting) {
    let service = setting.service();
    let (told, answers) = channel();
    let (probe, events) = Probe::new();
    let probe = probe.on_data(move |session, _| {
        let sent: Vec<Sent> = (0..4).map(|_| session.send([1; 300])).collect();
        let _ = told.send((sent, session.pending()));
    });
    let server = served(setting, &service, probe, Limits::default().queue(1000).marks(0, 500));
    let mut peer = Peer::new(&server);
    peer.send("x");
    let (sent, pending) = answers.recv_timeout(LIMIT).unwrap();
    // A stream with a hole in it would be worse than none.
    assert_eq!(sent, [Sent::Queued, Sent::Congested, Sent::Congested, Sent::Overflow]);
    assert!(pending <= 1000);
    let reason = events.close();
    assert!(matches!(reason, CloseReason::Overflow), "{reason:?}");
    assert!(peer.receive_to_reset().is_empty());
}

fn a_flood_does_not_starve_others(setting: Setting) {
    // One thread for all of them.
    let service = setting.with(1).start().unwrap();
    let (probe, _events) = Probe::new();
    let builder = Server::builder(&service, probe.echo().serve());
    let server = setting.listen(builder);
    let stop = Arc::new(AtomicBool::new(false));
    let (told, begun) = channel();
    let flood = |_| {
        let (mut writer, stop, told) = (Peer::new(&server), Arc::clone(&stop), told.clone());
        let mut reader = writer.another_handle();
        let reading = thread::spawn(move || reader.receive_to_end().len());
        thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                writer.send([1; 32 << 10]);
                let _ = told.send(());
            }
            writer.finish();
            reading.join().unwrap()
        })
    };
    let floods: Vec<_> = (0..2).map(flood).collect();
    floods.iter().for_each(|_| begun.recv_timeout(LIMIT).unwrap());
    let mut peer = Peer::new(&server);
    for _ in 0..200 {
        peer.exchange("a word in between");
    }
    stop.store(true, Ordering::Relaxed);
    for flood in floods {
        assert!(flood.join().unwrap() > 0);
    }
}
