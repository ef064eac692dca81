//! Everything at once, from several threads, in a random order that `SOCKEYE_SEED` sets: who is told
//! that he is in a room is in the one that others find, and in the end there is no room.

use std::sync::{Arc, Mutex};
use std::thread;

use sockeye::{Server, raw};

use crate::common::{Design, Peer, Random, bounded, eventually};
use crate::on_both_designs;

on_both_designs!(a_storm_of_joining_and_leaving_ends_with_no_room);

const NAMES: [&str; 3] = ["a", "b", "c"];
const THREADS: usize = 3;
const STEPS: usize = 1_500;

/// Does what each byte that it gets stands for, and writes down what should not be.
struct Guest(Arc<Mutex<Vec<String>>>);

impl Guest {
    fn check(&self, what: &str, holds: bool) {
        if !holds {
            self.0.lock().unwrap().push(what.to_owned());
        }
    }

    fn join(&self, session: &mut raw::Session<'_>, name: &str) {
        let was_in = session.rooms().iter().any(|room| room == name);
        let joined = session.join_room(name).unwrap();
        self.check("joining tells whether it did", joined != was_in);
        self.check("it is in its room", self.is_in(session, name));
        self.check("the list tells so", session.rooms().iter().any(|room| room == name));
    }

    fn leave(&self, session: &mut raw::Session<'_>, name: &str) {
        let was_in = self.is_in(session, name);
        self.check("leaving tells whether it did", session.leave_room(name) == was_in);
        self.check("it is not in it any more", !self.is_in(session, name));
    }

    /// As others see it.
    fn is_in(&self, session: &raw::Session<'_>, name: &str) -> bool {
        let room = session.server_rooms().get(name);
        room.is_some_and(|room| room.members().contains(&session.handle()))
    }
}

impl raw::Handler for Guest {
    fn on_data(&mut self, session: &mut raw::Session<'_>, data: &[u8]) {
        for byte in data {
            let name = NAMES[usize::from(byte % 3)];
            match byte / 3 {
                0..3 => self.join(session, name),
                3..6 => self.leave(session, name),
                6 => drop(session.server_rooms().send(name, "!")),
                7 => drop(session.server_rooms().send_to(NAMES, "?", None)),
                8 => session.handle().join_room(name).unwrap(),
                9 => session.handle().leave_room(name).unwrap(),
                10 => session.close(),
                11 => session.abort(),
                _ => panic!("as the visitor wished"),
            }
        }
    }
}

/// Comes, says something and goes.
fn visit(server: &Server, mut random: Random) {
    let mut peers: Vec<Peer> = Vec::new();
    for _ in 0..STEPS {
        let any = random.below(peers.len().max(1));
        match random.below(20) {
            _ if peers.is_empty() => peers.push(Peer::new(server)),
            0 if peers.len() < 8 => peers.push(Peer::new(server)),
            0 => peers.swap_remove(any).reset(),
            1 => drop(peers.swap_remove(any)),
            // Rarely what ends a session.
            2 => drop(peers[any].send_at_once(&[random.below(39) as u8])),
            _ => drop(peers[any].send_at_once(&[random.below(30) as u8])),
        }
    }
    // Ports are scarce.
    peers.into_iter().for_each(Peer::reset);
}

fn a_storm_of_joining_and_leaving_ends_with_no_room(design: Design) {
    let service = design.service();
    let wrong = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&wrong);
    let server = crate::common::serve(&service, raw::server(move |_| Guest(Arc::clone(&notes))));
    let mut random = Random::new();
    let visitors: Vec<_> = (0..THREADS)
        .map(|_| {
            let (server, random) = (server.clone(), random.fork());
            thread::spawn(move || visit(&server, random))
        })
        .collect();
    let rooms = server.rooms();
    while visitors.iter().any(|visitor| !visitor.is_finished()) {
        assert!(rooms.len() <= NAMES.len());
        assert!(rooms.names().is_sorted_by(|one, next| one < next));
        for session in server.sessions() {
            assert!(session.rooms().iter().all(|room| NAMES.contains(&&**room)));
        }
        thread::yield_now();
    }
    visitors.into_iter().for_each(|visitor| visitor.join().unwrap());
    eventually("all are gone", || server.connections() == 0);
    assert_eq!(rooms.names(), [""; 0]);
    assert_eq!(*wrong.lock().unwrap(), [""; 0]);
    bounded("stop", move || service.stop()).unwrap();
}
