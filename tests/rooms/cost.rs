//! A broadcast to a room costs what one to a group costs: the message is framed once, and written
//! once for each member.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sockeye::framed::{Codec, Decoded, Frame};
use sockeye::{Sent, Uuid, Violation, framed, raw};

use crate::House;
use crate::common::{Event, Peer, Setting, ask, eventually};
use crate::on_stream;

on_stream!(memory Memory:
    a_broadcast_to_a_room_is_written_as_often_as_one_to_a_group,
    a_message_is_framed_once_for_each_room,
);

const MEMBERS: usize = 1_000;

/// How many bytes each flush took, of all members.
fn flushes(house: &mut House, send: impl FnOnce() -> Sent, bytes: usize) -> Vec<usize> {
    let _ = house.events.rest();
    assert!(send().is_queued());
    let mut flushes = Vec::new();
    while flushes.iter().sum::<usize>() < bytes * MEMBERS {
        flushes.push(house.events.wait(|event| match event {
            Event::Sent { sent, .. } => Some(sent),
            _ => None,
        }));
    }
    house.peers.iter_mut().for_each(|peer| drop(peer.receive(bytes)));
    flushes
}

fn a_broadcast_to_a_room_is_written_as_often_as_one_to_a_group(setting: Setting) {
    let service = setting.service();
    let mut house = House::new(setting, &service, MEMBERS);
    let (group, rooms) = (raw::Group::new(&service), house.server.rooms());
    for handle in &house.handles {
        handle.join(&group);
        handle.join_room("lobby").unwrap();
        handle.join_room("kitchen").unwrap();
    }
    ask(&house.handles[MEMBERS - 1], |_| ());
    let kitchen = || rooms.get("kitchen").map_or(0, |room| room.len());
    eventually("all have joined", || group.len() == MEMBERS && kitchen() == MEMBERS);
    for size in [32, 10_000] {
        let data = vec![7; size];
        let to_group = flushes(&mut house, || group.send(&data), size);
        let to_room = flushes(&mut house, || rooms.send("lobby", &data), size);
        let to_both =
            flushes(&mut house, || rooms.send_to(["lobby", "kitchen"], &data, None), size);
        for flushes in [to_group, to_room, to_both] {
            assert_eq!(flushes, vec![size; MEMBERS], "one write for each member");
        }
    }
}

/// A digit says how long a message is. Counts what it encodes.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicUsize>);

impl Codec for Counting {
    type Message = [u8];

    fn decode(&mut self, _: &[u8]) -> Result<Decoded, Violation> {
        Ok(Decoded::Incomplete { wanted: 1 })
    }

    fn read<'a>(&'a mut self, payload: &'a [u8]) -> Result<&'a [u8], Violation> {
        Ok(payload)
    }

    fn encode(&self, message: &[u8], frame: &mut Frame<'_>) -> Result<(), Violation> {
        self.0.fetch_add(1, Ordering::Relaxed);
        frame.put(message.len().to_string().as_bytes());
        frame.message();
        Ok(())
    }
}

/// In both rooms.
struct Member;

impl framed::Handler for Member {
    fn on_open(&mut self, session: &mut framed::Session<'_>) {
        assert!(session.join_room("lobby").unwrap() && session.join_room("kitchen").unwrap());
    }

    fn on_message(&mut self, _: &mut framed::Session<'_>, _: &[u8]) {}
}

fn a_message_is_framed_once_for_each_room(setting: Setting) {
    let service = setting.service();
    let codec = Counting::default();
    let server = setting.serve(&service, framed::server(codec.clone(), |_| Member));
    let mut peers: Vec<Peer> = (0..20).map(|_| Peer::new(&server)).collect();
    let rooms = server.rooms();
    let kitchen = || rooms.get("kitchen").map_or(0, |room| room.len());
    eventually("all have joined", || kitchen() == 20);
    assert!(rooms.send("lobby", "one").is_queued());
    assert!(rooms.send_except("lobby", Uuid::nil(), "three").is_queued());
    peers.iter_mut().for_each(|peer| peer.expect("3one5three"));
    assert_eq!(codec.0.load(Ordering::Relaxed), 2);
    assert!(rooms.send_to(["lobby", "kitchen"], "both", None).is_queued());
    peers.iter_mut().for_each(|peer| peer.expect("4both"));
    assert_eq!(codec.0.load(Ordering::Relaxed), 4);
}
