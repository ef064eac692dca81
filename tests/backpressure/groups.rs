//! A member of a group that stops reading: it costs its own limit, and the others see nothing of
//! it.

use std::sync::mpsc::channel;
use std::thread;

use sockeye::{Bytes, CloseReason, ErrorKind, Limits, Overflow, Sent, Server, Service, raw};

use crate::common::{Event, Events, LIMIT, Peer, Probe, SHORT, Served, Setting, eventually};
use crate::{on_all_streams, served};

on_all_streams!(
    a_member_that_does_not_read_ends_under_wait,
    a_member_that_does_not_read_ends_under_disconnect,
    a_member_that_does_not_read_misses_messages_under_drop,
    what_waits_in_a_group_is_bounded,
);

const LIMIT_OF_QUEUE: usize = 200_000;
const MESSAGE: usize = 10_000;
const MESSAGES: usize = 300;

/// A group of four, the first of which does not read.
struct Room {
    server: Served,
    group: raw::Group,
    lazy: Peer,
    session: raw::Handle,
    others: Vec<Peer>,
    events: Events,
}

impl Room {
    fn new(setting: Setting, service: &Service, policy: Overflow) -> Self {
        let group = raw::Group::new(service);
        let joined = group.clone();
        let (probe, events) = Probe::new();
        let probe = probe.on_open(move |session| assert!(session.join(&joined)));
        let limits = Limits::default().queue(LIMIT_OF_QUEUE).overflow(policy);
        let server = served(setting, service, probe, limits);
        let lazy = Peer::narrow(&server);
        let session = events.open();
        let others: Vec<Peer> = (0..3).map(|_| Peer::new(&server)).collect();
        others.iter().for_each(|_| drop(events.open()));
        eventually("all have joined", || group.len() == 4);
        Self { server, group, lazy, session, others, events }
    }

    /// Sends numbered messages as fast as the others read them, which they do all the while.
    fn send_all(&mut self) {
        for number in 0..MESSAGES {
            let mut message = vec![b'.'; MESSAGE];
            message[..4].copy_from_slice(&u32::try_from(number).unwrap().to_be_bytes());
            self.group.send_within(message.clone(), LIMIT).unwrap();
            let pending = self.session.pending();
            assert!(pending <= LIMIT_OF_QUEUE, "{pending} bytes wait for the lazy member");
            // Each gets it now, and not when the lazy one has been dealt with.
            for peer in &mut self.others {
                peer.expect(&message);
            }
        }
    }
}

fn assert_ends(setting: Setting, policy: Overflow) {
    let service = setting.service();
    let mut room = Room::new(setting, &service, policy);
    room.send_all();
    let reason = room.events.close();
    assert!(matches!(reason, CloseReason::Overflow), "{reason:?}");
    assert!(room.lazy.receive_to_reset().len() < MESSAGE * MESSAGES);
    eventually("it is no member any more", || room.group.len() == 3);
    eventually("nor a session", || room.server.connections() == 3);
    let more = room.events.rest();
    assert!(!more.iter().any(|event| matches!(event, Event::Close(_))), "nobody else ends");
}

fn a_member_that_does_not_read_ends_under_wait(setting: Setting) {
    assert_ends(setting, Overflow::Wait);
}

fn a_member_that_does_not_read_ends_under_disconnect(setting: Setting) {
    assert_ends(setting, Overflow::Disconnect);
}

fn a_member_that_does_not_read_misses_messages_under_drop(setting: Setting) {
    let service = setting.service();
    let mut room = Room::new(setting, &service, Overflow::Drop);
    room.send_all();
    assert!(room.session.is_open());
    let Room { server, mut lazy, session, .. } = room;
    let reading = thread::spawn(move || lazy.receive_to_end());
    session.flush(LIMIT).unwrap();
    assert_eq!(session.send("the last words"), Sent::Queued);
    session.close();
    let got = reading.join().unwrap();
    let (messages, rest) = got.as_chunks::<MESSAGE>();
    assert_eq!(rest, b"the last words");
    let dropped = (MESSAGES - messages.len()) as u64;
    assert!(dropped > 0);
    // Whoever finds the queue full counts it, which is not the thread that reads here.
    eventually("they are counted", || session.stats().dropped == dropped);
    eventually("of nobody else", || server.metrics().stats.dropped == dropped);
    let number = |message: &[u8; MESSAGE]| u32::from_be_bytes(message[..4].try_into().unwrap());
    assert!(messages.is_sorted_by(|a, b| number(a) < number(b)), "in order");
    assert!(messages.iter().all(|message| message[4..].iter().all(|byte| *byte == b'.')));
}

fn what_waits_in_a_group_is_bounded(setting: Setting) {
    // A single thread, which a callback holds up, so that nothing is delivered.
    let service = setting.with(1).start().unwrap();
    let group = raw::Group::new(&service);
    let joined = group.clone();
    let (probe, events) = Probe::new();
    let probe = probe.on_open(move |session| assert!(session.join(&joined)));
    let builder = Server::builder(&service, probe.serve());
    let server = setting.listen(builder.limits(Limits::default().queue(64 << 20)));
    let mut peer = Peer::new(&server);
    let handle = events.open();
    let (go_on, wait) = channel::<()>();
    let (told, begun) = channel();
    let hold = move |_: &mut raw::Session<'_>| {
        let _ = told.send(());
        let _ = wait.recv_timeout(LIMIT);
    };
    handle.post(hold).unwrap();
    begun.recv_timeout(LIMIT).unwrap();
    let megabyte = Bytes::from(vec![1; 1 << 20]);
    let sent: Vec<Sent> = (0..20).map(|_| group.send_shared(megabyte.clone())).collect();
    assert_eq!(sent[0], Sent::Queued);
    assert!(sent[1..16].iter().all(|sent| *sent == Sent::Congested), "{sent:?}");
    assert!(sent[17..].iter().all(|sent| *sent == Sent::Full), "{sent:?}");
    let late = group.send_within(megabyte, SHORT).unwrap_err();
    assert_eq!(late.kind(), ErrorKind::TimedOut);
    let sending = thread::spawn(move || group.send_within("there is room", LIMIT));
    go_on.send(()).unwrap();
    let accepted = sent.iter().filter(|sent| sent.is_queued()).count();
    let total = (accepted << 20) + "there is room".len();
    let got = peer.receive(total);
    assert!(got.ends_with(b"there is room"));
    sending.join().unwrap().unwrap();
}
