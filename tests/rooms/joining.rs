//! Who is in which room, as sessions, handles and the server see it.

use sockeye::{ErrorKind, raw};

use crate::House;
use crate::common::{Peer, Probe, Setting, ask, eventually};
use crate::on_all_streams;

on_all_streams!(
    a_room_is_there_while_somebody_is_in_it,
    joining_and_leaving_tell_whether_they_did,
    a_session_tells_its_rooms_in_the_order_of_joining,
    handles_join_and_leave_rooms,
    any_text_is_a_name,
    a_room_is_a_group_that_lists_its_members,
    a_room_may_be_joined_as_a_group_first,
    a_room_may_be_left_as_a_group,
    a_group_of_a_room_that_is_gone_stays_empty,
    each_server_has_rooms_of_its_own,
    a_client_has_no_rooms,
);

fn a_room_is_there_while_somebody_is_in_it(setting: Setting) {
    let service = setting.service();
    let house = House::new(setting, &service, 4);
    let rooms = house.server.rooms();
    assert!(rooms.is_empty() && rooms.names().is_empty() && rooms.get("lobby").is_none());
    house.join(0, &["lobby"]);
    house.join(1, &["kitchen", "lobby"]);
    house.join(2, &["attic"]);
    assert_eq!(rooms.names(), ["attic", "kitchen", "lobby"], "sorted");
    assert_eq!(rooms.get("lobby").unwrap().len(), 2);
    assert!(house.leave(0, "lobby") && house.leave(2, "attic"));
    assert_eq!((rooms.names(), rooms.len()), (vec!["kitchen".into(), "lobby".into()], 2));
    assert!(house.leave(1, "lobby") && house.leave(1, "kitchen"));
    assert!(rooms.is_empty() && rooms.get("lobby").is_none());
    house.join(3, &["lobby"]);
    assert_eq!(rooms.names(), ["lobby"], "made anew");
}

fn joining_and_leaving_tell_whether_they_did(setting: Setting) {
    let service = setting.service();
    let house = House::new(setting, &service, 1);
    ask(&house.handles[0], |session| {
        assert!(!session.leave_room("lobby"));
        assert!(session.join_room("lobby").unwrap());
        assert!(!session.join_room("lobby").unwrap(), "it is in it already");
        assert_eq!(session.server_rooms().get("lobby").unwrap().len(), 1);
        assert!(!session.leave_room("kitchen"));
        assert!(session.leave_room("lobby"));
        assert!(!session.leave_room("lobby"));
        assert!(session.join_room("lobby").unwrap());
    });
}

fn a_session_tells_its_rooms_in_the_order_of_joining(setting: Setting) {
    let service = setting.service();
    let house = House::new(setting, &service, 2);
    assert!(house.handles[0].rooms().is_empty());
    house.join(0, &["b", "d", "a", "c"]);
    assert_eq!(house.handles[0].rooms(), ["b", "d", "a", "c"]);
    assert!(house.leave(0, "d"));
    house.join(0, &["d"]);
    assert_eq!(house.handles[0].rooms(), ["b", "a", "c", "d"]);
    assert_eq!(ask(&house.handles[0], |session| session.rooms()), ["b", "a", "c", "d"]);
    assert!(house.handles[1].rooms().is_empty(), "each has its own");
}

fn handles_join_and_leave_rooms(setting: Setting) {
    let service = setting.service();
    let mut house = House::new(setting, &service, 3);
    let rooms = house.server.rooms();
    house.handles.iter().for_each(|handle| handle.join_room("lobby").unwrap());
    // Twice is once, and what is not joined need not be left.
    house.handles[0].join_room("lobby").unwrap();
    house.handles[0].leave_room("kitchen").unwrap();
    eventually("all are in", || rooms.get("lobby").is_some_and(|room| room.len() == 3));
    rooms.send("lobby", "hello");
    house.peers.iter_mut().for_each(|peer| peer.expect("hello"));
    for handle in &house.handles {
        handle.leave_room("lobby").unwrap();
        eventually("it has left", || handle.rooms().is_empty());
    }
    // The session says so first.
    eventually("the room is gone", || rooms.is_empty());
    drop(house.peers.remove(0));
    house.events.close();
    eventually("it is closed", || !house.handles[0].is_open());
    eventually("no job is taken", || house.handles[0].join_room("lobby").is_err());
    let error = house.handles[0].join_room("lobby").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert_eq!(house.handles[0].leave_room("lobby").unwrap_err().kind(), ErrorKind::Closed);
    assert!(rooms.is_empty());
}

fn any_text_is_a_name(setting: Setting) {
    let service = setting.service();
    let mut house = House::new(setting, &service, 1);
    let long = "ü".repeat(128);
    let names = ["", " ", "a/b\n\0", "Lobby", "lobby", "客厅", &long];
    house.join(0, &names);
    assert_eq!(house.handles[0].rooms(), names);
    assert_eq!(house.server.rooms().len(), names.len());
    for (index, name) in names.iter().enumerate() {
        house.server.rooms().send(name, index.to_string());
        house.peers[0].expect(index.to_string());
    }
}

fn a_room_is_a_group_that_lists_its_members(setting: Setting) {
    let service = setting.service();
    let house = House::new(setting, &service, 5);
    (0..3).for_each(|index| house.join(index, &["lobby"]));
    let room = house.server.rooms().get("lobby").unwrap();
    let members = room.members();
    assert_eq!(members.len(), 3);
    assert!(house.handles[..3].iter().all(|handle| members.contains(handle)));
    assert_eq!(house.server.rooms().get("lobby"), Some(room));
}

fn a_room_may_be_joined_as_a_group_first(setting: Setting) {
    let service = setting.service();
    let mut house = House::new(setting, &service, 2);
    house.join(0, &["lobby"]);
    let room = house.server.rooms().get("lobby").unwrap();
    let group = room.clone();
    ask(&house.handles[1], move |session| {
        assert!(session.join(&group));
        assert!(session.rooms().is_empty(), "it is in the group, not in the room");
        assert!(session.join_room("lobby").unwrap());
        assert!(!session.join(&group), "it is in it already");
        assert_eq!(session.rooms(), ["lobby"]);
    });
    assert_eq!(room.len(), 2, "each of them once");
    room.send("once");
    house.server.rooms().send("lobby", " and once");
    house.peers.iter_mut().for_each(|peer| peer.expect("once and once"));
    assert!(house.leave(0, "lobby"));
    assert_eq!(house.server.rooms().len(), 1, "the other one keeps it");
    assert!(house.leave(1, "lobby"));
    assert!(house.server.rooms().is_empty() && room.is_empty());
}

fn a_room_may_be_left_as_a_group(setting: Setting) {
    let service = setting.service();
    let house = House::new(setting, &service, 1);
    house.join(0, &["lobby", "kitchen"]);
    let group = house.server.rooms().get("lobby").unwrap();
    assert!(ask(&house.handles[0], move |session| session.leave(&group)));
    assert_eq!(house.handles[0].rooms(), ["kitchen"]);
    assert_eq!(house.server.rooms().names(), ["kitchen"]);
}

fn a_group_of_a_room_that_is_gone_stays_empty(setting: Setting) {
    let service = setting.service();
    let mut house = House::new(setting, &service, 2);
    house.join(0, &["lobby"]);
    let old = house.server.rooms().get("lobby").unwrap();
    let group = old.clone();
    assert!(ask(&house.handles[1], move |session| session.join(&group)));
    assert!(house.leave(0, "lobby"));
    assert!(house.server.rooms().is_empty(), "who joined the group does not keep the room");
    house.join(0, &["lobby"]);
    let new = house.server.rooms().get("lobby").unwrap();
    assert_ne!(old, new);
    old.send("old");
    new.send("new");
    house.peers[0].expect("new");
    house.peers[1].expect("old");
}

fn each_server_has_rooms_of_its_own(setting: Setting) {
    let service = setting.service();
    let (mut one, mut other) = (House::new(setting, &service, 1), House::new(setting, &service, 1));
    one.join(0, &["lobby", "kitchen"]);
    other.join(0, &["lobby"]);
    one.server.rooms().send("lobby", "one");
    other.server.rooms().send("lobby", "other");
    one.peers[0].expect("one");
    other.peers[0].expect("other");
    assert_eq!((one.server.rooms().len(), other.server.rooms().len()), (2, 1));
}

fn a_client_has_no_rooms(setting: Setting) {
    let service = setting.service();
    let house = House::new(setting, &service, 0);
    let (probe, events) = Probe::new();
    let place = house.server.place();
    let client = place.client(&service, raw::client(probe)).connect(place.endpoint()).unwrap();
    let handle = events.open();
    ask(&handle, |session| {
        let error = session.join_room("lobby").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("a client has no rooms"), "{error}");
        assert!(!session.leave_room("lobby") && session.rooms().is_empty());
        let rooms = session.server_rooms();
        assert!(rooms.is_empty() && rooms.names().is_empty() && rooms.get("lobby").is_none());
        assert!(rooms.send("lobby", "to nobody").is_queued());
    });
    assert_eq!(handle.join_room("lobby").unwrap_err().kind(), ErrorKind::Unsupported);
    handle.leave_room("lobby").unwrap();
    assert!(handle.rooms().is_empty() && house.server.rooms().is_empty());
    drop(client);
    drop(Peer::new(&house.server));
}
