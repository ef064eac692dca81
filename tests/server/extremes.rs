//! A server at the end of its means, each in a process of its own.

use std::fs::File;
use std::io::{self, Read};
use std::net::{SocketAddr, TcpStream};
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use sockeye::{CloseReason, Error, ErrorKind, Server, Service, raw, server};

use crate::common::{
    Design, Echo, LIMIT, Peer, addr_of, bounded, descriptors, eventually, in_a_process, role,
    spawn_role,
};
use crate::on_both_designs;

on_both_designs!(
    descriptors_run_out_and_come_back,
    ten_thousand_sessions_are_torn_down_at_once,
    services_leave_no_descriptors_behind,
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
        assert_eq!((server.connections(), server.traffic().accepted), (6, 6));
        assert!(errors.try_recv().is_err());
    });
}

struct Errors(std::sync::mpsc::Sender<Error>);

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
            let client = sockeye::Client::builder(&service, raw::client(raw::Discard));
            let client = client.connect(addr_of(&server)).unwrap();
            client.wait_connected(LIMIT).unwrap();
        }
    });
}
