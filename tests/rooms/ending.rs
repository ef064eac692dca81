//! However sessions end, they leave their rooms, and a room that nobody is in is gone.

use std::time::Duration;

use sockeye::{CloseReason, raw};

use crate::House;
use crate::common::{LIMIT, Peer, Probe, Setting, bounded, eventually};
use crate::{on_all_streams, on_tcp};

on_all_streams!(
    who_closes_leaves_his_rooms,
    who_is_cut_off_leaves_his_rooms,
    who_panics_leaves_his_rooms,
    who_panics_while_it_closes_has_left_his_rooms,
    rooms_are_gone_after_disconnecting_all,
    rooms_are_gone_after_a_stop_of_the_service,
);

on_tcp!(rooms_are_gone_after_a_shutdown_and_come_back_after_it, rooms_outlive_their_server);

/// Everybody is in the lobby, and has a room of his own.
fn full_house(
    setting: Setting,
    service: &sockeye::Service,
    probe: Probe,
    events: crate::Events,
) -> House {
    let house = House::of(setting.serve(service, probe.serve()), events, 4);
    for index in 0..4 {
        house.join(index, &["lobby", &format!("room {index}")]);
    }
    assert_eq!(house.server.rooms().len(), 5);
    house
}

fn usual(setting: Setting, service: &sockeye::Service) -> House {
    let (probe, events) = Probe::new();
    full_house(setting, service, probe, events)
}

/// One has gone: he is not in the lobby, and his room is not there.
fn assert_gone(house: &mut House, index: usize) {
    let rooms = house.server.rooms();
    assert_eq!(rooms.len(), 4);
    assert!(rooms.get(&format!("room {index}")).is_none());
    assert_eq!(rooms.get("lobby").unwrap().len(), 3);
    let handle = house.handles[index].clone();
    eventually("his handle tells so, too", || handle.rooms().is_empty());
    rooms.send("lobby", "to the rest");
    house.peers.iter_mut().for_each(|peer| peer.expect("to the rest"));
}

fn who_closes_leaves_his_rooms(setting: Setting) {
    let service = setting.service();
    let mut house = usual(setting, &service);
    drop(house.peers.remove(1));
    house.events.close();
    assert_gone(&mut house, 1);
}

fn who_is_cut_off_leaves_his_rooms(setting: Setting) {
    let service = setting.service();
    let mut house = usual(setting, &service);
    house.handles[2].abort();
    house.events.close();
    drop(house.peers.remove(2));
    assert_gone(&mut house, 2);
}

fn who_panics_leaves_his_rooms(setting: Setting) {
    let service = setting.service();
    let mut house = usual(setting, &service);
    house.handles[0].post(|_| panic!("as the test wished")).unwrap();
    assert!(matches!(house.events.close(), CloseReason::Panic(_)));
    drop(house.peers.remove(0));
    assert_gone(&mut house, 0);
}

fn who_panics_while_it_closes_has_left_his_rooms(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let probe = probe.on_close(|_| panic!("wrong in on_close"));
    let mut house = full_house(setting, &service, probe, events);
    drop(house.peers.remove(3));
    house.events.close();
    assert_gone(&mut house, 3);
}

fn rooms_are_gone_after_disconnecting_all(setting: Setting) {
    let service = setting.service();
    let House { server, peers, events, .. } = usual(setting, &service);
    server.disconnect_all();
    drop(peers);
    (0..4).for_each(|_| drop(events.close()));
    assert!(server.rooms().is_empty());
}

fn rooms_are_gone_after_a_stop_of_the_service(setting: Setting) {
    let service = setting.service();
    let House { server, peers, handles, .. } = usual(setting, &service);
    let rooms = server.rooms();
    bounded("stop", move || service.stop()).unwrap();
    assert!(rooms.is_empty() && rooms.names().is_empty());
    assert!(handles.iter().all(|handle| handle.rooms().is_empty()));
    drop(peers);
}

fn rooms_are_gone_after_a_shutdown_and_come_back_after_it(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let probe = probe.on_open(|session| assert!(session.join_room("lobby").unwrap()));
    let server = setting.listen_quietly(sockeye::Server::builder(&service, probe.serve()));
    let rooms = server.rooms();
    for _ in 0..3 {
        let peers: Vec<Peer> = (0..4).map(|_| Peer::new(&server)).collect();
        peers.iter().for_each(|_| drop(events.open()));
        eventually("all are in", || rooms.get("lobby").is_some_and(|room| room.len() == 4));
        let stopping = server.clone();
        // Peers that do not end their own side are cut off.
        let _ = bounded("shutdown", move || stopping.shutdown(Duration::from_millis(1)));
        eventually("all are gone", || server.connections() == 0);
        assert!(rooms.is_empty());
        drop(peers);
        server.start().unwrap();
    }
}

fn rooms_outlive_their_server(setting: Setting) {
    let service = setting.service();
    let House { server, peers, events, handles } = usual(setting, &service);
    let rooms = server.rooms();
    drop((server, handles));
    drop(peers);
    (0..4).for_each(|_| drop(events.close()));
    eventually("they are empty", || rooms.is_empty());
    assert!(rooms.send("lobby", "to nobody").is_queued());
    bounded("shutdown", move || service.shutdown(LIMIT)).unwrap();
    let _: Option<raw::Group> = rooms.get("lobby");
}
