//! Sending: from callbacks, from handles, from many threads at once.

use std::thread;

use sockeye::{Bytes, Limits, Sent, Server, raw};

use crate::common::{LIMIT, Peer, Probe, Random, Setting, eventually};
use crate::on_all_streams;

on_all_streams!(
    a_handle_sends_from_any_thread,
    each_threads_messages_keep_their_order,
    messages_of_all_sizes_keep_their_order,
    more_pieces_than_one_write_takes_keep_their_order,
    big_payloads_are_shared_by_sessions,
    sends_and_jobs_are_done_in_the_order_asked,
    a_callback_may_send_through_another_sessions_handle,
    a_closed_session_refuses_everything,
    an_empty_message_is_queued_and_sends_nothing,
    flush_returns_when_all_has_been_handed_over,
);

fn a_handle_sends_from_any_thread(setting: Setting) {
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let server = setting.serve(&service, protocol);
    let mut peer = Peer::new(&server);
    let handle = events.open();
    assert_eq!(handle.send("from the test, "), Sent::Queued);
    let other = handle.clone();
    assert_eq!(other, handle);
    thread::spawn(move || assert_eq!(other.send("from a thread"), Sent::Queued)).join().unwrap();
    peer.expect("from the test, from a thread");
}

fn each_threads_messages_keep_their_order(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let server = setting.serve(&service, probe.echo().serve());
    let mut peer = Peer::new(&server);
    let handle = events.open();
    let sender = |thread: u32| {
        let handle = handle.clone();
        move || {
            for number in 0..1000_u32 {
                let message = [thread.to_be_bytes(), number.to_be_bytes()].concat();
                // Of both kinds, in turn.
                let sent = match number % 2 {
                    0 => handle.send(message),
                    _ => handle.send_shared(Bytes::from(message)),
                };
                assert!(sent.is_queued(), "{sent:?}");
            }
        }
    };
    let senders: Vec<_> = (0..4).map(|thread| thread::spawn(sender(thread))).collect();
    let mut next = [0; 4];
    for _ in 0..4000 {
        let message = peer.receive(8);
        let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
        let (thread, number) = (number(&message[..4]) as usize, number(&message[4..]));
        assert_eq!(number, next[thread], "of thread {thread}");
        next[thread] += 1;
    }
    assert_eq!(next, [1000; 4]);
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    eventually("all are counted", || handle.stats().messages_sent == 4000);
    assert_eq!(handle.stats().bytes_sent, 32_000);
}

fn messages_of_all_sizes_keep_their_order(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let mut random = Random::new();
    // Around the sizes where copying becomes sharing, and where a chunk is full.
    let sizes = [1, 511, 512, 513, 4096, 65_535, 65_536, 65_537, 200_000];
    let payloads: Vec<Bytes> = (0..60)
        .map(|_| {
            let size = sizes[random.below(sizes.len())];
            Bytes::from(random.bytes(size))
        })
        .collect();
    let from_callback = payloads.clone();
    let probe = probe.on_open(move |session| {
        for (index, payload) in from_callback.iter().enumerate() {
            match index % 2 {
                0 => session.send(payload),
                _ => session.send_shared(payload.clone()),
            };
        }
    });
    let server = setting.serve(&service, probe.serve());
    let mut peer = Peer::new(&server);
    let handle = events.open();
    peer.expect(payloads.concat());
    for (index, payload) in payloads.iter().enumerate() {
        match index % 3 {
            0 => handle.send_within(payload, LIMIT).unwrap(),
            1 => assert!(handle.send_shared(payload.clone()).is_queued()),
            _ => assert!(handle.send(payload).is_queued()),
        }
    }
    peer.expect(payloads.concat());
}

fn more_pieces_than_one_write_takes_keep_their_order(setting: Setting) {
    let service = setting.service();
    let payloads: Vec<Bytes> =
        (0..1500_u32).map(|number| Bytes::from(number.to_be_bytes().repeat(150))).collect();
    let (probe, _events) = Probe::new();
    let shared = payloads.clone();
    let probe = probe.on_open(move |session| {
        for payload in &shared {
            assert!(session.send_shared(payload.clone()).is_queued());
        }
        session.close();
    });
    let server = setting.serve(&service, probe.serve());
    for mut peer in [Peer::new(&server), Peer::narrow(&server)] {
        assert!(peer.receive_to_end() == payloads.concat());
    }
}

fn big_payloads_are_shared_by_sessions(setting: Setting) {
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let server = setting.serve(&service, protocol);
    let payload = Bytes::from(Random::new().bytes(1 << 20));
    let read = |_| {
        let mut peer = Peer::new(&server);
        thread::spawn(move || peer.receive(4 << 20))
    };
    let readers: Vec<_> = (0..4).map(read).collect();
    let handles: Vec<raw::Handle> = readers.iter().map(|_| events.open()).collect();
    for _ in 0..4 {
        for handle in &handles {
            assert!(handle.send_shared(payload.clone()).is_queued());
        }
    }
    let wanted = payload.repeat(4);
    for reader in readers {
        assert!(reader.join().unwrap() == wanted);
    }
    eventually("nobody holds the payload any more", || payload.is_unique());
}

fn sends_and_jobs_are_done_in_the_order_asked(setting: Setting) {
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let server = setting.serve(&service, protocol);
    let mut peer = Peer::new(&server);
    let handle = events.open();
    for round in 0..100 {
        handle.send(format!("a{round}"));
        handle
            .post(move |session| {
                session.send(format!("b{round}"));
            })
            .unwrap();
        handle.send_shared(format!("c{round}").into());
        handle
            .post(move |session| {
                let handle = session.handle();
                session.send(format!("d{round}"));
                drop(handle);
            })
            .unwrap();
    }
    let round = |round| format!("a{round}b{round}c{round}d{round}");
    peer.expect((0..100).map(round).collect::<String>());
}

fn a_callback_may_send_through_another_sessions_handle(setting: Setting) {
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let server = setting.serve(&service, protocol);
    let mut peers: Vec<Peer> = (0..4).map(|_| Peer::new(&server)).collect();
    let handles: Vec<raw::Handle> = peers.iter().map(|_| events.open()).collect();
    for handle in &handles {
        let all = handles.clone();
        handle.post(move |_| all.iter().for_each(|other| _ = other.send("hello "))).unwrap();
    }
    for peer in &mut peers {
        peer.expect("hello hello hello hello ");
    }
}

fn a_closed_session_refuses_everything(setting: Setting) {
    use sockeye::ErrorKind::Closed;
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let server = setting.serve(&service, protocol);
    let peer = Peer::new(&server);
    let handle = events.open();
    drop(peer);
    events.close();
    eventually("the handle knows", || !handle.is_open());
    assert_eq!(handle.send("x"), Sent::Closed);
    assert_eq!(handle.send_shared(Bytes::from_static(&[1; 1000])), Sent::Closed);
    assert_eq!(handle.send_within("x", LIMIT).unwrap_err().kind(), Closed);
    assert_eq!(handle.flush(LIMIT).unwrap_err().kind(), Closed);
    assert_eq!(handle.post(|_| ()).unwrap_err().kind(), Closed);
    assert_eq!(handle.dispatch(|_| ()).unwrap_err().kind(), Closed);
    assert_eq!(handle.pending(), 0);
    // These do nothing, and hurt nobody.
    handle.close();
    handle.abort();
    handle.pause();
    handle.resume();
    handle.join(server.everyone());
    handle.leave(server.everyone());
    assert!(server.everyone().is_empty());
}

fn an_empty_message_is_queued_and_sends_nothing(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let probe = probe.on_open(|session| {
        assert_eq!(session.send(""), Sent::Queued);
        assert_eq!(session.send_shared(Bytes::new()), Sent::Queued);
    });
    let server = setting.serve(&service, probe.serve());
    let mut peer = Peer::new(&server);
    let handle = events.open();
    assert_eq!(handle.send(""), Sent::Queued);
    assert_eq!(handle.send("something"), Sent::Queued);
    peer.expect("something");
    handle.flush(LIMIT).unwrap();
    handle.close();
    peer.expect_end();
}

fn flush_returns_when_all_has_been_handed_over(setting: Setting) {
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let limits = Limits::default().queue(8 << 20);
    let server = setting.listen(Server::builder(&service, protocol).limits(limits));
    let mut peer = Peer::new(&server);
    let handle = events.open();
    handle.flush(LIMIT).unwrap();
    // It stays for the last flush, too.
    let reading = thread::spawn(move || (peer.receive(8 << 20), peer));
    for _ in 0..8 {
        handle.send_within(vec![3; 1 << 20], LIMIT).unwrap();
        handle.flush(LIMIT).unwrap();
        assert_eq!(handle.pending(), 0);
    }
    assert_eq!(reading.join().unwrap().0.len(), 8 << 20);
}
