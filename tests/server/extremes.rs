//! A server at the end of its means, each in a process of its own.

use std::any::Any;
use std::fs::{self, File};
use std::io::{self, Read};
use std::net::{SocketAddr, TcpStream};
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use sockeye::{
    Backoff, Client, CloseReason, Error, ErrorKind, Key, Overload, Server, Service, client, raw,
    server,
};

use crate::common::{
    Design, Echo, Hanging, LIMIT, Peer, Probe, addr_of, bounded, descriptors, eventually,
    free_addr, in_a_process, role, serve, spawn_role,
};
use crate::on_both_designs;

on_both_designs!(
    descriptors_run_out_and_come_back,
    ten_thousand_sessions_are_torn_down_at_once,
    services_leave_no_descriptors_behind,
    sessions_and_clients_leave_no_memory_behind,
    who_waits_costs_no_processor,
);

fn descriptors_run_out_and_come_back(design: Design) {
    in_a_process("extremes::descriptors_run_out_and_come_back", design, 64, || {
        let service = design.service();
        let (told, errors) = channel();
        let builder = Server::builder(&service, raw::server(|_| Echo)).events(Errors(told));
        let server = builder.listen("127.0.0.1:0").unwrap();
        let mut before = Peer::new(&server);
        before.exchange("before");
        let waiting: Vec<Socket> =
            (0..5).map(|_| Socket::new(Domain::IPV4, Type::STREAM, None).unwrap()).collect();
        let fill = || File::open("/dev/null");
        let filling: Vec<File> = std::iter::repeat_with(fill).map_while(io::Result::ok).collect();
        assert!(filling.len() > 5, "the limit is not below what is needed");
        for socket in &waiting {
            socket.connect(&addr_of(&server).into()).unwrap();
        }
        let error = errors.recv_timeout(LIMIT).unwrap();
        assert_eq!(error.kind(), ErrorKind::OutOfResources);
        assert_eq!(error.address(), Some(&*server.local_addr().to_string()));
        // It tries again, some times now, without a word; who is in is served.
        assert!(errors.recv_timeout(Duration::from_millis(450)).is_err(), "once is enough");
        before.exchange("meanwhile");
        assert_eq!(server.connections(), 1);
        drop(filling);
        let mut served: Vec<Peer> =
            waiting.into_iter().map(|socket| Peer::of(socket.into())).collect();
        for peer in &mut served {
            peer.exchange("after");
        }
        assert_eq!((server.connections(), server.metrics().begun), (6, 6));
        assert!(errors.try_recv().is_err());
    });
}

struct Errors(Sender<Error>);

impl server::Events for Errors {
    fn on_error(&self, error: &Error) {
        let _ = self.0.send(error.clone());
    }
}

#[derive(Default)]
struct Counts {
    opened: AtomicUsize,
    closed: AtomicUsize,
    wrong: AtomicUsize,
}

/// Counts itself, once opened and once closed.
struct Counted {
    counts: Arc<Counts>,
    open: bool,
}

impl raw::Handler for Counted {
    fn on_open(&mut self, _: &mut raw::Session<'_>) {
        self.counts.opened.fetch_add(1, Ordering::SeqCst);
        self.open = true;
    }
    fn on_data(&mut self, _: &mut raw::Session<'_>, _: &[u8]) {}
    fn on_close(&mut self, _: &mut raw::Session<'_>, _: &CloseReason) {
        self.counts.closed.fetch_add(1, Ordering::SeqCst);
        let was_open = std::mem::replace(&mut self.open, false);
        self.counts.wrong.fetch_add(usize::from(!was_open), Ordering::SeqCst);
    }
}

fn ten_thousand_sessions_are_torn_down_at_once(design: Design) {
    in_a_process("extremes::ten_thousand_sessions_are_torn_down_at_once", design, 12_000, || {
        if let Some((addr, count)) = role().split_once(' ') {
            return be_peers(addr.parse().unwrap(), count.parse().unwrap());
        }
        let count = 10_000.min(descriptors() - 200);
        let service = design.service();
        // By the peers, by the server, by the service.
        torn_down(&service, count, |_, peers| drop(peers.stdin.take()));
        torn_down(&service, count / 4, |server, _| server.disconnect_all());
        torn_down(&service, count / 4, |server, _| {
            let service = server.service().clone();
            bounded("stop", move || service.stop()).unwrap();
        });
    });
}

fn torn_down(service: &Service, count: usize, tear_down: impl FnOnce(&Server, &mut Child)) {
    let counts = Arc::new(Counts::default());
    let counted = Arc::clone(&counts);
    let make = move |_: &_| Counted { counts: Arc::clone(&counted), open: false };
    let server = Server::builder(service, raw::server(make)).listen("127.0.0.1:0").unwrap();
    let mut peers = spawn_role(&format!("{} {count}", addr_of(&server)));
    eventually("all are open", || counts.opened.load(Ordering::SeqCst) == count);
    assert_eq!(server.connections(), count);
    tear_down(&server, &mut peers);
    eventually("all are closed", || counts.closed.load(Ordering::SeqCst) >= count);
    eventually("none is left", || server.connections() == 0);
    assert_eq!(counts.opened.load(Ordering::SeqCst), count);
    assert_eq!(counts.closed.load(Ordering::SeqCst), count);
    assert_eq!(counts.wrong.load(Ordering::SeqCst), 0, "one on_close for each on_open");
    assert!(server.sessions().is_empty());
    drop(peers.stdin.take());
    peers.wait().unwrap();
}

/// Holds so many connections, and ends each when its server does; the process ends with stdin.
fn be_peers(addr: SocketAddr, count: usize) {
    let connect = |_| TcpStream::connect(addr).unwrap();
    for mut peer in (0..count).map(connect).collect::<Vec<_>>() {
        // An end or a reset.
        let _ = peer.read(&mut [0]);
    }
    let _ = io::stdin().read_to_end(&mut Vec::new());
}

fn services_leave_no_descriptors_behind(design: Design) {
    in_a_process("extremes::services_leave_no_descriptors_behind", design, 256, || {
        // Each has some ten descriptors: if they stayed, they would run out.
        for _ in 0..120 {
            let service = design.service();
            let server = Server::builder(&service, raw::server(|_| Echo));
            let server = server.listen("127.0.0.1:0").unwrap();
            let client = Client::builder(&service, raw::client(raw::Discard));
            let client = client.connect(addr_of(&server)).unwrap();
            client.wait_connected(LIMIT).unwrap();
        }
    });
}

fn sessions_and_clients_leave_no_memory_behind(design: Design) {
    if resident().is_none() {
        return;
    }
    in_a_process("extremes::sessions_and_clients_leave_no_memory_behind", design, 1024, || {
        let service = design.service();
        let (group, echo) = (raw::Group::new(&service), Probe::new().0.echo());
        let joined = group.clone();
        let echo = echo.on_open(move |session| {
            session.set(&Key::new("bytes"), [0_u8; 100]);
            session.join(&joined);
            let _ = session.handle().post(|_| ());
        });
        let server = serve(&service, echo.serve());
        let round = || {
            for _ in 0..100 {
                let mut peer = Peer::new(&server);
                peer.exchange([1; 10_000]);
                // So that no port is kept for minutes.
                peer.reset();
                let client = Client::builder(&service, raw::client(raw::Discard));
                let client = client.queue_while_down(100).connect(addr_of(&server)).unwrap();
                client.handle().send("x");
                client.wait_connected(LIMIT).unwrap();
                client.handle().abort();
            }
            eventually("all are gone", || server.connections() == 0);
        };
        (0..5).for_each(|_| round());
        let before = resident().unwrap();
        (0..25).for_each(|_| round());
        let grown = resident().unwrap().saturating_sub(before);
        // Five thousand sessions and half as many clients, of some hundred bytes at least.
        assert!(grown < 1 << 20, "{grown} bytes more");
        assert!(group.is_empty());
    });
}

/// The memory that this process has, where the system tells it so (`proc(5)`).
fn resident() -> Option<usize> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    Some(statm.split_whitespace().nth(1)?.parse::<usize>().ok()? * 4096)
}

/// What is waited for, and how that is brought about; what is returned keeps it so.
type Wait = (&'static str, fn(&Service) -> Box<dyn Any>);

const WAITS: &[Wait] = &[
    ("nothing", |_| Box::new(())),
    ("one place is left", |service| full_server(service, 2)),
    ("no place is left, and somebody waits", |service| {
        let server = full_server(service, 1);
        let waiting = Peer::new(&server.0);
        Box::new((server, waiting))
    }),
    ("a session is paused, with something to read", |service| {
        let (probe, events) = Probe::new();
        let server = serve(service, probe.on_open(|session| session.pause()).serve());
        let mut peer = Peer::new(&server);
        events.open();
        peer.send("unread");
        peer.finish();
        Box::new((server, peer))
    }),
    ("a session waits for its peer to read", |service| {
        let (probe, events) = Probe::new();
        let server = serve(service, probe.echo().serve());
        let mut peer = Peer::narrow(&server);
        events.open().send(vec![1; 8 << 20]);
        peer.send("unread");
        Box::new((server, peer))
    }),
    ("a session is half closed", |service| {
        let (probe, events) = Probe::new();
        let server = serve(service, probe.keep_open().serve());
        let peer = Peer::new(&server);
        events.open();
        peer.finish();
        events.end();
        Box::new((server, peer))
    }),
    ("a close waits for its peer", |service| {
        let (probe, events) = Probe::new();
        let server = serve(service, probe.serve());
        let mut peer = Peer::new(&server);
        events.open().close();
        peer.expect_end();
        Box::new((server, peer))
    }),
    ("a client waits for its next attempt, and another for its first", |service| {
        let hanging = Hanging::new();
        let backoff = Backoff::default().first(LIMIT).max(LIMIT);
        let connect = |addr| {
            let builder = Client::builder(service, raw::client(raw::Discard));
            builder.reconnect(backoff.clone()).connect(addr).unwrap()
        };
        let clients = [connect(free_addr()), connect(hanging.addr)];
        eventually("it waits", || clients[0].state() == client::State::Waiting);
        Box::new((clients, hanging))
    }),
];

/// A server that takes so many, one of whom is there.
fn full_server(service: &Service, max: usize) -> Box<(Server, Peer)> {
    let server = Server::builder(service, raw::server(|_| Echo))
        .max_connections(max)
        .overload(Overload::Queue)
        .listen("127.0.0.1:0")
        .unwrap();
    let mut peer = Peer::new(&server);
    peer.exchange("hello");
    // Somebody has come and gone, so that all has been looked at once more.
    if max > 1 {
        Peer::new(&server).exchange("hello");
        eventually("one is left", || server.connections() == 1);
    }
    Box::new((server, peer))
}

fn who_waits_costs_no_processor(design: Design) {
    if processor_time().is_none() {
        return;
    }
    in_a_process("extremes::who_waits_costs_no_processor", design, 256, || {
        let mut busy = Vec::new();
        for (what, bring_about) in WAITS {
            let service = design.service();
            let kept = bring_about(&service);
            let before = processor_time().unwrap();
            // The one thing that only time can show.
            thread::sleep(Duration::from_millis(200));
            let spent = processor_time().unwrap() - before;
            if spent > Duration::from_millis(60) {
                busy.push(format!("{spent:?} of 200 ms while {what}"));
            }
            drop(kept);
        }
        assert!(busy.is_empty(), "{busy:#?}");
    });
}

/// What this process has spent, where the system tells it so (`proc(5)`, in ticks of 10 ms).
fn processor_time() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let fields = stat.rsplit_once(')')?.1.split_whitespace().collect::<Vec<_>>();
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(10 * ticks))
}
