//! Everything at once: clients that connect, talk, end and reset, and a server that talks to all
//! and closes all, in a random order that `SOCKEYE_SEED` sets. In the end every session has had one
//! `on_open` and one `on_close`, the counters agree with each other, and nothing hangs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use sockeye::{
    Client, CloseReason, Limits, Overflow, Server, Service, Stats, TcpOptions, Uuid, raw,
};

use common::{Design, LIMIT, Peer, Random, addr_of, bounded};

on_both_designs!(a_random_storm_leaves_everything_consistent);

/// What has happened to each session, by its id.
#[derive(Default)]
struct Book {
    sessions: HashMap<Uuid, Entry>,
    /// What should never be.
    wrong: Vec<String>,
}

#[derive(Default)]
struct Entry {
    handle: Option<raw::Handle>,
    opened: usize,
    closed: usize,
    received: u64,
}

type Shared = Arc<Mutex<Book>>;

/// Writes down what happens, and obeys the first byte of what it gets.
struct Guest {
    book: Shared,
    room: raw::Group,
}

impl Guest {
    fn note(&self, session: &raw::Session<'_>, note: impl FnOnce(&mut Entry)) {
        let mut book = self.book.lock().unwrap();
        let entry = book.sessions.entry(session.id()).or_default();
        note(entry);
        // A client's session opens again when it connects again.
        if entry.opened < entry.closed || entry.opened > entry.closed + 1 {
            let wrong =
                format!("{}: {} opened, {} closed", session.id(), entry.opened, entry.closed);
            book.wrong.push(wrong);
        }
    }
}

impl raw::Handler for Guest {
    fn on_open(&mut self, session: &mut raw::Session<'_>) {
        let handle = session.handle();
        self.note(session, |entry| {
            entry.opened += 1;
            entry.handle = Some(handle);
        });
        session.join(&self.room);
    }

    fn on_data(&mut self, session: &mut raw::Session<'_>, data: &[u8]) {
        self.note(session, |entry| entry.received += data.len() as u64);
        match data[0] {
            b'c' => session.close(),
            b'a' => session.abort(),
            b'f' => session.finish(),
            b'p' => panic!("as a guest wished"),
            b'r' => drop(self.room.send("to the room")),
            b'l' => drop(session.leave(&self.room)),
            b'o' => drop(session.handle().post(|session| _ = session.send("later"))),
            _ => drop(session.send(data)),
        }
    }

    fn on_close(&mut self, session: &mut raw::Session<'_>, _: &CloseReason) {
        self.note(session, |entry| entry.closed += 1);
    }
}

/// One of those outside.
enum Visitor {
    Peer(Peer),
    Client(Client),
}

struct Storm {
    random: Random,
    server: Server,
    /// On a service of their own.
    clients: Service,
    visitors: Vec<Visitor>,
    book: Shared,
    client_book: Shared,
    room: raw::Group,
    client_room: raw::Group,
}

const VISITORS: usize = 50;
const STEPS: usize = 20_000;

fn limits() -> Limits {
    let close = Duration::from_millis(200);
    Limits::default().queue(100_000).marks(10_000, 50_000).close(close)
}

impl Storm {
    fn new(design: Design) -> Self {
        let (service, clients) = (design.service(), design.service());
        let (room, client_room) = (raw::Group::new(&service), raw::Group::new(&clients));
        let book = Shared::default();
        let (make_book, make_room) = (Arc::clone(&book), room.clone());
        let make = move |_: &_| Guest { book: Arc::clone(&make_book), room: make_room.clone() };
        let server = Server::builder(&service, raw::server(make))
            .limits(limits().overflow(Overflow::Drop))
            .tcp_options(TcpOptions::default().send_buffer(16 << 10))
            .listen("127.0.0.1:0")
            .unwrap();
        let (random, client_book) = (Random::new(), Shared::default());
        let visitors = Vec::new();
        Self { random, server, clients, visitors, book, client_book, room, client_room }
    }

    fn step(&mut self) {
        if self.visitors.len() < VISITORS && self.random.below(4) == 0 {
            return self.come();
        }
        match self.random.below(400) {
            0 => self.server.disconnect_all(),
            1..10 => drop(self.server.multicast("to everyone")),
            10..20 => drop(self.client_room.send("from all clients")),
            20..25 => self.server.sessions().iter().for_each(|session| session.pause()),
            25..60 => self.server.sessions().iter().for_each(|session| session.resume()),
            60..80 => self.disturb_a_session(),
            80..110 if !self.visitors.is_empty() => self.leave(),
            _ if !self.visitors.is_empty() => self.talk(),
            _ => {}
        }
    }

    fn come(&mut self) {
        let addr = addr_of(&self.server);
        let visitor = match self.random.below(2) {
            0 => Visitor::Peer(Peer::at(addr)),
            _ => {
                let book = Arc::clone(&self.client_book);
                // Its own guest does not echo, or two echoes would keep each other busy.
                let guest = Quiet(Guest { book, room: self.client_room.clone() });
                let builder = Client::builder(&self.clients, raw::client(guest)).limits(limits());
                let builder = match self.random.below(2) {
                    0 => builder.reconnect(sockeye::Backoff::default()),
                    _ => builder,
                };
                Visitor::Client(builder.queue_while_down(1000).connect(addr).unwrap())
            }
        };
        self.visitors.push(visitor);
    }

    fn disturb_a_session(&mut self) {
        let sessions = self.server.sessions();
        if sessions.is_empty() {
            return;
        }
        let session = &sessions[self.random.below(sessions.len())];
        match self.random.below(4) {
            0 => session.close(),
            1 => session.abort(),
            2 => drop(session.send("from outside")),
            _ => drop(session.post(|session| session.close())),
        }
    }

    fn leave(&mut self) {
        let index = self.random.below(self.visitors.len());
        match (self.visitors.swap_remove(index), self.random.below(3)) {
            (Visitor::Peer(peer), 0) => peer.reset(),
            (Visitor::Peer(peer), _) => drop(peer),
            (Visitor::Client(client), 0) => client.handle().abort(),
            (Visitor::Client(client), 1) => client.disconnect(),
            (Visitor::Client(client), _) => drop(client),
        }
    }

    fn talk(&mut self) {
        const SAID: &[u8] = b"eeeeeeeeeeeeeeeerrllooocafp";
        let index = self.random.below(self.visitors.len());
        let most = [10, 1000, 30_000][self.random.below(3)];
        let size = 1 + self.random.below(most);
        let data = vec![SAID[self.random.below(SAID.len())]; size];
        match &mut self.visitors[index] {
            // A session that is paused, or a connection that is gone, takes nothing.
            Visitor::Peer(peer) => drop(peer.send_at_once(&data)),
            Visitor::Client(client) => match self.random.below(20) {
                0 => client.handle().close(),
                1 => client.connect(),
                2 => client.disconnect(),
                _ => drop(client.handle().send(&data)),
            },
        }
    }

    /// Everybody leaves, and the books are closed.
    fn end(self) {
        let Self { server, clients, visitors, book, client_book, room, client_room, .. } = self;
        server.sessions().iter().for_each(|session| session.resume());
        bounded("the visitors' leaving", move || drop(visitors));
        bounded("the clients' shutdown", move || clients.shutdown(LIMIT / 2)).unwrap();
        eventually_gone(&server);
        assert!(room.is_empty() && client_room.is_empty() && server.sessions().is_empty());
        let (service, metrics) = (server.service().clone(), server.clone());
        bounded("the server's shutdown", move || server.shutdown(LIMIT / 2)).unwrap();
        bounded("the service's shutdown", move || service.shutdown(LIMIT / 2)).unwrap();
        let (sessions, sum) = check(&book);
        let metrics = metrics.metrics();
        assert_eq!((metrics.begun, metrics.refused), (sessions, 0));
        assert_eq!(metrics.stats, sum);
        // Each pause of a guest's takes 15 ms on Windows.
        let few = if cfg!(windows) { 10 } else { 200 };
        assert!(sessions > few, "{sessions} sessions are no storm");
        check(&client_book);
        // A handle keeps its server's protocol, which keeps the book, which keeps the handle.
        for book in [book, client_book] {
            let sessions = std::mem::take(&mut book.lock().unwrap().sessions);
            drop(sessions);
        }
    }
}

/// Like [`common::eventually`], but it tells who is left.
fn eventually_gone(server: &Server) {
    let deadline = Instant::now() + LIMIT;
    while server.connections() > 0 {
        let told = |session: raw::Handle| format!("{session:?}, {:?}", session.stats());
        let left = || server.sessions().into_iter().map(told).collect::<Vec<_>>();
        assert!(Instant::now() < deadline, "{}: {:#?}", server.connections(), left());
        thread::yield_now();
    }
}

/// Every session was opened as often as closed, and got what its handler was given. Returns how
/// many there were, and the sums of what they counted.
fn check(book: &Shared) -> (u64, Stats) {
    let book = book.lock().unwrap();
    assert!(book.wrong.is_empty(), "{:?}", book.wrong);
    let mut sum = Stats::default();
    for (id, entry) in &book.sessions {
        assert!(entry.opened > 0 && entry.opened == entry.closed, "{id}");
        let stats = entry.handle.as_ref().unwrap().stats();
        // What comes while a session closes is read and thrown away.
        assert!(stats.bytes_received >= entry.received, "{id}");
        sum += stats;
    }
    (book.sessions.len() as u64, sum)
}

/// A guest that does not answer.
struct Quiet(Guest);

impl raw::Handler for Quiet {
    fn on_open(&mut self, session: &mut raw::Session<'_>) {
        self.0.on_open(session);
    }

    fn on_data(&mut self, session: &mut raw::Session<'_>, data: &[u8]) {
        self.0.note(session, |entry| entry.received += data.len() as u64);
    }

    fn on_close(&mut self, session: &mut raw::Session<'_>, reason: &CloseReason) {
        self.0.on_close(session, reason);
    }
}

fn a_random_storm_leaves_everything_consistent(design: Design) {
    let mut storm = Storm::new(design);
    for step in 0..STEPS {
        storm.step();
        if step % 8 == 0 {
            thread::yield_now();
        }
    }
    storm.end();
}
