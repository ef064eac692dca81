//! How many rooms there may be, for a session and for a server, and how long their names.

use std::sync::mpsc::{Sender, channel};

use sockeye::{Error, ErrorKind, Limits, Server, Service, raw, server};

use crate::House;
use crate::common::{LIMIT, Probe, Setting, ask};
use crate::on_tcp;

on_tcp!(
    a_session_is_in_so_many_groups_and_rooms,
    by_default_a_session_is_in_128_groups,
    a_server_has_so_many_rooms,
    a_server_may_have_no_rooms,
    a_name_has_so_many_bytes,
    what_a_handle_asks_for_in_vain_is_told,
    a_closed_session_joins_nothing,
);

struct Errors(Sender<Error>);

impl server::Events for Errors {
    fn on_error(&self, error: &Error) {
        let _ = self.0.send(error.clone());
    }
}

fn house(
    setting: Setting,
    service: &Service,
    count: usize,
    build: impl FnOnce(server::Builder) -> server::Builder,
) -> House {
    let (protocol, events) = Probe::server();
    let server = setting.listen(build(Server::builder(service, protocol)));
    House::of(server, events, count)
}

fn a_session_is_in_so_many_groups_and_rooms(setting: Setting) {
    let service = setting.service();
    let limits = Limits::default().groups(3);
    let house = house(setting, &service, 1, |builder| builder.limits(limits));
    let [one, other] = [raw::Group::new(&service), raw::Group::new(&service)];
    ask(&house.handles[0], move |session| {
        assert!(session.join(&one));
        assert!(session.join_room("lobby").unwrap() && session.join_room("kitchen").unwrap());
        let error = session.join_room("attic").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LimitReached);
        assert_eq!(
            error.to_string(),
            "cannot join the room \"attic\": the limit is reached (3 groups of a session)"
        );
        assert!(!session.join(&other) && other.is_empty());
        assert!(!session.join_room("lobby").unwrap(), "where it is already, it may be");
        assert!(session.leave(&one));
        assert!(session.join_room("attic").unwrap());
        assert!(!session.join(&one));
        assert!(session.leave_room("lobby"));
        assert!(session.join(&one));
    });
    assert_eq!(house.server.rooms().names(), ["attic", "kitchen"], "nothing is made in vain");
}

fn by_default_a_session_is_in_128_groups(setting: Setting) {
    let service = setting.service();
    let house = House::new(setting, &service, 1);
    ask(&house.handles[0], |session| {
        for number in 0..128 {
            assert!(session.join_room(&number.to_string()).unwrap());
        }
        assert_eq!(session.join_room("128").unwrap_err().kind(), ErrorKind::LimitReached);
    });
    assert_eq!(house.server.rooms().len(), 128);
}

fn a_server_has_so_many_rooms(setting: Setting) {
    let service = setting.service();
    let house = house(setting, &service, 2, |builder| builder.max_rooms(2));
    house.join(0, &["lobby", "kitchen"]);
    let error = ask(&house.handles[1], |session| session.join_room("attic").unwrap_err());
    assert_eq!(error.kind(), ErrorKind::LimitReached);
    assert_eq!(
        error.to_string(),
        "cannot join the room \"attic\": the limit is reached (2 rooms of the server)"
    );
    house.join(1, &["lobby"]);
    assert!(house.leave(0, "kitchen"));
    house.join(1, &["attic"]);
    assert_eq!(house.server.rooms().names(), ["attic", "lobby"]);
}

fn a_server_may_have_no_rooms(setting: Setting) {
    let service = setting.service();
    let house = house(setting, &service, 1, |builder| builder.max_rooms(0));
    let error = ask(&house.handles[0], |session| session.join_room("lobby").unwrap_err());
    assert_eq!(error.kind(), ErrorKind::LimitReached);
    assert!(house.server.rooms().is_empty() && house.handles[0].rooms().is_empty());
}

fn a_name_has_so_many_bytes(setting: Setting) {
    let service = setting.service();
    let usual = House::new(setting, &service, 1);
    let short = house(setting, &service, 1, |builder| builder.max_room_name(3));
    for (house, most) in [(usual, 256), (short, 3)] {
        ask(&house.handles[0], move |session| {
            assert!(session.join_room(&"x".repeat(most)).unwrap());
            let error = session.join_room(&"x".repeat(most + 1)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::LimitReached);
            let wanted = format!("(a name of {} bytes, at most {most})", most + 1);
            assert!(error.to_string().ends_with(&wanted), "{error}");
            assert!(!session.leave_room(&"x".repeat(most + 1)));
        });
        let long = "x".repeat(1 << 20);
        let error = house.handles[0].join_room(&long).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LimitReached, "at once");
        assert!(error.to_string().len() < 200, "it does not repeat the name");
        house.handles[0].leave_room(&long).unwrap();
        assert!(house.server.rooms().send(&long, "to nobody").is_queued());
    }
}

fn what_a_handle_asks_for_in_vain_is_told(setting: Setting) {
    let service = setting.service();
    let (told, errors) = channel();
    let build = |builder: server::Builder| builder.max_rooms(1).events(Errors(told));
    let house = house(setting, &service, 1, build);
    house.handles[0].join_room("lobby").unwrap();
    house.handles[0].join_room("kitchen").unwrap();
    let error = errors.recv_timeout(LIMIT).unwrap();
    assert_eq!(error.kind(), ErrorKind::LimitReached);
    assert!(error.to_string().contains("\"kitchen\""), "{error}");
    assert!(house.handles[0].is_open());
    assert_eq!(house.handles[0].rooms(), ["lobby"]);
}

fn a_closed_session_joins_nothing(setting: Setting) {
    let service = setting.service();
    let (told, seen) = channel();
    let (probe, events) = Probe::new();
    let probe = probe.on_open(|session| assert!(session.join_room("lobby").unwrap())).on_close(
        move |session| {
            let left = session.server_rooms().get("lobby").is_none();
            let error = session.join_room("kitchen").unwrap_err();
            let _ = told.send((session.rooms(), left, error));
        },
    );
    let mut house = House::of(setting.serve(&service, probe.serve()), events, 1);
    drop(house.peers.pop());
    let (rooms, left, error) = seen.recv_timeout(LIMIT).unwrap();
    assert_eq!(rooms, ["lobby"], "where it was, on_close is told");
    assert!(left, "though it has left");
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert!(house.server.rooms().is_empty());
}
