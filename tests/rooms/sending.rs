//! Who gets what is sent to rooms, how often, and in which order.

use std::sync::mpsc::channel;

use sockeye::{Limits, Sent, Server, Uuid, raw};

use crate::House;
use crate::common::{LIMIT, Peer, Probe, Random, Setting, ask, eventually};
use crate::{on_all_streams, on_tcp};

on_all_streams!(
    a_room_reaches_its_members_and_nobody_else,
    send_except_spares_one_member,
    several_rooms_reach_each_member_once,
    a_callback_talks_to_rooms,
    rooms_that_are_not_there_take_messages,
    members_see_messages_in_the_order_sent,
);

on_tcp!(
    what_waits_for_several_rooms_is_bounded,
    what_goes_to_several_rooms_weighs_as_much_as_their_members,
    who_wanders_gets_each_message_once,
);

fn a_room_reaches_its_members_and_nobody_else(setting: Setting) {
    let service = setting.service();
    let mut house = House::new(setting, &service, 9);
    (0..6).for_each(|index| house.join(index, &["lobby"]));
    (3..9).for_each(|index| house.join(index, &["kitchen"]));
    let rooms = house.server.rooms();
    assert_eq!(rooms.send("lobby", "to the lobby."), Sent::Queued);
    house.peers[..6].iter_mut().for_each(|peer| peer.expect("to the lobby."));
    assert_eq!(rooms.send("kitchen", vec![b'k'; 10_000]), Sent::Queued);
    house.peers[3..].iter_mut().for_each(|peer| peer.expect(vec![b'k'; 10_000]));
    rooms.get("lobby").unwrap().send_within("as a group", LIMIT).unwrap();
    house.peers[..6].iter_mut().for_each(|peer| peer.expect("as a group"));
}

fn send_except_spares_one_member(setting: Setting) {
    let service = setting.service();
    let mut house = House::new(setting, &service, 4);
    (0..4).for_each(|index| house.join(index, &["lobby"]));
    let rooms = house.server.rooms();
    for (index, handle) in house.handles.iter().enumerate() {
        let said = format!("not {index}.");
        let sent = match index % 3 {
            0 => rooms.send_except("lobby", handle.id(), said),
            1 => rooms.send_to(["lobby"], said, Some(handle.id())),
            _ => rooms.send_to(["lobby", "attic", "lobby"], said, Some(handle.id())),
        };
        assert_eq!(sent, Sent::Queued);
    }
    rooms.send_except("lobby", Uuid::nil(), "the end.");
    for (index, peer) in house.peers.iter_mut().enumerate() {
        let others = (0..4).filter(|other| *other != index).map(|other| format!("not {other}."));
        peer.expect(others.collect::<String>() + "the end.");
    }
}

fn several_rooms_reach_each_member_once(setting: Setting) {
    const NAMES: [&str; 4] = ["a", "b", "c", "d"];
    let service = setting.service();
    let mut house = House::new(setting, &service, 16);
    // Every combination of rooms.
    for index in 0..16 {
        let in_it = |bit: &usize| index >> bit & 1 == 1;
        let names: Vec<_> = (0..4).filter(in_it).map(|bit| NAMES[bit]).collect();
        house.join(index, &names);
    }
    let rooms = house.server.rooms();
    let everybody: Vec<usize> = (1..16).collect();
    for round in 0..50 {
        let spared = 1 + round % 15;
        let data = format!("<{round}>").repeat(if round % 2 == 0 { 1 } else { 300 });
        assert!(rooms.send_to(NAMES, &data, Some(house.handles[spared].id())).is_queued());
        for &index in everybody.iter().filter(|index| **index != spared) {
            house.peers[index].expect(&data);
        }
    }
    rooms.send_to([String::from("a"), "b".into(), "a".into(), "attic".into()], "ab", None);
    for index in everybody.into_iter().filter(|index| index & 3 != 0) {
        house.peers[index].expect("ab");
    }
    // To all at once: it is what each gets next, so that nothing came twice before.
    house.server.multicast("!");
    house.peers.iter_mut().for_each(|peer| peer.expect("!"));
}

fn a_callback_talks_to_rooms(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let probe = probe.on_open(|session| assert!(session.join_room("lobby").unwrap())).on_data(
        |session, data| {
            session.server_rooms().send_to(session.rooms(), data, Some(session.id()));
        },
    );
    let mut house = House::of(setting.serve(&service, probe.serve()), events, 3);
    let rooms = house.server.rooms();
    eventually("all are in", || rooms.get("lobby").is_some_and(|room| room.len() == 3));
    house.peers[0].send("hello");
    house.peers[1..].iter_mut().for_each(|peer| peer.expect("hello"));
    house.peers[1].send("bye");
    house.peers[0].expect("bye");
    house.peers[2].expect("bye");
}

fn rooms_that_are_not_there_take_messages(setting: Setting) {
    let service = setting.service();
    let house = House::new(setting, &service, 1);
    let rooms = house.server.rooms();
    assert_eq!(rooms.send("lobby", "x"), Sent::Queued);
    assert_eq!(rooms.send_except("lobby", house.handles[0].id(), "x"), Sent::Queued);
    assert_eq!(rooms.send_to(["lobby", "kitchen"], "x", None), Sent::Queued);
    assert_eq!(rooms.send_to([""; 0], "x", None), Sent::Queued);
    assert!(rooms.is_empty(), "sending makes no room");
}

/// Who is in one room gets everything in order; who is in both, what goes to both.
fn members_see_messages_in_the_order_sent(setting: Setting) {
    let service = setting.service();
    let mut house = House::new(setting, &service, 6);
    let names: [&[&str]; 3] = [&["a"], &["b"], &["a", "b"]];
    (0..6).for_each(|index| house.join(index, names[index % 3]));
    let rooms = house.server.rooms();
    let mut random = Random::new();
    let mut wanted: [Vec<String>; 3] = Default::default();
    for number in 0..500 {
        let padding = ".".repeat([0, 600][random.below(2)]);
        let (to, number) = (random.below(3), number.to_string() + &padding);
        let said = format!("{} {number}", ["a", "b", "both"][to]);
        let sent = match to {
            2 => rooms.send_to(["b", "a"], format!("{said},"), None),
            one => rooms.send(["a", "b"][one], format!("{said},")),
        };
        assert!(sent.is_queued());
        for (reader, wanted) in wanted.iter_mut().enumerate() {
            if to == 2 || reader == 2 || reader == to {
                wanted.push(said.clone());
            }
        }
    }
    for (index, peer) in house.peers.iter_mut().enumerate() {
        let wanted = &wanted[index % 3];
        let got = peer.receive(wanted.iter().map(|said| said.len() + 1).sum());
        let got: Vec<String> =
            String::from_utf8(got).unwrap().split_terminator(',').map(Into::into).collect();
        if index % 3 < 2 {
            assert_eq!(got, *wanted);
        }
        for kind in ["a", "b", "both"] {
            let of = |all: &[String]| -> Vec<String> {
                all.iter().filter(|said| said.split(' ').next() == Some(kind)).cloned().collect()
            };
            assert_eq!(of(&got), of(wanted));
        }
    }
}

fn what_waits_for_several_rooms_is_bounded(setting: Setting) {
    // A single thread, which a callback holds up, so that nothing is delivered.
    let service = setting.with(1).start().unwrap();
    let (probe, events) = Probe::new();
    let limits = Limits::default().queue(64 << 20);
    let server = setting.listen(Server::builder(&service, probe.serve()).limits(limits));
    let mut house = House::of(server, events, 2);
    house.join(0, &["a", "b"]);
    house.join(1, &["b"]);
    let (go_on, wait) = channel::<()>();
    let (told, begun) = channel();
    let hold = move |_: &mut raw::Session<'_>| {
        let _ = told.send(());
        let _ = wait.recv_timeout(LIMIT);
    };
    house.handles[0].post(hold).unwrap();
    begun.recv_timeout(LIMIT).unwrap();
    let rooms = house.server.rooms();
    let megabyte = vec![b'b'; 1 << 20];
    let only_b: Vec<Sent> = (0..8).map(|_| rooms.send("b", &megabyte)).collect();
    assert!(only_b.iter().all(|sent| sent.is_queued()), "{only_b:?}");
    let both: Vec<Sent> = (0..12).map(|_| rooms.send_to(["a", "b"], &megabyte, None)).collect();
    assert!(both[0] == Sent::Congested && both[10..].iter().all(|sent| *sent == Sent::Full));
    assert_eq!(rooms.send("a", "x"), Sent::Congested, "this one has room");
    go_on.send(()).unwrap();
    let both = both.iter().filter(|sent| sent.is_queued()).count();
    let got = house.peers[0].receive(((8 + both) << 20) + 1);
    assert_eq!(got.iter().filter(|byte| **byte == b'x').count(), 1);
    assert_eq!(house.peers[1].receive((8 + both) << 20).len(), (8 + both) << 20);
}

/// What tells who has got a message already counts, or empty ones would be bounded by their number
/// alone.
fn what_goes_to_several_rooms_weighs_as_much_as_their_members(setting: Setting) {
    const MEMBERS: usize = 60;
    let service = setting.with(1).start().unwrap();
    let house = House::new(setting, &service, MEMBERS);
    (0..MEMBERS).for_each(|index| house.join(index, &["a", "b"]));
    let (go_on, wait) = channel::<()>();
    let (told, begun) = channel();
    let hold = move || {
        let _ = told.send(());
        let _ = wait.recv_timeout(LIMIT);
    };
    service.post(hold).unwrap();
    begun.recv_timeout(LIMIT).unwrap();
    let rooms = house.server.rooms();
    let sends = (0..100_000).take_while(|_| rooms.send_to(["a", "b"], "", None).is_queued());
    assert_eq!(sends.count(), (16_usize << 20).div_ceil(2 * MEMBERS * 16));
    // Who has left need not be told a million times of nothing.
    for handle in &house.handles {
        handle.leave_room("a").unwrap();
        handle.leave_room("b").unwrap();
    }
    go_on.send(()).unwrap();
    eventually("all have left", || rooms.is_empty());
}

/// From room to room while messages are under way to all of them: none comes twice.
fn who_wanders_gets_each_message_once(setting: Setting) {
    const NAMES: [&str; 3] = ["a", "b", "c"];
    const MESSAGES: usize = 1_000;
    let service = setting.service();
    let mut house = House::new(setting, &service, 3);
    (0..3).for_each(|index| house.join(index, &NAMES));
    let rooms = house.server.rooms();
    let mut random = Random::new();
    for number in 0..MESSAGES {
        assert!(rooms.send_to(NAMES, format!("{number},"), None).is_queued());
        for wanderer in &house.handles[1..] {
            wanderer.leave_room(NAMES[random.below(3)]).unwrap();
            wanderer.join_room(NAMES[random.below(3)]).unwrap();
        }
    }
    let all: String = (0..MESSAGES).map(|number| format!("{number},")).collect();
    house.peers[0].expect(all);
    for (peer, handle) in house.peers[1..].iter_mut().zip(&house.handles[1..]) {
        ask(handle, |session| {
            NAMES.iter().for_each(|name| _ = session.join_room(name).unwrap());
        });
        // Behind whatever is under way in each room.
        NAMES.iter().for_each(|name| assert!(rooms.send(name, "end,").is_queued()));
        let mut numbers = receive_to_ends(peer, NAMES.len());
        assert!(!numbers.is_empty(), "it was somewhere");
        numbers.sort_unstable();
        assert!(numbers.is_sorted_by(|one, next| one < next), "none twice");
        NAMES.iter().for_each(|name| handle.leave_room(name).unwrap());
        eventually("it has left", || handle.rooms().is_empty());
    }
}

/// The numbers before so many words that are none.
fn receive_to_ends(peer: &mut Peer, ends: usize) -> Vec<usize> {
    let (mut numbers, mut ended) = (Vec::new(), 0);
    while ended < ends {
        let mut word = String::new();
        while !word.ends_with(',') {
            word.push(char::from(peer.receive(1)[0]));
        }
        match word.trim_end_matches(',').parse() {
            Ok(number) => numbers.push(number),
            Err(_) => ended += 1,
        }
    }
    numbers
}
