//! Groups: who gets what is said to them, in which order, and who no longer does.

use std::sync::mpsc::channel;
use std::thread;

use sockeye::{Bytes, CloseReason, ErrorKind, Sent, Service, Uuid, raw};

use crate::common::{Design, Events, LIMIT, Peer, Probe, Random, Served, Setting, ask, eventually};
use crate::on_all_streams;

on_all_streams!(
    a_group_reaches_its_members_on_all_loops_and_nobody_else,
    joining_and_leaving_tell_whether_they_did,
    handles_join_and_leave,
    a_session_may_be_in_several_groups,
    send_except_spares_one_member,
    a_member_leaves_by_itself_when_it_closes,
    who_has_left_gets_nothing_more,
    members_see_messages_in_the_order_sent,
    several_threads_messages_keep_their_orders,
    a_member_gets_its_own_messages_and_the_groups_in_the_order_of_its_thread,
    an_empty_group_takes_messages,
    hundreds_of_members_each_get_all,
    a_group_may_be_dropped_while_it_has_members,
    members_are_listed,
    everyone_cannot_be_joined_twice,
    a_group_of_another_service_does_no_harm,
);

/// A server whose sessions do nothing, so many peers, and their handles in the same order.
struct Room {
    server: Served,
    peers: Vec<Peer>,
    handles: Vec<raw::Handle>,
    events: Events,
    group: raw::Group,
}

impl Room {
    /// All of them are members.
    fn new(setting: Setting, service: &Service, count: usize) -> Self {
        let group = raw::Group::new(service);
        let joined = group.clone();
        let (probe, events) = Probe::new();
        let probe = probe.on_open(move |session| assert!(session.join(&joined)));
        let server = setting.serve(service, probe.serve());
        let (peers, handles) = (0..count).map(|_| (Peer::new(&server), events.open())).unzip();
        eventually("all have joined", || group.len() == count);
        Self { server, peers, handles, events, group }
    }

    fn expect_everywhere(&mut self, what: &str) {
        self.peers.iter_mut().for_each(|peer| peer.expect(what));
    }
}

fn a_group_reaches_its_members_on_all_loops_and_nobody_else(setting: Setting) {
    let service = setting.service();
    let mut room = Room::new(setting, &service, 12);
    let (protocol, events) = Probe::server();
    let other_server = setting.serve(&service, protocol);
    let mut stranger = Peer::new(&other_server);
    let strange = events.open();
    assert_eq!(room.group.send("to the members"), Sent::Queued);
    room.expect_everywhere("to the members");
    // Members may be of several servers.
    strange.join(&room.group);
    eventually("it has joined", || room.group.len() == 13);
    assert_eq!(room.group.send_shared(Bytes::from_static(b"to one more")), Sent::Queued);
    room.expect_everywhere("to one more");
    stranger.expect("to one more");
    assert!(room.server.connections() == 12 && !room.group.is_empty());
}

fn joining_and_leaving_tell_whether_they_did(setting: Setting) {
    let service = setting.service();
    let room = Room::new(setting, &service, 1);
    let (group, other) = (room.group.clone(), raw::Group::new(&service));
    assert_ne!(group, other);
    let answers = ask(&room.handles[0], move |session| {
        [
            session.join(&group),
            session.leave(&other),
            session.leave(&group),
            session.leave(&group),
            session.join(&group),
            session.join(&other),
        ]
    });
    assert_eq!(answers, [false, false, true, false, true, true]);
    assert_eq!(room.group.len(), 1);
}

fn handles_join_and_leave(setting: Setting) {
    let service = setting.service();
    let mut room = Room::new(setting, &service, 4);
    for handle in &room.handles[..2] {
        handle.leave(&room.group);
    }
    eventually("two have left", || room.group.len() == 2);
    room.group.send("to the rest");
    room.handles[0].join(&room.group);
    eventually("one is back", || room.group.len() == 3);
    room.group.send("!");
    room.handles[1].send("left");
    // The first came back behind the first message, or in time for it.
    let first = room.peers[0].receive(1);
    assert!(first == b"!" || first == b"t");
    room.peers[1].expect("left");
    for peer in &mut room.peers[2..] {
        peer.expect("to the rest!");
    }
}

fn a_session_may_be_in_several_groups(setting: Setting) {
    let service = setting.service();
    let mut room = Room::new(setting, &service, 6);
    let groups: Vec<raw::Group> = (0..3).map(|_| raw::Group::new(&service)).collect();
    for (index, handle) in room.handles.iter().enumerate() {
        let groups: Vec<raw::Group> = groups[..=index % 3].to_vec();
        ask(handle, move |session| groups.iter().for_each(|group| assert!(session.join(group))));
    }
    assert_eq!(groups.iter().map(raw::Group::len).collect::<Vec<_>>(), [6, 4, 2]);
    for (name, group) in ["a", "b", "c"].iter().zip(&groups) {
        group.send(name);
    }
    for (index, peer) in room.peers.iter_mut().enumerate() {
        let count = index % 3 + 1;
        // In what order, is said nowhere: each group is on its way on its own.
        let mut got = peer.receive(count);
        got.sort_unstable();
        assert_eq!(got, b"abc"[..count]);
    }
}

fn send_except_spares_one_member(setting: Setting) {
    let service = setting.service();
    let mut room = Room::new(setting, &service, 5);
    for (index, handle) in room.handles.iter().enumerate() {
        assert_eq!(room.group.send_except(handle.id(), format!("not {index}.")), Sent::Queued);
    }
    room.group.send_except(Uuid::nil(), "the end.");
    for (index, peer) in room.peers.iter_mut().enumerate() {
        let others = (0..5).filter(|other| *other != index).map(|other| format!("not {other}."));
        peer.expect(others.collect::<String>() + "the end.");
    }
}

fn a_member_leaves_by_itself_when_it_closes(setting: Setting) {
    let service = setting.service();
    let mut room = Room::new(setting, &service, 6);
    let reset = room.peers.swap_remove(0);
    reset.reset();
    drop(room.peers.swap_remove(0));
    room.events.close();
    room.events.close();
    assert_eq!(room.group.len(), 4);
    room.group.send("the rest of us");
    room.expect_everywhere("the rest of us");
    service.stop().unwrap();
    assert!(room.group.is_empty());
    assert!(room.group.members().is_empty());
}

fn who_has_left_gets_nothing_more(setting: Setting) {
    let service = setting.service();
    let mut room = Room::new(setting, &service, 4);
    let group = room.group.clone();
    for round in 0..20 {
        let group = group.clone();
        assert!(ask(&room.handles[0], move |session| session.leave(&group)));
        room.group.send(format!("<{round}>"));
        // Through another member, so that the message has been delivered everywhere by then.
        room.peers[1].expect(format!("<{round}>"));
        let group = room.group.clone();
        assert!(ask(&room.handles[0], move |session| session.join(&group)));
        room.group.send(".");
        room.peers[1].expect(".");
    }
    let got = String::from_utf8(room.peers[0].receive(20)).unwrap();
    // On another loop the message may still have been under way when it came back.
    match setting.design {
        Design::ThreadPool => assert_eq!(got, ".".repeat(20)),
        Design::LoopPerThread => assert!(got.contains('.')),
    }
}

fn members_see_messages_in_the_order_sent(setting: Setting) {
    let service = setting.service();
    let room = Room::new(setting, &service, 6);
    let mut random = Random::new();
    let mut wanted = Vec::new();
    for _ in 0..1000 {
        let most = [8, 600, 4000][random.below(3)];
        let size = 1 + random.below(most);
        let data = random.bytes(size);
        wanted.extend_from_slice(&data);
        match random.below(3) {
            0 => room.group.send_within(data, LIMIT).unwrap(),
            1 => assert!(room.group.send(data).is_queued()),
            _ => assert!(room.group.send_shared(data.into()).is_queued()),
        }
    }
    let read = |mut peer: Peer| {
        let count = wanted.len();
        thread::spawn(move || peer.receive(count))
    };
    let readers: Vec<_> = room.peers.into_iter().map(read).collect();
    for reader in readers {
        assert!(reader.join().unwrap() == wanted, "in order and unharmed");
    }
}

fn several_threads_messages_keep_their_orders(setting: Setting) {
    let service = setting.service();
    let mut room = Room::new(setting, &service, 3);
    let sender = |name: u8| {
        let group = room.group.clone();
        move || {
            for number in 0..500_u16 {
                let [high, low] = number.to_be_bytes();
                assert!(group.send([name, high, low]).is_queued());
            }
        }
    };
    let senders: Vec<_> = (0..3).map(|name| thread::spawn(sender(name))).collect();
    for peer in &mut room.peers {
        let mut next = [0; 3];
        for _ in 0..1500 {
            let message = peer.receive(3);
            let number = u16::from_be_bytes([message[1], message[2]]);
            let next = &mut next[usize::from(message[0])];
            assert_eq!(number, *next);
            *next += 1;
        }
        assert_eq!(next, [500; 3]);
    }
    senders.into_iter().for_each(|sender| sender.join().unwrap());
}

fn a_member_gets_its_own_messages_and_the_groups_in_the_order_of_its_thread(setting: Setting) {
    let service = setting.service();
    let mut room = Room::new(setting, &service, 3);
    for round in 0..50 {
        room.handles[0].send(format!("own {round},"));
        room.group.send(format!("all {round},"));
    }
    let got = room.peers[0].receive((0..50).map(|n| format!("own {n},all {n},").len()).sum());
    let got = String::from_utf8(got).unwrap();
    let of = |kind: &str| -> Vec<String> {
        got.split(',').filter(|word| word.starts_with(kind)).map(String::from).collect()
    };
    let wanted = |kind: &str| -> Vec<String> { (0..50).map(|n| format!("{kind} {n}")).collect() };
    assert_eq!((of("own"), of("all")), (wanted("own"), wanted("all")));
    let all: String = (0..50).map(|n| format!("all {n},")).collect();
    room.peers[1].expect(all);
}

fn an_empty_group_takes_messages(setting: Setting) {
    let service = setting.service();
    let group = raw::Group::new(&service);
    for _ in 0..100 {
        assert_eq!(group.send(vec![0; 1 << 20]), Sent::Queued, "nobody gets it, nothing waits");
    }
    group.send_within(Bytes::from_static(b"x"), LIMIT).unwrap();
    assert!(group.is_empty() && group.members().is_empty());
    let (told, answer) = channel();
    service.post(move || _ = told.send(group.send_within("x", LIMIT).unwrap_err().kind())).unwrap();
    assert_eq!(answer.recv_timeout(LIMIT), Ok(ErrorKind::WouldDeadlock));
}

fn hundreds_of_members_each_get_all(setting: Setting) {
    let service = setting.service();
    // More than one slice of a delivery per loop.
    let mut room = Room::new(setting, &service, 700);
    let mut wanted = String::new();
    for number in 0..40 {
        let message = format!("message {number}, ");
        wanted += &message;
        assert!(room.group.send(message).is_queued());
    }
    room.expect_everywhere(&wanted);
}

fn a_group_may_be_dropped_while_it_has_members(setting: Setting) {
    let service = setting.service();
    let Room { server, mut peers, handles, events, group } = Room::new(setting, &service, 4);
    group.send("good bye");
    drop(group);
    peers.iter_mut().for_each(|peer| peer.expect("good bye"));
    handles[0].send("still here");
    peers[0].expect("still here");
    drop(peers);
    (0..4).for_each(|_| assert!(events.close().is_clean()));
    eventually("all are gone", || server.connections() == 0);
}

fn members_are_listed(setting: Setting) {
    let service = setting.service();
    let room = Room::new(setting, &service, 8);
    let members = room.group.members();
    assert_eq!(members.len(), 8);
    assert!(room.handles.iter().all(|handle| members.contains(handle)));
}

fn everyone_cannot_be_joined_twice(setting: Setting) {
    let service = setting.service();
    let mut room = Room::new(setting, &service, 3);
    let everyone = room.server.everyone().clone();
    let joined = ask(&room.handles[0], move |session| session.join(&everyone));
    assert!(!joined, "it is a member already");
    assert_eq!(room.server.sessions().len(), 3);
    room.server.multicast("once.");
    room.expect_everywhere("once.");
    room.server.multicast("and once more.");
    room.expect_everywhere("and once more.");
}

fn a_group_of_another_service_does_no_harm(setting: Setting) {
    let (service, other) = (setting.service(), setting.with(1).start().unwrap());
    let mut room = Room::new(setting, &service, 4);
    let foreign = raw::Group::new(&other);
    for handle in &room.handles {
        let foreign = foreign.clone();
        ask(handle, move |session| {
            session.join(&foreign);
            session.leave(&foreign);
            session.join(&foreign);
        });
    }
    room.group.send("to all");
    room.expect_everywhere("to all");
    // Whether a foreign group takes them, is said nowhere; that it does not end them, it is.
    foreign.send("to whomever");
    drop(room.peers);
    for _ in 0..4 {
        let reason = room.events.close();
        assert!(!matches!(reason, CloseReason::Panic(_)), "{reason:?}");
    }
    eventually("nobody is left", || foreign.is_empty());
}
