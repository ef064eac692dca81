//! What runs over TCP runs over Unix sockets.

use std::io::{ErrorKind as IoErrorKind, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc::channel;
use std::thread;

use sockeye::{Acceptors, CloseReason, Endpoint, ErrorKind, Server, UnixName, UnixOptions};

use crate::common::{Design, Event, LIMIT, Probe, eventually};
use crate::folder::Folder;
use crate::{assert_served, builder, client, exchange, on_both_designs, peer};

on_both_designs!(
    bytes_come_back,
    a_client_gets_its_echo,
    big_transfers_are_whole,
    both_ends_know_where_they_are,
    half_closing_works_both_ways,
    an_abort_ends_the_session_at_both_ends,
    a_peer_that_leaves_unread_bytes_is_a_reset,
    a_file_and_a_port_are_served_side_by_side,
    one_acceptor_per_loop_shares_the_socket,
    a_listening_socket_is_adopted_and_its_file_left_alone,
    a_narrow_socket_loses_nothing,
);

fn bytes_come_back(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let server = builder(&service).listen(folder.socket()).unwrap();
    let mut peer = peer(&folder.socket());
    for size in [1, 100, 10_000] {
        exchange(&mut peer, &vec![size as u8; size]);
    }
    peer.shutdown(Shutdown::Write).unwrap();
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
    eventually("the session ends", || server.connections() == 0);
    assert_eq!(server.metrics().stats.bytes_received, 10_101);
}

fn a_client_gets_its_echo(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let server = builder(&service).listen(folder.socket()).unwrap();
    let (probe, events) = Probe::new();
    let client = client(&service, probe).connect(server.local_addr()).unwrap();
    client.wait_connected(LIMIT).unwrap();
    client.handle().send("hello");
    assert_eq!(events.data(5), b"hello");
    client.disconnect();
    client.wait_disconnected(LIMIT).unwrap();
    assert!(matches!(events.close(), CloseReason::Local));
}

fn big_transfers_are_whole(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let _server = builder(&service).listen(folder.socket()).unwrap();
    let data: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
    let mut peer = peer(&folder.socket());
    let mut writer = peer.try_clone().unwrap();
    let sent = data.clone();
    let writing = thread::spawn(move || writer.write_all(&sent).unwrap());
    let mut answer = vec![0; data.len()];
    peer.read_exact(&mut answer).unwrap();
    writing.join().unwrap();
    assert!(answer == data);
}

fn both_ends_know_where_they_are(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let (told, seen) = channel();
    let (probe, _events) = Probe::new();
    let probe = probe.on_open(move |session| {
        let _ = told.send((session.local_addr(), session.peer_addr()));
    });
    let server = Server::builder(&service, probe.clone().serve());
    let server = server.listen(folder.socket()).unwrap();
    let here = Endpoint::Unix(UnixName::Path(folder.socket().into()));
    assert_eq!((server.local_addr(), here.path()), (here.clone(), Some(&*folder.socket())));
    let client = client(&service, probe).connect(&here).unwrap();
    client.wait_connected(LIMIT).unwrap();
    let mut ends = [seen.recv_timeout(LIMIT).unwrap(), seen.recv_timeout(LIMIT).unwrap()];
    ends.sort_by_key(|(local, _)| local.as_ref().unwrap().path().is_none());
    let unnamed = Endpoint::Unix(UnixName::Unnamed);
    assert_eq!(ends[0], (Some(here.clone()), Some(unnamed.clone())), "the server's");
    assert_eq!(ends[1], (Some(unnamed), Some(here)), "the client's");
}

fn half_closing_works_both_ways(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let (probe, events) = Probe::new();
    let probe = probe.keep_open().on_end(|session| {
        session.send("behind your end");
        session.finish();
    });
    let _server = Server::builder(&service, probe.serve()).listen(folder.socket()).unwrap();
    let mut peer = peer(&folder.socket());
    peer.write_all(b"all").unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    let mut rest = String::new();
    peer.read_to_string(&mut rest).unwrap();
    assert_eq!((rest.as_str(), &*events.data(3)), ("behind your end", &b"all"[..]));
    assert!(matches!(events.close(), CloseReason::Remote));
}

fn an_abort_ends_the_session_at_both_ends(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let (probe, events) = Probe::new();
    let probe = probe.on_data(|session, _| session.abort());
    let _server = Server::builder(&service, probe.serve()).listen(folder.socket()).unwrap();
    let mut peer = peer(&folder.socket());
    peer.write_all(b"go").unwrap();
    assert!(matches!(events.close(), CloseReason::Aborted));
    // There is no reset on Unix sockets: with nothing unread it is an end in order.
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
}

fn a_peer_that_leaves_unread_bytes_is_a_reset(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let (probe, events) = Probe::new();
    let probe = probe.on_open(|session| {
        session.send("unread");
    });
    let _server = Server::builder(&service, probe.serve()).listen(folder.socket()).unwrap();
    let left = peer(&folder.socket());
    events.wait(|event| matches!(event, Event::Sent { sent: 6, pending: 0 }).then_some(()));
    drop(left);
    assert!(matches!(events.close(), CloseReason::Reset));
}

fn a_file_and_a_port_are_served_side_by_side(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let text = format!("unix:{}", folder.socket().display());
    let server = builder(&service).listen(["127.0.0.1:0", &text]).unwrap();
    let [port, file] = &*server.local_addrs() else { panic!("two addresses") };
    assert_eq!(file.to_string(), text);
    for end in [port, file] {
        let (probe, events) = Probe::new();
        let client = client(&service, probe).connect(end).unwrap();
        client.wait_connected(LIMIT).unwrap();
        client.handle().send("hello");
        assert_eq!(events.data(5), b"hello");
    }
}

fn one_acceptor_per_loop_shares_the_socket(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let server = builder(&service).acceptors(Acceptors::OnePerLoop);
    let server = server.listen(folder.socket()).unwrap();
    assert_eq!(server.local_addrs().len(), 1);
    let mut peers: Vec<_> = (0..64).map(|_| peer(&folder.socket())).collect();
    peers.iter_mut().for_each(|peer| exchange(peer, b"hello"));
    assert_eq!(server.metrics().begun, 64);
    server.stop().unwrap();
    assert!(folder.names().is_empty());
    server.start().unwrap();
    assert_served(&folder.socket());
}

fn a_listening_socket_is_adopted_and_its_file_left_alone(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let socket = UnixListener::bind(folder.socket()).unwrap();
    let server = builder(&service).listen_socket(socket).unwrap();
    assert_eq!(server.local_addr().path(), Some(&*folder.socket()));
    assert_served(&folder.socket());
    server.restart().unwrap();
    service.restart().unwrap();
    assert_served(&folder.socket());
    drop(server);
    service.stop().unwrap();
    assert_eq!(folder.names(), ["a.sock"]);
    let error = UnixStream::connect(folder.socket()).unwrap_err();
    assert_eq!(error.kind(), IoErrorKind::ConnectionRefused);
    let connected = UnixStream::pair().unwrap().0;
    let deaf = UnixListener::from(OwnedFd::from(connected));
    let service = design.service();
    assert_eq!(builder(&service).listen_socket(deaf).unwrap_err().kind(), ErrorKind::Io);
}

fn a_narrow_socket_loses_nothing(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let narrow = UnixOptions::default().send_buffer(4096);
    let server = builder(&service).unix_options(narrow.clone()).listen(folder.socket()).unwrap();
    let (probe, events) = Probe::new();
    let client = client(&service, probe).unix_options(narrow).connect(server.local_addr()).unwrap();
    client.wait_connected(LIMIT).unwrap();
    let data: Vec<u8> = (0..500_000_u32).map(|at| (at % 241) as u8).collect();
    for piece in data.chunks(10_000) {
        client.handle().send_within(piece, LIMIT).unwrap();
    }
    assert!(events.data(data.len()) == data);
}
